"""Freezes published verdicts and NLTK's tokens on texts drawn from the few characters that each rule turns on."""

import gzip
import json
import random
import sys
from types import SimpleNamespace

from ifeval_texts import SENTENCES
from lm_eval.tasks.ifeval import utils
from nltk.tokenize import sent_tokenize, word_tokenize

rng = random.Random(1)
some = lambda *choices: rng.choice(choices)
number = lambda: rng.randint(1, 3)
relation = lambda: some("at least", "less than")


def nth_paragraph():
    count = number()
    return {"num_paragraphs": count, "nth_paragraph": rng.randint(1, count), "first_word": some("a", "aa")}


# By instruction: the characters of its texts, and its arguments.
SOUPS = {
    "detectable_format:number_bullet_lists": ("*-a \n\t\x0b\x1c\u2028\r", lambda: {"num_bullets": number()}),
    "detectable_format:number_highlighted_sections": ("**a \n\u00a0_", lambda: {"num_highlights": number()}),
    "detectable_format:multiple_sections": ("SD1\u0663 \n", lambda: {"section_spliter": some("S", "SD", "DD"), "num_sections": number()}),
    "detectable_format:title": ("<<>>a \n\r", lambda: {}),
    "detectable_content:number_placeholders": ("[]a\n\r", lambda: {"num_placeholders": number()}),
    "detectable_content:postscript": ("pp..sSP\u00a0\x85\n", lambda: {"postscript_marker": some("P.S.", "P.P.S")}),
    "combination:two_responses": (["******", "*", "a", " ", "\n", "b"], lambda: {}),
    "combination:repeat_prompt": ("abAB \n", lambda: {"prompt_to_repeat": some("a b", "ab", "b")}),
    "length_constraints:number_paragraphs": ("***a \n\x1d", lambda: {"num_paragraphs": number()}),
    "length_constraints:nth_paragraph_first_word": ("aa\n\n\n'\". ,\u0130", nth_paragraph),
    "length_constraints:number_words": ("a _'\u00e9\u0301\u00bd\u0663\u65e5-\U0001f600", lambda: {"num_words": number(), "relation": relation()}),
    "keywords:forbidden_words": ("aKkK\u212a\u017fs_ -\u00e9\u0301\u0130\u0131", lambda: {"forbidden_words": rng.sample(["ak", "sa", "\u00e9", "-a", "k", "i"], 2)}),
    "keywords:existence": ("aKk\u212a\u017fs_ -\u00e9E\u00c9\u0131\u03c3\u03c2\u03a3", lambda: {"keywords": rng.sample(["ak", "sa", "\u00e9", "\u03c3", "k", "i"], 2)}),
    "keywords:frequency": ("aAKk\u212a\u017fs ", lambda: {"keyword": some("a", "aa", "ak", "s"), "frequency": number(), "relation": relation()}),
    "keywords:letter_frequency": ("aAKk\u212a\u0130i\u0131\u017fs ", lambda: {"letter": some(*"aAkKis"), "let_frequency": number(), "let_relation": relation()}),
    "startend:quotation": ('""a \n', lambda: {}),
    "startend:end_checker": ('"ab \n\u00a0', lambda: {"end_phrase": some("a b", 'ab"', "b", " a")}),
    "detectable_format:json_format": (['"a"', "1", "-1.5e3", "NaN", "-Infinity", "null", "[", "]", "{}", '{"a":1}', ",", ":", '"', "\\", "```", "```json\n", "\n", " ", "0"], lambda: {}),
}

SENTENCE_PARTS = """. |.|..|...|. . .|? |!|?!|"|'|”|“|''|``|(|)|[|]|<<|>>|--|-|,|, |:|;|*| |  |Mr.|Mr. |Dr. |U.S.|U.S. |e.g. |J. |No. 5
3.14|$5.00 |5. |12. |Inc. |The |the |He |he |It |However|sales|SALES |NASA |I |a |don't|CAN'T |'tis |'Twas |cannot |gonna |WANNA
gimme|d'ye |more'n |it's |IT'S |Smith |É|ß|日本|。|😀|İ|ſ|½|٣|_|#|%|http://a.b/c.d?e=f|U.S.-based |p.m. |A.M. |etc. |Ph.D. |B|b
b. Smith|J. Aron|7. Business |7. Who |'n|’s|‘|—|«|»|I.|-5.|-3,4.|.5|).|." |.' |.) |MID-|ΟΔΟΣ |Dž""".replace("\n", "|").split("|")
SENTENCE_PARTS += ["\n", "\n\n", "\t", "\u00a0", "\u2003", "\x1c", "\u0085", "\ufeff", "\r\n", "\x0b", "\u2028"]


def soup(parts, longest):
    return "".join(rng.choice(parts) for _ in range(rng.randint(1, longest)))


def verdict(kind, parts, arguments):
    text = soup(parts, some(4, 10, 25))
    if kind.endswith("json_format") and rng.random() < 0.5:
        text = some("```", "```json\n", "") + "[" + some("NaN", '"\\"NaN"', "[-Infinity]", "{}") + "," + some("1", "]", '"a"') + "]" + some("", "```")
    row = SimpleNamespace(prompt="", instruction_id_list=[kind], kwargs=[arguments])
    strict = utils.test_instruction_following_strict(row, text).follow_all_instructions
    loose = utils.test_instruction_following_loose(row, text).follow_all_instructions
    return {"id": kind, "arguments": arguments, "text": text, "strict": strict, "loose": loose}


def tokens():
    text = soup(SENTENCE_PARTS, some(4, 12, 40))
    if rng.random() < 0.2:
        text += " ".join(rng.choices(SENTENCES, k=5))
    return {"text": text, "sentences": sent_tokenize(text), "words": word_tokenize(text)}


def main(folder):
    rows = [verdict(kind, parts, make()) for kind, (parts, make) in SOUPS.items() for _ in range(250)]
    rows += [tokens() for _ in range(2500)]
    lines = "\n".join(json.dumps(row, ensure_ascii=False) for row in rows) + "\n"
    with open(f"{folder}/ifeval-soup.jsonl.gz", "wb") as file:
        file.write(gzip.compress(lines.encode("utf-8"), 9, mtime=0))


main(*sys.argv[1:])
