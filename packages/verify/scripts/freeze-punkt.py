"""Writes what Punkt's decisions depend on of NLTK's English model, as punkt-model.ts reads it."""

import sys
import textwrap

from nltk.tokenize.punkt import PunktTokenizer

BEGINS_UPPER, INSIDE_UPPER, SOMEWHERE_UPPER = 2, 4, 8
BEGINS_LOWER, INSIDE_LOWER, SOMEWHERE_LOWER = 16, 32, 64
UPPER = BEGINS_UPPER | INSIDE_UPPER | SOMEWHERE_UPPER
LOWER = BEGINS_LOWER | INSIDE_LOWER | SOMEWHERE_LOWER


def main(path):
    model = PunktTokenizer("english")._params
    contexts = {word: flags for word, flags in model.ortho_context.items() if flags & LOWER}
    inside = {word for word, flags in contexts.items() if flags & INSIDE_UPPER}
    lower_only = {word for word, flags in contexts.items() if flags & BEGINS_LOWER and not flags & UPPER}
    sections = {
        "abbreviations": model.abbrev_types,
        "collocations": {f"{first} {second}" for first, second in model.collocations},
        "sentence-starters": model.sent_starters,
        "lower-case": set(contexts) - inside - lower_only,
        "lower-case-and-capitalised-inside": inside,
        "begins-lower-case-only": lower_only,
    }
    with open(path, "w", encoding="utf-8") as file:
        for name, words in sections.items():
            assert not any("_" in word or "\n" in word or word.startswith("[") for word in words), name
            entries = " ".join(sorted(word.replace(" ", "_") for word in words))
            lines = textwrap.wrap(entries, 110, break_long_words=False, break_on_hyphens=False)
            file.write("\n".join([f"[{name}]", *lines]) + "\n")


main(sys.argv[1])
