"""The machine: what it is, and its peak of matrix products.

.venv/bin/python benchmarks/machine.py
"""

import time
from dataclasses import dataclass

import numpy as np
from facts import facts
from work import Lines

SIDE, SECONDS = 2048, 3.0


@dataclass(frozen=True)
class Nothing:
    """The machine has no settings."""


def measure(size: str) -> None:
    """Store the machine's peak, once."""
    lines = Lines(size, "machine", Nothing())
    if not lines.all():
        lines.add("machine", gflops=matmul_gflops())


def matmul_gflops() -> float:
    """Return the best rate of float32 matrix products by NumPy, all cores, in 1e9/s."""
    rng = np.random.default_rng(0)
    a, b = rng.random((2, SIDE, SIDE), dtype=np.float32)
    product = a @ b  # starts the threads
    best, end = float("inf"), time.perf_counter() + SECONDS
    while time.perf_counter() < end:
        begin = time.perf_counter()
        np.matmul(a, b, out=product)
        best = min(best, time.perf_counter() - begin)
    return 2 * SIDE**3 / best / 1e9


if __name__ == "__main__":
    print(facts())
    print(f"{matmul_gflops():.0f} GFLOP/s of float32 matrix products, all cores")
