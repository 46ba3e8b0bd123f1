"""The command is quick because it loads nothing slow."""

import subprocess
import sys
import time
from pathlib import Path

SLOW = [
    "autokeras", "jax", "keras", "keras_tuner", "matplotlib", "mlflow", "optuna",
    "pandas", "plotly", "scipy", "sklearn", "tensorflow",
]  # fmt: skip


def run_python(code):
    return subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    ).stdout


def test_importing_the_command_loads_nothing_slow():
    loaded = run_python("import sys, search.cli; print(*sys.modules)").split()
    assert not set(SLOW).intersection(loaded)


def test_what_draws_is_loaded_when_it_draws():
    code = (
        "import sys, search.tracking, search.figures.registry, search.report.page\n"
        "print(*sys.modules)"
    )
    drawing = {"jinja2", "matplotlib", "optuna", "plotly", "sklearn"}
    assert not drawing.intersection(run_python(code).split())


def test_spaces_need_the_standard_library_only():
    code = (
        "import pkgutil, importlib, sys, spaces\n"
        "for module in pkgutil.iter_modules(spaces.__path__, 'spaces.'):\n"
        "    importlib.import_module(module.name)\n"
        "print(*{name.partition('.')[0] for name in sys.modules})"
    )
    added = set(run_python(code).split()) - set(
        run_python("import sys; print(*sys.modules)").split()
    )
    assert added - set(sys.stdlib_module_names) == {"spaces"}


def test_help_answers_quickly():
    command = Path(sys.executable).with_name("tunefold")
    seconds = []
    for _ in range(3):  # the quickest counts: other processes may be busy
        start = time.perf_counter()
        done = subprocess.run(
            [command, "--help"], check=True, capture_output=True, text=True
        )
        seconds.append(time.perf_counter() - start)
    assert "search" in done.stdout
    assert min(seconds) < 1.0  # half a second on an idle machine
