"""Exported scripts: points to export, parts to run, what they import."""

import ast
import os
import random
import re
import subprocess
import sys

from pipelines.part import digest
from pipelines.registry import get_pipeline
from search.final import FinalJob, run_final
from search.script.export import export
from search.seeding import derive_seed

GUARD = """
import sys


class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("search", "pipelines", "spaces", "tunefold"):
            raise ImportError(f"{name} was imported")


sys.meta_path.insert(0, Refuse())
"""
NEEDED = {"keras", "numpy", "sklearn", "scipy"}  # scikit-learn brings SciPy


def points(space, n, seed=0):
    """Return the point a space begins with and some drawn ones."""
    rng = random.Random(seed)
    return [space.initial(), *(space.sample(rng) for _ in range(n))]


def code_of(recorded, *titles, api="functional"):
    """Return the code of these parts of a script, behind its imports."""
    sections = {each.title: each.code for each in export(recorded, api=api).sections}
    _, imports = sections.pop("Environment").split("sched_getaffinity(0))})\n")
    return "\n".join(["import os", imports, *(sections[title] for title in titles)])


def check(scripts, folder, also=()):
    """Each script compiles, imports what it may, and is as a formatter leaves it."""
    for number, script in enumerate(scripts):
        others = imported(script) - NEEDED - {*also} - set(sys.stdlib_module_names)
        assert not others
        (folder / f"s{number}.py").write_text(script, "utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "ruff", "format", "--diff", "--isolated", folder],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def run(code, **given):
    """Run code and return its names."""
    names = dict(given)
    exec(compile(code, "script", "exec"), names)
    return names


def rerun_predictions(recorded):
    """Return what a trial's network, trained as by a rerun, says of the test rows."""
    settings, trial = recorded.study.settings, recorded.trial
    pipeline = get_pipeline(settings.pipeline)
    return run_final(
        FinalJob(
            pipeline=settings.pipeline,
            train_digest=settings.data_digest,
            test_digest=digest(pipeline.load("test")),
            params=trial.params,
            epochs=trial.epoch,
            horizon=trial.epochs,
            seed=derive_seed(settings.seed, 0, "rerun"),
            metrics=settings.metrics,
            backend=settings.backend,
            keep_model=False,
        )
    ).predictions


def imported(source):
    """Return the packages that code imports."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        if isinstance(node, ast.ImportFrom):
            found.add(node.module.partition(".")[0])
    return found


def guard_of(folder):
    """Return a folder that, as PYTHONPATH, makes Python refuse tunefold's packages."""
    (guard := folder / "guard").mkdir(exist_ok=True)
    (guard / "sitecustomize.py").write_text(GUARD)
    return guard


def printed_scores(script, folder):
    """Run a script without tunefold and return the test scores it prints."""
    done = subprocess.run(
        [sys.executable, script],
        cwd=folder,
        env=os.environ | {"KERAS_BACKEND": "", "PYTHONPATH": str(guard_of(folder))},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return scores_of(done.stdout)


def scores_of(text):
    """Return the test scores as they were printed."""
    return dict(re.findall(r"^test (\w+) ([\d.,]+)", text, re.MULTILINE))


def written_scores(report):
    """Return a rerun's test scores as a script prints them."""
    return {name: f"{score['mean']:.4f}" for name, score in report["metrics"].items()}
