import os
import platform
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from search.facts import differing_facts, gather_facts


def test_versions_and_machine_are_told_in_words():
    facts = gather_facts("jax")
    assert facts["backend"] == "jax"
    assert facts["python"] == platform.python_version()
    for package in ("tunefold", "keras", "jax", "optuna", "mlflow", "numpy"):
        assert facts[package] == version(package)
    assert facts["system"].startswith(platform.system())
    assert all(isinstance(value, str) and value for value in facts.values())
    pinned = hasattr(os, "sched_getaffinity")
    assert facts["training cores per fold"] == ("1" if pinned else "all")


@pytest.mark.skipif(sys.platform != "linux", reason="where Linux says it")
def test_the_processor_is_told_by_its_name():
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    names = {line.split(": ")[1] for line in lines if line.startswith("model name")}
    processor = gather_facts("jax")["processor"]
    assert processor in names or not names  # ARM has none


def test_a_package_that_is_not_here_is_left_out(monkeypatch):
    monkeypatch.setattr("search.facts.PACKAGES", ("keras", "no-such-package"))
    facts = gather_facts("jax")
    assert "keras" in facts
    assert "no-such-package" not in facts


def test_nothing_is_imported_for_it():
    code = (
        "import sys; from search.facts import gather_facts; gather_facts('jax');"
        "print([m for m in ('keras', 'jax', 'mlflow', 'numpy') if m in sys.modules])"
    )
    root = Path(__file__).parents[2]
    out = subprocess.check_output([sys.executable, "-c", code], cwd=root, text=True)
    assert out == "[]\n"


def test_facts_that_differ_one_line_each():
    then = {"keras": "3.15.0", "jax": "0.10.2", "tensorflow": "2.21.0", "same": "x"}
    now = {"keras": "3.15.1", "jax": "0.10.2", "optuna": "5.0.0", "same": "x"}
    assert differing_facts(then, now) == [
        "keras was 3.15.0, is 3.15.1",
        "optuna was absent, is 5.0.0",
        "tensorflow was 2.21.0, is absent",
    ]
    assert differing_facts(now, now) == []
