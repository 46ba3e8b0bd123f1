"""The notebook's make-up here; what its cells do: test_execution.py."""

import ast
import json
import os
from dataclasses import replace

import nbformat
import numpy as np
import pytest
from made_results import make_results, with_pipeline
from PIL import Image
from sklearn.model_selection import train_test_split

from pipelines.part import Part
from pipelines.prepared import fetch
from pipelines.registry import get_pipeline
from search.errors import SettingsError
from search.homework.embedded import read_table_code, table_digest
from search.homework.loading import find_loading
from search.homework.notebook import make_notebook, write_notebook
from search.homework.template import FOLDER, read_template

TEXT = read_template()
WORDS = {"n_words": 1000, "ngrams": 1, "weighting": "multi-hot"}
WORDS_OF_ALL = [
    ("digits", {}),
    ("fashion_mnist", {}),
    ("fashion_mnist_noise", {}),
    ("moons", {}),
    ("imdb", {"params": WORDS}),
    ("boston_housing", {"regression": True}),
    ("california_housing", {"regression": True}),
    ("table:/data/a.csv?target=kind", {}),
    ("table:/data/a.csv?target=kind&groups=who", {}),
    ("table:/data/a.csv?target=price", {"regression": True}),
    ("table:/data/a.parquet?target=kind&test=/data/b.parquet", {}),
    ("text:/data/a.csv?target=kind&column=words", {"params": WORDS}),
    ("mine:PIPELINE", {}),
]


def roles(notebook):
    return [cell.metadata["tunefold"]["role"] for cell in notebook.cells]


def cell_of(notebook, role):
    return notebook.cells[roles(notebook).index(role)]


@pytest.mark.parametrize(("word", "kind"), WORDS_OF_ALL)
def test_cells_are_python_without_tunefold(word, kind):
    notebook = make_notebook(with_pipeline(make_results(**kind), word), TEXT)
    nbformat.validate(notebook)
    for cell in notebook.cells:
        assert "<<" not in cell.source
        if cell.cell_type != "code":
            continue
        tree = ast.parse(cell.source)
        imported = {
            name
            for node in ast.walk(tree)
            if isinstance(node, ast.Import | ast.ImportFrom)
            for name in [getattr(node, "module", None), *(a.name for a in node.names)]
            if name
        }
        assert not {n.partition(".")[0] for n in imported} & {
            "search",
            "pipelines",
            "spaces",
            "tunefold",
        }


def test_a_folder_of_images_is_read_as_the_pipeline_reads_it(tmp_path):
    rng = np.random.default_rng(0)
    for name, depth in (("cat", "uint8"), ("dog", "uint16")):
        folder = tmp_path / "photos" / name
        folder.mkdir(parents=True)
        for number in range(6):
            size = (9, 7) if number else (12, 7)  # one is resized
            pixels = rng.integers(0, np.iinfo(depth).max, size=size[::-1], dtype=depth)
            Image.fromarray(pixels).save(folder / f"{number}.png")
    word = f"images:{tmp_path / 'photos'}"
    found = {"np": np, "train_test_split": train_test_split, "CLASSES": ["cat", "dog"]}
    exec(find_loading(word).load, found)
    part = get_pipeline(word).load("train")
    np.testing.assert_array_equal(found["X"], part.X)
    np.testing.assert_array_equal(found["y"], part.y)


@pytest.mark.parametrize(
    ("word", "shape"),
    [
        ("fashion_mnist", (5, 28, 28)),
        ("boston_housing", (5, 13)),
        ("california_housing", (5, 8)),
    ],
)
def test_a_copy_of_a_data_set_is_read_first(word, shape, tmp_path, monkeypatch):
    copy = Part(np.zeros(shape, np.float32), np.arange(5), source="here")
    fetch([word], tmp_path, {word: lambda part: copy})
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    found = {"np": np, "os": os}
    exec(find_loading(word).load, found)
    np.testing.assert_array_equal(found["X"], copy.X)
    np.testing.assert_array_equal(found["y"], copy.y)


@pytest.mark.parametrize("regression", [False, True])
def test_facts_and_a_question_follow_each_figure(regression):
    word = "boston_housing" if regression else "digits"
    notebook = make_notebook(make_results(word, regression=regression), TEXT)
    order = roles(notebook)
    figure = "residuals" if regression else "confusion"
    drawn = ["curves-baseline", "curves-all", figure, "effects", "capacity", "test"]
    for role in drawn:
        place = order.index(role)
        assert "show(figure" in notebook.cells[place].source
        assert order[place + 1] == f"{role}-facts"
        assert order[place + 2].startswith("explanation-")
    lecture = ["load", "preprocess", "build", "train", "measure", "cross-validated"]
    assert sorted(lecture, key=order.index) == lecture


