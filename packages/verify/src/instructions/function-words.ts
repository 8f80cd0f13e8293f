/** Knows Swahili and Nepali by their commonest words, for an identifier that has tables for neither. */

interface FunctionWords {
  readonly language: string;
  readonly own: ReadonlySet<string>;
  /** Words of the languages it would be taken for; there must be fewer of them. */
  readonly others: ReadonlySet<string>;
}

const wordsOf = (list: string): ReadonlySet<string> => new Set(list.split(" "));

const known: readonly FunctionWords[] = [
  {
    language: "sw",
    own: wordsOf(
      "ya wa na kwa ni katika cha vya hii hiyo huo hizi kama pia sana lakini kuwa yake wake yangu wangu yetu wetu " +
        "watu mtu siku leo wakati hivyo baada kabla ambao ambayo kila zaidi huko hapa kisha mimi yeye wao sisi " +
        "alikuwa ilikuwa nilikuwa walikuwa nyumbani kutoka hadi bila ndani juu kwamba au ili hata hakuna",
    ),
    // What shares `na`, `wa`, `au` or `ni` with it: Tagalog, Slavic languages, French, Yoruba, English.
    others: wordsOf(
      "ang ng sa mga ay si je se u i w nie się że do la le les et est un une ti ati awọn the of and to is in a",
    ),
  },
  {
    language: "ne",
    own: wordsOf(
      "छ छन् छु छौं र हो हुन् थियो थिए भयो भए पनि लागि यो त्यो मैले हामी हामीले तपाईं तपाईंको उनी उनले उसले गर्न गर्नु गर्छ " +
        "गरे गरेको भएको रहेको हुन्छ हुने सक्छ त्यहाँ यहाँ भने तर अनि आफ्नो मेरो हाम्रो धेरै सबै गएँ गयो गरी गर्दै साथै जसले अब",
    ),
    others: wordsOf(
      "है हैं के में का की और से को ने पर था थी थे यह वह कि नहीं हो मैं आहे आहेत आणि मी तो ती हे होते होता होती या व नाही",
    ),
  },
];

/** In running text every tenth word and more is of the list. */
const leastShare = 0.1;
const leastDistinct = 3;

/** `sw`, `ne`, or undefined for any other language; wants a text in lower case. */
export function languageByFunctionWords(text: string): string | undefined {
  const words = text.match(/[\p{L}\p{M}]+/gu) ?? [];
  return known.find(({ own, others }) => {
    const hits = words.filter((word) => own.has(word));
    const against = words.filter((word) => others.has(word)).length;
    return (
      new Set(hits).size >= leastDistinct && hits.length >= leastShare * words.length && hits.length > against
    );
  })?.language;
}
