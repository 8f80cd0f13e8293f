#!/usr/bin/env bash
# Freezes the verdicts of IFEval's published checks on made-up responses, and the sentence model they rest on.
#
#   freeze-ifeval.sh <IFEval's English JSONL> [folder for the virtual environment]
#
# The reference is the code of Google's instruction checks as lm-evaluation-harness carries it, on NLTK 3.9.1 with the
# `punkt_tab` data that llama-index-core ships. Writes src/instructions/punkt-english.txt and
# src/instructions/fixtures/*.gz; the same versions write the same bytes.
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
data="$(realpath "${1:?which JSONL file holds the prompts?}")"
work="${2:-$here/../../../.venvs/ifeval}"

mkdir -p "$work" && work="$(realpath "$work")"
[ -x "$work/venv/bin/python" ] || python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet nltk==3.9.1 langdetect==1.0.9 immutabledict==4.3.1 packaging
if [ ! -d "$work/packages" ]; then
  "$work/venv/bin/pip" download --quiet --no-deps --dest "$work/wheels" lm-eval==0.4.13 llama-index-core==0.14.25
  "$work/venv/bin/python" - "$work" <<'PYTHON'
import sys, zipfile
from pathlib import Path

work = Path(sys.argv[1])
for wheel in (work / "wheels").glob("*.whl"):
    with zipfile.ZipFile(wheel) as archive:
        wanted = [n for n in archive.namelist() if "tasks/ifeval/" in n or "/punkt_tab/english/" in n]
        archive.extractall(work / "packages", wanted)
PYTHON
fi
export NLTK_DATA="$work/packages/llama_index/core/_static/nltk_cache"
export PYTHONPATH="$work/packages" PYTHONHASHSEED=0
"$work/venv/bin/python" "$here/freeze-punkt.py" "$here/../src/instructions/punkt-english.txt"
"$work/venv/bin/python" "$here/freeze-ifeval.py" "$data" "$here/../src/instructions/fixtures"
"$work/venv/bin/python" "$here/freeze-ifeval-soup.py" "$here/../src/instructions/fixtures"
