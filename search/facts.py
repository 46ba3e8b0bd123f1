"""Versions and machine, recorded with everything that may have to be repeated."""

import os
import platform
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PACKAGES = (
    "tunefold",
    "keras",
    "jax",
    "jaxlib",
    "tensorflow-cpu",
    "tensorflow",
    "optuna",
    "mlflow",
    "scikit-learn",
    "numpy",
)


def gather_facts(backend: str) -> dict[str, str]:
    """Return what a score's last digits depend on, under the names of its tags.

    Nothing is imported for it. Equal facts are no promise of equal bits, but where
    bits differ, one of these usually does.
    """
    facts = {
        "backend": backend,
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "processor": _processor(),
        "training cores per fold": "1" if hasattr(os, "sched_getaffinity") else "all",
    }
    for package in PACKAGES:
        try:
            facts[package] = version(package)
        except PackageNotFoundError:
            continue
    return facts


def differing_facts(then: dict[str, str], now: dict[str, str]) -> list[str]:
    """Return one line for each fact that is not as it was.

    Example:
        >>> differing_facts({"keras": "3.15.0"}, {"keras": "3.15.1"})
        ['keras was 3.15.0, is 3.15.1']
    """
    return [
        f"{name} was {then.get(name, 'absent')}, is {now.get(name, 'absent')}"
        for name in sorted({*then, *now})
        if then.get(name) != now.get(name)
    ]


def _processor() -> str:
    if sys.platform == "linux":
        try:
            lines = Path("/proc/cpuinfo").read_text().splitlines()
        except OSError:
            lines = []
        for line in lines:
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
