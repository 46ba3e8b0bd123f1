"""The real command on a small data set, killed once, down to the hand-in's check."""

import json

import nbformat
import pytest
from real_command import n_folds_of, refused, running, tunefold, wait_until

from search.homework.results import read_results

pytestmark = pytest.mark.slow
WORDS = ("homework", "moons", "--techniques", "dropout,ensemble", "--minutes", 0.1)
NAME = "homework-moons-ada"
STUDENT = ("--student", "Ada")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with a homework that was killed amid its tuning and gone on with."""
    folder = tmp_path_factory.mktemp("homework")
    study = f"{NAME}-2-techniques"
    with running(*WORDS, *STUDENT, cwd=folder) as process:
        wait_until(lambda: n_folds_of(folder, study) >= 4)
        process.kill()
    tunefold(*WORDS, *STUDENT, cwd=folder)
    return folder


@pytest.mark.ci
def test_the_notebook_is_handed_in_and_complete_but_for_the_students_words(folder):
    results = read_results(folder / "tunefold-homework" / NAME / "results.json")
    techniques = [entry.technique for entry in results.entries]
    assert techniques == ["baseline", "dropout", "ensemble"]
    assert results.capacities[-1].visible
    path = folder / "tunefold-homework" / NAME / f"{NAME}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    outputs = [o for c in notebook.cells for o in c.get("outputs", ())]
    assert not [o for o in outputs if o.output_type == "error"]
    assert any("image/png" in o.get("data", {}) for o in outputs)
    assert path.with_suffix(".html").is_file()
    checked = tunefold("check", path, "--json", cwd=folder, status=1)
    (hand_in,) = json.loads(checked.stdout)
    missing = {r["name"] for r in hand_in["requirements"] if not r["met"]}
    # one technique besides the ensemble: nothing to combine
    assert missing == {"4 techniques alone", "a combination", "own text"}
    assert not [w for w in hand_in["warnings"] if "seed" in w]


def test_nothing_is_trained_twice(folder):
    for journal in (folder / "tunefold-studies").glob("*/journal.jsonl"):
        events = [json.loads(line) for line in journal.read_text().splitlines()]
        folds = [(e["number"], e["fold"]) for e in events if e["event"] == "fold"]
        assert len(folds) == len(set(folds))


def test_choices_are_written_before_the_test_rows_are_opened(folder):
    home = folder / "tunefold-homework" / NAME
    opened = min(path.stat().st_mtime for path in (home / "test").iterdir())
    assert (home / "choices.json").stat().st_mtime <= opened


def test_other_options_need_another_name(folder):
    (folder / "tunefold-homework" / NAME / "results.json").rename(folder / "kept")
    line = refused(*WORDS, *STUDENT, "--epochs", 99, cwd=folder, status=2)
    assert "was begun with epochs 200, got 99" in line
    (folder / "kept").rename(folder / "tunefold-homework" / NAME / "results.json")


def test_a_plan_repeats_the_scores(folder, tmp_path):
    plan = folder / "tunefold-homework" / NAME / "plan.json"
    tunefold(*WORDS[:2], "--plan", plan, *STUDENT, cwd=tmp_path)
    then, now = (
        read_results(where / "tunefold-homework" / NAME / "results.json").entries
        for where in (folder, tmp_path)
    )
    assert [e.scores for e in then] == [e.scores for e in now]
