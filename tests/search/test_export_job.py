"""The real command: what it exports repeats the rerun, and the study, without it."""

import json
import os
from pathlib import Path

import nbformat
import pytest
from real_command import SMALL, Recorded, refused, tunefold

from scripts import guard_of, imported, printed_scores, scores_of, written_scores
from search.homework.execution import run_cells

pytestmark = pytest.mark.slow

OWN_PATH = os.environ.get("PYTHONPATH", "")  # before a test changes it
WORDS = ["--cv", "holdout:0.3", "--trials", 2, "--epochs", 3, "--workers", 1, *SMALL]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with a study and a rerun of its best trial."""
    folder = tmp_path_factory.mktemp("export")
    tunefold("search", "digits", "--name", "a", *WORDS, cwd=folder)
    return folder


@pytest.fixture(scope="module")
def rerun(folder):
    done = tunefold("rerun", "a", "--seeds", 1, "--json", cwd=folder)
    return json.loads(done.stdout)


@pytest.fixture
def without_tunefold(tmp_path, monkeypatch):
    """Let every Python started meanwhile refuse tunefold's packages."""
    monkeypatch.setenv("PYTHONPATH", str(guard_of(tmp_path)))


@pytest.mark.ci
def test_the_script_prints_the_reruns_scores(folder, rerun, without_tunefold, tmp_path):
    script = tmp_path / "script.py"
    words = ["export", "a", "--output", script]
    done = tunefold(*words, cwd=folder, PYTHONPATH=OWN_PATH)
    assert (done.stdout.strip(), done.stderr) == (str(script), "")
    assert not {"search", "pipelines", "spaces"} & imported(script.read_text())
    assert printed_scores(script, tmp_path) == written_scores(rerun)
    # the rerun has left the same script
    client = Recorded(folder, "a").client
    kept = client.download_artifacts(
        rerun["run_id"], "script.py", str(tmp_path / "guard")
    )
    assert Path(kept).read_text() == script.read_text()


def test_the_notebook_runs_and_prints_the_same(
    folder, rerun, without_tunefold, tmp_path
):
    file = tmp_path / "a.ipynb"
    words = ["export", "a", "--to", "notebook", "--api", "sequential"]
    tunefold(*words, "--output", file, cwd=folder, PYTHONPATH=OWN_PATH)
    notebook = nbformat.read(file, as_version=4)
    nbformat.validate(notebook)
    run_cells(notebook, tmp_path, backend="jax")
    outputs = {cell.id: cell.get("outputs", []) for cell in notebook.cells}
    assert scores_of(outputs["evaluate"][0]["text"]) == written_scores(rerun)
    for figure in ("learning-curves", "confusion-matrix"):
        assert any("image/png" in each.get("data", {}) for each in outputs[figure])


def test_options_that_exclude_each_other_are_named(folder):
    for words, line in {
        ("--ensemble", 1): "--ensemble: must be at least 2, got 1; leave it out for "
        "the best trial alone",
        ("--ensemble", 3, "--trial", 1): "--ensemble: chooses trials itself, got "
        "--trial 1; leave one out",
        ("--ensemble", 3, "--to", "study-file"): "--ensemble 3: a study file holds no "
        "trial; leave it out, or use --to script",
    }.items():
        assert refused("export", "a", *words, cwd=folder, status=2) == f"Error: {line}"


def test_a_study_file_repeats_the_study(folder, tmp_path):
    tunefold("export", "a", "--to", "study-file", cwd=folder)
    words = ["search", "--from", folder / "a.toml", "--name", "b"]
    tunefold(*words, cwd=tmp_path)
    assert Recorded(tmp_path, "b").outcome == Recorded(folder, "a").outcome
    typed = ["search", "--from", folder / "a.toml", "--name", "c", "--trials", 1]
    tunefold(*typed, cwd=tmp_path)
    assert len(Recorded(tmp_path, "c").outcome) == 1


def test_a_file_is_not_overwritten_unasked(folder):
    other = Recorded(folder, "a").trial(1)
    words = ["export", other.info.run_id, "--output", "mine.py"]
    tunefold(*words, cwd=folder)
    line = refused(*words, cwd=folder, status=2)
    assert line == (
        "Error: --output mine.py: exists already; name another file, or give --force"
    )
    tunefold("export", "a", "--trial", 1, "--output", "1.py", cwd=folder)
    assert (folder / "1.py").read_text() == (folder / "mine.py").read_text()
    tunefold(*words, "--force", cwd=folder)


def test_a_file_with_a_wrong_key_starts_nothing(folder, tmp_path):
    (tmp_path / "a.toml").write_text('pipeline = "digits"\nepochs = "many"\n')
    words = ["search", "--from", "a.toml"]
    line = refused(*words, cwd=tmp_path, status=2)
    assert line == "Error: a.toml: epochs: must be a whole number, got 'many'"
    line = refused("export", "a", "--trial", 9, cwd=folder, status=2)
    assert line == "Error: study 'a': has no trial 9"
