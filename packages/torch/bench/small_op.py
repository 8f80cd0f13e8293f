"""Times small operators and matrix products through PyTorch; prints one JSON object. The peer is small-op.ts."""
import json
import time

import torch

ROUNDS, BATCH = 7, 20_000
# Loops spelled out, so that no call of a Python function is charged to the operator.
LOOP = "def loop(x):\n for _ in range({batch}): {call}\n"
CASES = {
    "add(x, x)": "add(x, x)",
    "x.add(x)": "x.add(x)",
    "mul(x, x)": "mul(x, x)",
    "neg(x)": "neg(x)",
    "sum(x)": "sum(x)",
    "narrow(x, 0, 1, 3)": "narrow(x, 0, 1, 3)",
    "select(x, 0, 1)": "select(x, 0, 1)",
}
NAMES = {name: getattr(torch, name) for name in ("add", "mul", "neg", "sum", "narrow", "select")}


def time_small(call, x):
    """Microseconds of processor time a call."""
    space = dict(NAMES)
    exec(LOOP.format(batch=BATCH, call=call), space)
    space["loop"](x)
    times = []
    for _ in range(ROUNDS):
        start = time.process_time()
        space["loop"](x)
        times.append((time.process_time() - start) / BATCH * 1e6)
    return sorted(times)[ROUNDS // 2]


def time_product(size, dtype):
    """GFLOP/s of a square product by wall clock on all threads; the best of several."""
    left, right = torch.randn(size, size).to(dtype), torch.randn(size, size).to(dtype)
    best = float("inf")
    for _ in range(20):
        start = time.perf_counter()
        left.mm(right)
        best = min(best, time.perf_counter() - start)
    return 2 * size**3 / best / 1e9


x = torch.arange(1.0, 11.0)
leaf = x.clone().requires_grad_()
threads = torch.get_num_threads()
torch.set_num_threads(1)
results = {}
with torch.no_grad():
    for name, call in CASES.items():
        results[name] = time_small(call, x)
for name, call in CASES.items():
    results[f"{name}, recorded"] = time_small(call, leaf)
torch.set_num_threads(threads)
with torch.no_grad():
    for dtype in (torch.float32, torch.bfloat16):
        results[f"mm 2048³ {str(dtype).removeprefix('torch.')}"] = time_product(2048, dtype)
print(json.dumps(results, ensure_ascii=False))
