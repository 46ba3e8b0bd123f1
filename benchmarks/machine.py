"""The machine: processor, memory, versions, and its peak of matrix products.

Nothing in it names the host.

    .venv/bin/python benchmarks/machine.py
"""

import importlib.metadata
import os
import platform
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psutil
from work import Lines

LIBRARIES = (
    "keras", "jax", "tensorflow-cpu", "tensorflow", "keras-tuner", "optuna",
    "autokeras", "mlflow", "scikit-learn", "numpy",
)  # fmt: skip
SIDE, SECONDS = 2048, 3.0


@dataclass(frozen=True)
class Nothing:
    """The machine has no settings."""


def measure(size: str) -> None:
    """Store the machine's facts, once."""
    lines = Lines(size, "machine", Nothing())
    if not lines.all():
        lines.add("machine", facts=facts(), gflops=matmul_gflops())


def facts() -> str:
    """Describe processor, memory, system and versions; nothing that names the host."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None
    memory = psutil.virtual_memory().total / 2**30
    versions = []
    for name in LIBRARIES:
        try:
            versions.append(f"{name} {importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            continue
    return (
        f"{_processor()}, {cores or os.cpu_count()} cores, {memory:.0f} GiB, "
        f"{_system()}, Python {platform.python_version()}; {', '.join(versions)}"
    )


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


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(
            line.partition(":")[2].strip()
            for line in lines
            if line.startswith("model name")
        )
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def _system() -> str:
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except OSError:
        return f"{platform.system()} {platform.release()}"


if __name__ == "__main__":
    print(facts())
    print(f"{matmul_gflops():.0f} GFLOP/s of float32 matrix products, all cores")
