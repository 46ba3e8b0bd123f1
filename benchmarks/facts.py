"""Processor, memory, system and versions of this machine.

Nothing in it names the host.
"""

import functools
import importlib.metadata
import os
import platform
from pathlib import Path

import psutil

LIBRARIES = (
    "keras", "jax", "tensorflow-cpu", "tensorflow", "keras-tuner", "optuna",
    "autokeras", "mlflow", "scikit-learn", "numpy",
)  # fmt: skip


@functools.cache
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
