import nbformat
import pytest
from made_results import make_results

from search.homework.answers import n_own_words
from search.homework.notebook import write_notebook
from search.homework.template import FOLDER


@pytest.fixture
def answered(tmp_path):
    """Write a notebook and one answer into it."""
    path = write_notebook(make_results(), tmp_path, template=None, execute=False)
    notebook = nbformat.read(path, as_version=4)
    (cell,) = [c for c in notebook.cells if c.id == "explanation-test"]
    cell.source += "Because they agree."
    nbformat.write(notebook, path)
    return path


def source_of(path, role):
    cells = nbformat.read(path, as_version=4).cells
    return next(cell.source for cell in cells if cell.id == role)


def test_answers_survive_writing_the_notebook_again(answered):
    before = answered.read_bytes()
    write_notebook(
        make_results(),
        answered.parent,
        template=FOLDER / "notebook.cs.md",
        execute=False,
    )
    assert source_of(answered, "explanation-test").endswith("Because they agree.")
    assert "Moje vysvětlení" in source_of(answered, "explanation-table")
    assert answered.with_name(answered.name + ".bak").read_bytes() == before


@pytest.mark.slow
@pytest.mark.parametrize("content", [None, b"{", b"[]", b'{"cells": [1]}'])
def test_what_holds_no_answers_is_replaced(tmp_path, content):
    path = tmp_path / "homework-digits.ipynb"
    if content is not None:
        path.write_bytes(content)
    write_notebook(make_results(), tmp_path, template=None, execute=False)
    nbformat.validate(nbformat.read(path, as_version=4))
    assert not path.with_name(path.name + ".bak").exists()


def test_only_words_beyond_the_question_count():
    blank = "#### My explanation\n\n*Why so?*"
    cell = {"metadata": {"tunefold": {"blank": blank}}, "source": blank + "\n\n"}
    assert n_own_words(cell) == 0
    assert n_own_words(cell | {"source": [blank + "\n", "It is so - indeed."]}) == 4
    # the question taken away, its words used again
    assert n_own_words(cell | {"source": "Why so? Larger networks."}) == 2
