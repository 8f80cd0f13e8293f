"""Judges pairs with Math-Verify in one process: JSON lines {gold, prediction} in, verdicts and the time out.

python judge.py <mode> < pairs.jsonl > verdicts.json

Modes: "shipped" (parse both sides and compare, its timeouts on, as its README does it), "fast"
(timeouts off), "fastest" (timeouts off, golds parsed outside the clock). Golds stand in $...$; measured on the
generated suites, \\boxed{} around them gives the same verdicts.
"""

import json
import logging
import sys
import time

from math_verify import parse, verify

logging.disable(logging.CRITICAL)


def main():
    mode = sys.argv[1]
    pairs = [json.loads(line) for line in sys.stdin if line.strip()]
    timeouts = {"shipped": True, "fast": False, "fastest": False}[mode]
    parsing = {} if timeouts else {"parsing_timeout": None}
    comparing = {} if timeouts else {"timeout_seconds": None}
    # The first call loads the grammar; every mode is measured warm.
    verify(parse("$\\frac{1}{2}$", **parsing), parse("\\boxed{0.5}", **parsing), **comparing)
    golds = [parse(f"${pair['gold']}$", **parsing) for pair in pairs] if mode == "fastest" else None
    verdicts, pair_seconds = [], []
    begin, processor_begin = time.perf_counter(), time.process_time()
    for index, pair in enumerate(pairs):
        pair_begin = time.perf_counter()
        try:
            gold = golds[index] if golds else parse(f"${pair['gold']}$", **parsing)
            prediction = parse(pair["prediction"], **parsing)
            if not gold:
                verdicts.append("error")
            elif not prediction:
                verdicts.append("unparsed")
            else:
                verdicts.append("correct" if verify(gold, prediction, **comparing) else "wrong")
        except Exception as error:  # what it raises is part of what is measured
            verdicts.append("error")
            print(f"{pair}: {error!r}"[:300], file=sys.stderr)
        pair_seconds.append(time.perf_counter() - pair_begin)
    seconds, processor_seconds = time.perf_counter() - begin, time.process_time() - processor_begin
    times = {"seconds": seconds, "processorSeconds": processor_seconds, "pairSeconds": pair_seconds}
    json.dump({**times, "verdicts": verdicts}, sys.stdout)


main()