def test_a_regression_has_no_confusion_matrix_and_its_unit_on_the_axes():
    notebook = make_notebook(make_results("boston_housing", regression=True), TEXT)
    assert "confusion_matrix" not in json.dumps(notebook)
    assert "mean absolute error (k$)" in cell_of(notebook, "names").source


def test_all_parameters_stand_in_one_cell():
    settings = {}
    exec(cell_of(make_notebook(make_results(), TEXT), "settings").source, settings)
    assert settings["QUICK"] is False
    assert (settings["N_ROWS"], settings["EPOCHS"]) == (450, 12)
    assert settings["TECHNIQUES"]["combined"]["dropout"] == 0.3
    assert settings["BEST_SINGLE"] == "dropout"


def test_quick_makes_everything_smaller():
    source = cell_of(make_notebook(make_results(), TEXT), "settings").source
    settings = {}
    source = source.replace("N_ROWS = 450", "N_ROWS = 20000")
    source = source.replace("'members': 2", "'members': 5")
    exec(source.replace("QUICK = False", "QUICK = True"), settings)
    assert settings["N_ROWS"] == 3000
    assert settings["TECHNIQUES"]["ensemble"] == {"members": 2}


def test_the_first_cell_says_what_was_done_and_how_to_repeat_it():
    results = make_results()
    card = make_notebook(results, TEXT).cells[0].source
    for said in (
        "Jana Nova",
        "homework-3-fresh",
        results.split_digests["homework-3-fresh"][:16],
        results.plan.data_digest,
        f"training {results.plan.seed}",
        "rows: 900 instead of 1,437",
        "tunefold homework digits --student 'Jana Nova' --plan plan.json",
    ):
        assert said in card


def test_the_embedded_table_is_the_results_and_has_its_digest():
    results = make_results()
    notebook = make_notebook(results, TEXT)
    table = read_table_code(cell_of(notebook, "cross-validated").source)
    assert notebook.metadata["tunefold"]["table"] == table_digest(table)
    assert table_digest(table)[:16] in cell_of(notebook, "cross-validated-text").source
    for row, entry in zip(table["rows"], results.entries, strict=True):
        assert row["technique"] == entry.technique
        # six digits are kept
        assert row["scores"]["best"]["log_loss"] == pytest.approx(
            entry.scores["best"]["log_loss"], rel=1e-5
        )


def test_without_a_loader_nothing_is_trained_and_the_notebook_says_so():
    notebook = make_notebook(with_pipeline(make_results(), "mine:PIPELINE"), TEXT)
    assert not {"load", "train", "confusion"} & {*roles(notebook)}
    assert "nothing is trained" in cell_of(notebook, "no-live-text").source
    assert notebook.metadata["tunefold"]["live"] is False


def test_a_network_that_plain_keras_lacks_is_not_trained_live():
    notebook = make_notebook(make_results(params={"drop_connect": 0.2}), TEXT)
    said = cell_of(notebook, "no-live-text").source
    assert "no plain code for this network" in said
    assert "train live" not in notebook.cells[0].source


def test_a_technique_that_plain_keras_lacks_is_left_out_and_said_so():
    results = make_results()
    lacking = [
        replace(e, params=e.params | {"drop_connect": 0.2})
        if e.technique == "dropout"
        else e
        for e in results.entries
    ]
    notebook = make_notebook(replace(results, entries=lacking), TEXT)
    settings = {}
    exec(cell_of(notebook, "settings").source, settings)
    assert "dropout" not in settings["TECHNIQUES"]
    assert settings["BEST_SINGLE"] in settings["TECHNIQUES"]
    assert "plain code for it: dropout." in cell_of(notebook, "run-text").source


def test_a_czech_notebook_is_czech():
    notebook = make_notebook(make_results(), read_template(FOLDER / "notebook.cs.md"))
    assert notebook.cells[0].source.startswith("# Přeučení")
    assert "řádky: 900 místo 1\N{NO-BREAK SPACE}437" in notebook.cells[0].source
    assert "'epocha'" in cell_of(notebook, "names").source
    assert "Moje vysvětlení" in cell_of(notebook, "explanation-effects").source


def test_a_wrong_template_is_refused_before_anything_is_written(tmp_path):
    (tmp_path / "mine.md").write_text("[[title]] x", "utf-8")
    with pytest.raises(SettingsError, match=r"mine\.md has no piece"):
        write_notebook(make_results(), tmp_path, template=tmp_path / "mine.md")
    assert [path.name for path in tmp_path.iterdir()] == ["mine.md"]


def test_notebook_and_page_are_written(tmp_path):
    results = make_results()
    path = write_notebook(results, tmp_path, template=None, execute=False)
    nbformat.validate(nbformat.read(path, as_version=4))
    page = path.with_suffix(".html").read_text("utf-8")
    assert '<html lang="en"' in page
    assert "The baseline overfits" in page
