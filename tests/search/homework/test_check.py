import json

import nbformat
import pytest
from click.testing import CliRunner
from made_results import make_results

from search.commands.checking import check_command
from search.homework.check import LARGEST, check_notebooks
from search.homework.notebook import make_notebook
from search.homework.template import read_template

ANSWER = (
    "The training loss keeps falling while the validation loss rises again later on."
)
PICTURE = nbformat.v4.new_output("display_data", {"image/png": "iVBORw0KGgo="})
FIGURES = ("curves-baseline", "curves-all", "confusion", "residuals", "table")


@pytest.fixture
def hand_in(tmp_path):
    """Return a function that writes an answered notebook, altered as asked."""

    def write(name, *, answer=ANSWER, change=None, **fields):
        notebook = make_notebook(make_results(**fields), read_template())
        cells = {cell.id: cell for cell in notebook.cells}
        for role, cell in cells.items():
            if role in FIGURES:
                cell.outputs = [PICTURE]
            if role.startswith("explanation-"):
                cell.source += answer
        if change:
            change(notebook, cells)
        path = tmp_path / "hand-ins" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(notebook, path)
        return path

    return write


def looked_at(path):
    (found,) = check_notebooks(path)
    return found


def unmet(found):
    return [each.name for each in found.requirements if not each.met]


@pytest.mark.parametrize("regression", [False, True])
def test_a_hand_in_with_everything_is_complete(hand_in, regression):
    word = "boston_housing" if regression else "digits"
    found = looked_at(hand_in("a.ipynb", pipeline=word, regression=regression))
    assert found.complete
    assert found.student == "Jana Nova"
    assert found.looks == 1
    names = {each.name for each in found.requirements}
    assert ("residual plot" in names) is regression
    assert ("confusion matrix" in names) is not regression


def test_what_is_missing_is_named(hand_in):
    def clear(notebook, cells):
        cells["confusion"].outputs = []
        cells["explanation-test"].source = ""

    found = looked_at(hand_in("a.ipynb", change=clear))
    assert unmet(found) == ["confusion matrix", "own text"]
    own = next(each for each in found.requirements if each.name == "own text")
    assert own.found.startswith("7 of 8 answers")
    assert own.found.endswith("none in test")


def test_the_question_alone_is_no_own_text(hand_in):
    assert unmet(looked_at(hand_in("a.ipynb", answer=""))) == ["own text"]


def test_three_techniques_are_too_few(hand_in):
    def fewer(notebook, cells):
        kept = ["baseline", "dropout", "l1", "l2"]
        notebook.metadata["tunefold"]["techniques"] = kept

    found = looked_at(hand_in("a.ipynb", change=fewer))
    assert unmet(found) == ["4 techniques alone", "a combination"]
    assert any("seal" in warning for warning in found.warnings)


def test_an_edited_number_is_noticed(hand_in):
    def edit(notebook, cells):
        cell = cells["cross-validated"]
        cell.source = cell.source.replace('"epoch": 6', '"epoch": 5', 1)

    (warning,) = looked_at(hand_in("a.ipynb", change=edit)).warnings
    assert "results were edited" in warning


def test_another_students_seeds_are_noticed(hand_in):
    def rename(notebook, cells):
        notebook.metadata["tunefold"]["student"] = "Jan Novak"

    warnings = looked_at(hand_in("a.ipynb", change=rename)).warnings
    assert "the seeds do not belong to the name 'Jan Novak'" in warnings
    assert "the student of table and notebook differ" in warnings
    assert any("seal" in warning for warning in warnings)


def test_the_same_study_twice_is_noticed(hand_in):
    first, second = hand_in("a.ipynb"), hand_in("deeper/b.ipynb")
    hand_in("c.ipynb", student="Jan Novak")
    by_file = {each.file: each for each in check_notebooks(first.parent)}
    assert by_file[str(first)].warnings == [
        f"the same study as {second}: equal cross-validated results"
    ]
    assert by_file[str(second)].warnings == [
        f"the same study as {first}: equal cross-validated results"
    ]
    assert by_file[str(first.parent / "c.ipynb")].complete


def test_a_student_who_repeats_a_homework_is_no_copy(hand_in):
    first = hand_in("a.ipynb", seconds=3.5)
    hand_in("b.ipynb", seconds=4.0)
    assert all(each.complete for each in check_notebooks(first.parent))


def test_other_data_than_the_others_are_noticed(hand_in):
    def other(notebook, cells):
        notebook.metadata["tunefold"]["data"] = "e" * 64

    hand_in("a.ipynb")
    hand_in("b.ipynb", student="Jan Novak")
    odd = hand_in("c.ipynb", student="Eva Mala", change=other)
    found = {each.file: each for each in check_notebooks(odd.parent)}[str(odd)]
    assert any("other data than 2 hand-ins" in warning for warning in found.warnings)


BAD = {
    "empty.ipynb": (b"", "is JSON"),
    "text.ipynb": (b"not a notebook", "is JSON"),
    "binary.ipynb": (bytes(range(256)), "is JSON"),
    "list.ipynb": (b"[1, 2]", "without a list of cells"),
    "cells.ipynb": (b'{"cells": [1]}', "without a list of cells"),
    "foreign.ipynb": (b'{"cells": [], "metadata": {}}', "tunefold homework"),
    "odd.ipynb": (b'{"cells": [], "metadata": {"tunefold": 3}}', "tunefold homework"),
    "deep.ipynb": (b"[" * 100_000, "is JSON"),
}


def test_bad_files_are_one_line_each_and_the_others_go_on(hand_in):
    good = hand_in("good.ipynb")
    for name, (content, _) in BAD.items():
        (good.parent / name).write_bytes(content)
    (good.parent / "folder.ipynb").mkdir()
    with (good.parent / "large.ipynb").open("wb") as file:
        file.truncate(LARGEST + 1)
    found = {
        each.file.rpartition("/")[2]: each for each in check_notebooks(good.parent)
    }
    assert {*found} == {*BAD, "good.ipynb", "large.ipynb"}
    assert found["good.ipynb"].complete
    assert "must have at most 50 MiB" in found["large.ipynb"].error
    for name, (_, said) in BAD.items():
        assert said in found[name].error
        assert "\n" not in found[name].error


@pytest.mark.parametrize("damage", [3, None, [], "x", {"role": []}])
def test_odd_metadata_are_no_traceback(hand_in, damage):
    path = hand_in("a.ipynb")
    notebook = json.loads(path.read_text())
    for cell in notebook["cells"]:
        cell["metadata"]["tunefold"] = damage
    for name in ("seeds", "splits", "data", "techniques", "metrics", "look"):
        notebook["metadata"]["tunefold"][name] = damage
    path.write_text(json.dumps(notebook))
    assert not looked_at(path).complete


def test_the_command_lists_requirements_and_fails_for_what_is_missing(hand_in):
    path = hand_in("a.ipynb")
    shown = CliRunner().invoke(check_command, [str(path)])
    assert shown.exit_code == 0
    assert "confusion matrix" in shown.stdout
    assert "1 of 1 complete" in shown.stdout
    hand_in("b.ipynb", answer="", student="Eva Mala")
    as_json = CliRunner().invoke(check_command, [str(path.parent), "--json"])
    assert as_json.exit_code == 1
    first, second = json.loads(as_json.stdout)
    assert first["complete"]
    assert not second["complete"]


def test_a_folder_without_notebooks_is_said(tmp_path):
    shown = CliRunner().invoke(check_command, [str(tmp_path)])
    assert "must hold notebooks" in str(shown.exception)
