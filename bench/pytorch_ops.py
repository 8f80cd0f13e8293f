"""What PyTorch takes from Python: microseconds a small op, in and out of autograd, and GEMM rates.

The floor that the binding is held against, on the same machine and the same LibTorch. Prints one JSON object
with the fields of `OperatorMeasurement` in `bench/measurement.ts`; `bench/ours-ops.ts` measures the same names.
"""

import argparse
import json
import platform
import time

import torch

# [rows, inner, columns]: the square of the design's figures, then the shapes a model's layers have.
GEMM_SHAPES = {
    "square 2048": (2048, 2048, 2048),
    "3m feed-forward": (4096, 256, 688),
    "135m feed-forward": (2048, 576, 1536),
    "135m head": (1024, 576, 49152),
    "135m decode 32": (32, 576, 1536),
}


def best_microseconds(work, calls, rounds=15):
    """The least over the rounds: a shared machine only ever adds to it."""
    best = float("inf")
    for _ in range(rounds):
        started = time.perf_counter()
        work(calls)
        best = min(best, time.perf_counter() - started)
    return best / calls * 1e6


def small_ops(calls):
    x, y = torch.randn(10), torch.randn(10)
    a, b = torch.randn(8, 8), torch.randn(8, 8)
    p, q = torch.randn(10, requires_grad=True), torch.randn(10)

    def add(n):
        for _ in range(n):
            x.add(y)

    def multiply_scalar(n):
        for _ in range(n):
            x.mul(2.0)

    def matmul(n):
        for _ in range(n):
            a.matmul(b)

    def view(n):
        for _ in range(n):
            a.view(64)

    def add_in_place(n):
        for _ in range(n):
            x.add_(y)

    def add_recorded(n):
        for _ in range(n):
            p.add(q)

    def forward_backward(n):
        for _ in range(n):
            p.grad = None
            p.mul(q).sum().backward()

    plain = {
        "add": add,
        "multiply by a number": multiply_scalar,
        "matmul 8x8": matmul,
        "view": view,
        "add in place": add_in_place,
    }
    recorded = {"add, recorded": add_recorded, "multiply, sum, backward": forward_backward}
    with torch.no_grad():
        result = {name: best_microseconds(work, calls) for name, work in plain.items()}
    return result | {name: best_microseconds(work, calls) for name, work in recorded.items()}


def gemm_rates(seconds):
    """GFLOP/s; the best of as many products as fit into `seconds`, for each dtype and shape."""
    rates = {}
    with torch.no_grad():
        for dtype in (torch.float32, torch.bfloat16):
            for name, (rows, inner, columns) in GEMM_SHAPES.items():
                left, right = torch.randn(rows, inner, dtype=dtype), torch.randn(inner, columns, dtype=dtype)
                left.matmul(right)
                best, deadline = float("inf"), time.perf_counter() + seconds
                while time.perf_counter() < deadline:
                    started = time.perf_counter()
                    left.matmul(right)
                    best = min(best, time.perf_counter() - started)
                rates[f"{name} {str(dtype).removeprefix('torch.')}"] = 2e-9 * rows * inner * columns / best
    return rates


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=20_000)
    parser.add_argument("--gemm-seconds", type=float, default=1.0, help="for each shape and dtype")
    options = parser.parse_args()
    print(
        json.dumps(
            {
                "implementation": "PyTorch from Python",
                "versions": {"torch": torch.__version__, "python": platform.python_version()},
                "threads": torch.get_num_threads(),
                "smallOpMicroseconds": small_ops(options.calls),
                "gemmGigaflops": gemm_rates(options.gemm_seconds),
            }
        )
    )


if __name__ == "__main__":
    main()
