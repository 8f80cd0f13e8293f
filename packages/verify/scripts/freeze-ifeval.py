"""Makes responses that follow, nearly follow and break each prompt's instructions, and freezes the published verdicts."""

import gzip
import json
import random
import re
import sys
from collections import Counter
from types import SimpleNamespace

import langdetect
from ifeval_texts import ENGLISH, PASSAGES, SENTENCES
from lm_eval.tasks.ifeval import instructions_util, utils
from nltk.tokenize import word_tokenize

langdetect.DetectorFactory.seed = 0
LANGUAGE_KINDS = {"language:response_language", "change_case:english_capital", "change_case:english_lowercase"}


def fill(rng, words):
    """A text of about so many words."""
    parts, count = [], 0
    while count < words:
        parts.append(rng.choice(SENTENCES))
        count += len(re.findall(r"\w+", parts[-1]))
    return rng.choice([" ", " ", "\n"]).join(parts)


def threshold(relation, number, offset):
    return max(0, number - (relation == "less than") + offset)


def build(rng, row, offset, left_out):
    """One response; counts are off by `offset`, the instruction numbered `left_out` is ignored."""
    kinds = {
        kind: arguments
        for index, (kind, arguments) in enumerate(zip(row["kinds"], row["kwargs"]))
        if index != left_out
    }
    get = lambda kind: kinds.get(kind)
    text = ENGLISH if LANGUAGE_KINDS & set(kinds) else fill(rng, rng.choice([3, 12, 40, 90]))
    if a := get("language:response_language"):
        text = "\n".join([PASSAGES[a["language"] if rng.random() < 0.8 else rng.choice(sorted(PASSAGES))]] * rng.randint(1, 2))
    if a := get("length_constraints:number_words"):
        wanted = threshold(a["relation"], a["num_words"], offset)
        pieces = re.findall(r"\w+\W*", text + " " + fill(rng, wanted))
        text = "".join(pieces[:wanted])
    if a := get("length_constraints:number_sentences"):
        wanted = threshold(a["relation"], a["num_sentences"], offset)
        sentences = rng.choices(SENTENCES, k=wanted)
        while instructions_util.count_sentences(" ".join(sentences)) > wanted and len(sentences) > 1:
            sentences.pop(rng.randrange(len(sentences)))
        text = " ".join(sentences)
    if a := get("length_constraints:nth_paragraph_first_word"):
        pieces = [fill(rng, 8).replace("\n", " ") for _ in range(a["num_paragraphs"] + offset)]
        if len(pieces) >= a["nth_paragraph"]:
            first = rng.choice([a["first_word"], a["first_word"].capitalize(), '"' + a["first_word"] + ",", "x" + a["first_word"]])
            pieces[a["nth_paragraph"] - 1] = first + " " + pieces[a["nth_paragraph"] - 1]
        text = rng.choice(["\n\n", "\n\n", "\n\n\n\n"]).join(pieces)
    if a := get("length_constraints:number_paragraphs"):
        pieces = [fill(rng, 8) for _ in range(a["num_paragraphs"] + offset)]
        text = rng.choice(["\n***\n", "***", "\n\n*** \n"]).join(pieces) + rng.choice(["", "", "\n***"])
    if a := get("detectable_format:multiple_sections"):
        marks = [f"{a['section_spliter']}{rng.choice([' ', ' ', '', chr(10)])}{i + 1}" for i in range(a["num_sections"] + offset)]
        text = "\n".join(mark + rng.choice(["\n", ": ", " "]) + fill(rng, 5) for mark in marks)
    if a := get("detectable_format:number_bullet_lists"):
        mark = rng.choice(["* ", "- ", "  * ", "*", "\t- "])
        text += "\n" + "\n".join(mark + fill(rng, 3).split("\n")[0] for _ in range(max(0, a["num_bullets"] + offset)))
    if a := get("detectable_format:number_highlighted_sections"):
        for index in range(a["num_highlights"] + offset):
            text += " " + rng.choice(["*part {}*", "*part {}*", "**part {}**", "* *", "*part\n{}*", "***part {}***"]).format(index)
    if a := get("detectable_content:number_placeholders"):
        text += " ".join([""] + [rng.choice(["[name]", "[a b]", "[]", "[x[y]", "[na\nme]", "[1][2]"]) for _ in range(a["num_placeholders"] + offset)])
    for word in (get("keywords:existence") or {"keywords": []})["keywords"][max(0, -offset) :]:
        text += " " + rng.choice([word, word.upper(), word.title() + "s", "un" + word])
    if a := get("keywords:frequency"):
        text += (" " + rng.choice([a["keyword"], a["keyword"].upper() + "s"])) * threshold(a["relation"], a["frequency"], offset)
    if (a := get("keywords:forbidden_words")) and offset:
        word = rng.choice(a["forbidden_words"])
        text += rng.choice([" {}", " {}s", " x{}", "-{}-", " {}_", "({})"]).format(rng.choice([word, word.upper()]))
    if a := get("keywords:letter_frequency"):
        wanted = threshold(a["let_relation"], a["let_frequency"], offset)
        text = re.sub(re.escape(a["letter"]), "", text, flags=re.IGNORECASE)
        text += " " + "".join(rng.choice([a["letter"], a["letter"].upper()]) for _ in range(wanted))
    if a := get("change_case:capital_word_frequency"):
        wanted = threshold(a["capital_relation"], a["capital_frequency"], offset)
        text = text.lower() + " " + " ".join(rng.choice(["WORD", "U.S.", "CAN'T", "X-RAY", "I", "R2D2,"]) for _ in range(wanted))
    if "detectable_format:constrained_response" in kinds:
        text = rng.choice(["My answer is yes.", " My answer is maybe. ", "my answer is no.", "My answer is no"])
    if "detectable_format:title" in kinds:
        text = rng.choice(["<<A title>>", "<<a<b>>c>>", "<<>>", "<< >>", "<<a\nb>>", "<<<t>>>"]) + rng.choice(["\n", " "]) + text
    if a := get("detectable_content:postscript"):
        text += "\n" + rng.choice([a["postscript_marker"], a["postscript_marker"].replace(".", ". "), "p.s", "PS."]) + " Bye"
    if "combination:two_responses" in kinds:
        text = text + rng.choice(["******", "\n******\n", "*****", "******\n******"]) + rng.choice([text, fill(rng, 6)])
    if "detectable_format:json_format" in kinds:
        body = rng.choice([json.dumps({"text": text, "n": [1, 2.5, None]}), '{"a": NaN}', "[1,]", "'a'", '"Infinity', "3"])
        text = rng.choice(["{}", "```json\n{}\n```", "```\n{}```", "```JSON {}", "Here: {}"]).replace("{}", body)
    if "punctuation:no_comma" in kinds:
        text = text.replace(",", "") + ("," if offset else "")
    if a := get("startend:end_checker"):
        text += " " + rng.choice([a["end_phrase"], a["end_phrase"].upper() + '"\n', a["end_phrase"] + " Bye.", a["end_phrase"][:-1]])
    if a := get("combination:repeat_prompt"):
        request = a["prompt_to_repeat"]
        text = rng.choice([request, " " + request.upper(), request[:-1], "So: " + request]) + "\n\n" + text
    if "change_case:english_capital" in kinds:
        text = text.upper() + ("x" if offset else "")
    if "change_case:english_lowercase" in kinds:
        text = text.lower() + ("X" if offset else "")
    if "startend:quotation" in kinds:
        text = '"' + text + rng.choice(['"', '" ', '"', "'", '".'])
    return text


def mutate(rng, text):
    """A few edits where the checks look closely."""
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(text) + 1)
        extra = rng.choice(["", "\n", "\n\n", " ", "\u00a0", "\x1c", "\u2028", "*", "**", "***", ",", '"', ". ", ".", "!", "[", "]", "X", "\r\n", "\ufeff", "-", "<<", ">>", "\u0130", "\u017f", "\u212a", "\U0001f600", "\u0301"])
        text = text[:at] + extra + text[at + rng.choice([0, 0, 1, 3]) :]
    return text


def responses(rng, row):
    good = build(rng, row, 0, None)
    yield good
    yield build(rng, row, -1, None)
    yield build(rng, row, 1, None)
    yield build(rng, row, 0, rng.randrange(len(row["kinds"])))
    yield "Sure, here it is:\n" + good + "\nI hope this helps!"
    yield "**" + good.replace("\n", "**\n**") + "**\nDone."
    yield mutate(rng, good)
    yield rng.choice(["", " \n", "123 456", "...", mutate(rng, fill(rng, 15)), rng.choice(list(PASSAGES.values()))])


def variants(text):
    """The texts that the loose verdict looks at, each once."""
    lines = text.split("\n")
    kept = [text] + ["\n".join(part).strip() for part in (lines[1:], lines[:-1], lines[1:-1])]
    return list(dict.fromkeys(kept + [part.replace("*", "") for part in kept]))


def language(text):
    try:
        return langdetect.detect(text)
    except langdetect.LangDetectException:
        return None


def judged(row, text):
    question = SimpleNamespace(prompt="", instruction_id_list=row["kinds"], kwargs=row["kwargs"])
    strict = utils.test_instruction_following_strict(question, text).follow_instruction_list
    loose = utils.test_instruction_following_loose(question, text).follow_instruction_list
    # For a letter that is none, the reference draws one at random: no verdict.
    drawn = [not a.get("letter", "a").isalpha() for a in row["kwargs"]]
    result = {
        "text": text,
        "strict": [None if skip else value for skip, value in zip(drawn, strict)],
        "loose": [None if skip else value for skip, value in zip(drawn, loose)],
        "counts": [
            instructions_util.count_words(text),
            instructions_util.count_sentences(text),
            sum(word.isupper() for word in word_tokenize(text)),
        ],
    }
    if LANGUAGE_KINDS & set(row["kinds"]):
        result["languages"] = {part: language(part) for part in variants(text) if part.strip()}
        result["languages"] = list(result["languages"].values())
    return result


def main(data, folder):
    tally = Counter()
    lines = []
    for line in open(data, encoding="utf-8"):
        row = json.loads(line)
        rng = random.Random(row["key"])
        row["kinds"] = [kind.removeprefix("en:") for kind in row["instruction_id_list"]]
        for arguments in row["kwargs"]:
            if "prompt_to_repeat" in arguments:
                # The set's own texts stay out of the fixture: only what a check can depend on is frozen.
                arguments["prompt_to_repeat"] = f"Write {row['key'] % 9 + 2} lines about trees. Don't stop, please!"
        judgements = [judged(row, text) for text in responses(rng, row)]
        for judgement in judgements:
            for kind, value in zip(row["kinds"], judgement["strict"]):
                tally[kind, value] += 1
        instructions = [{"id": i, "arguments": a} for i, a in zip(row["instruction_id_list"], row["kwargs"])]
        lines.append(json.dumps({"key": row["key"], "instructions": instructions, "responses": judgements}, ensure_ascii=False))
    with open(f"{folder}/ifeval-verdicts.jsonl.gz", "wb") as file:
        file.write(gzip.compress(("\n".join(lines) + "\n").encode(), 9, mtime=0))
    for kind in sorted({kind for kind, _ in tally}):
        print(f"{kind:45} followed {tally[kind, True]:4} broken {tally[kind, False]:4}")


main(*sys.argv[1:])
