"""What the cells do, in a fresh kernel where tunefold cannot be imported."""

import csv
import os
from dataclasses import replace

import nbformat
import numpy as np
import pytest
from made_results import make_results

from search.errors import FatalError
from search.homework.check import check_notebooks
from search.homework.execution import run_cells
from search.homework.grid import technique_settings
from search.homework.notebook import make_notebook, write_notebook
from search.homework.template import FOLDER, read_template

GUARD = """
import sys


class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("search", "pipelines", "spaces", "tunefold"):
            raise ImportError(f"{name} was imported")


sys.meta_path.insert(0, Refuse())
"""


@pytest.fixture(autouse=True)
def no_tunefold(tmp_path, monkeypatch):
    """Let every Python started meanwhile refuse tunefold's packages."""
    guard = tmp_path / "guard"
    guard.mkdir()
    (guard / "sitecustomize.py").write_text(GUARD)
    monkeypatch.setenv("PYTHONPATH", str(guard))
    monkeypatch.delenv("DATA_DIR", raising=False)


def small(results, rows=240):
    """Return results whose live cells take few rows, epochs and techniques."""
    kept = ("baseline", "early-stopping", "ensemble", "combined")
    return replace(
        results,
        plan=replace(results.plan, notebook_rows=rows, epochs=3),
        entries=[e for e in results.entries if e.technique in kept],
        effects=[e for e in results.effects if e.technique in kept],
        test=[t for t in results.test if t.technique in kept],
    )


def facts_below(path, role):
    notebook = nbformat.read(path, as_version=4)
    (cell,) = [c for c in notebook.cells if c.id == f"{role}-facts"]
    return cell.outputs[0]["data"]["text/markdown"]


def test_a_kernel_that_refuses_tunefold_does(tmp_path):
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell("import search.cli")]
    )
    with pytest.raises(FatalError, match="ImportError: search was imported") as caught:
        run_cells(notebook, tmp_path, backend="jax")
    assert "\n" not in str(caught.value)


def test_a_kernel_reads_the_copies_that_the_search_read(tmp_path, monkeypatch):
    monkeypatch.setenv("TUNEFOLD_DATA", str(tmp_path))
    cell = nbformat.v4.new_code_cell("import os; print(os.environ['DATA_DIR'])")
    run_cells(nbformat.v4.new_notebook(cells=[cell]), tmp_path, backend="jax")
    assert cell.outputs[0].text.strip() == str(tmp_path)


@pytest.mark.slow
def test_a_failed_notebook_is_written_all_the_same(tmp_path):
    results = make_results("table:absent.csv?target=kind")
    with pytest.raises(FatalError, match=r"FileNotFoundError: .*absent\.csv"):
        write_notebook(results, tmp_path, template=None)
    assert "FileNotFoundError" in (tmp_path / "homework-table.html").read_text("utf-8")


@pytest.mark.slow
def test_digits_run_from_top_to_bottom(tmp_path):
    path = write_notebook(
        small(make_results()), tmp_path, template=FOLDER / "notebook.cs.md"
    )
    (found,) = check_notebooks(path)
    unmet = [each.name for each in found.requirements if not each.met]
    assert unmet == ["4 techniques alone", "own text"]
    assert found.warnings == []
    said = facts_below(path, "curves-all")
    assert said.count("**ansámbl**") == 2
    assert "logaritmická ztráta" in said


@pytest.mark.slow
def test_the_ensembles_first_network_is_the_baseline(tmp_path):
    results = small(make_results())
    notebook = make_notebook(results, read_template())
    proof = (
        "before = runs['baseline']['final']\n"
        "second = train_network(SEED + 1)['final']\n"
        "mean = (before + second) / 2\n"
        "assert np.allclose(runs['ensemble']['final'], mean, atol=1e-6)\n"
        "assert not np.allclose(before, second)\n"
        "assert runs['early-stopping']['valid'].shape[0] == EPOCHS"
    )
    notebook.cells.append(nbformat.v4.new_code_cell(proof))
    run_cells(notebook, tmp_path, backend="jax")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("word", "fields"),
    [
        ("boston_housing", {"regression": True}),
        ("moons", {"classes": ("upper moon", "lower moon")}),
        (
            "imdb",
            {
                "classes": ("negative", "positive"),
                "params": {"n_words": 500, "ngrams": 2, "weighting": "tf-idf"},
            },
        ),
        ("mine:PIPELINE", {}),
    ],
)
def test_each_kind_of_data_runs(tmp_path, word, fields):
    path = write_notebook(small(make_results(word, **fields)), tmp_path, template=None)
    (found,) = check_notebooks(path)
    unmet = {each.name for each in found.requirements if not each.met}
    expected = {"4 techniques alone", "own text"}
    assert unmet == expected | ({"confusion matrix"} if "mine" in word else set())
    if word == "moons":
        # before training, and at the last of three epochs, which may be the best
        assert facts_below(path, "boundaries").count("**baseline**") >= 2


def with_techniques(results, names):
    """Return results of the baseline and these techniques at their middle settings."""
    base, *_ = small(results).entries
    found = {
        name: technique_settings(name, base.params, 1, epochs=3)[0].params
        for name in names
    }
    for kind in ("cutmix", "cutout") if "mixing" in names else ():
        found[kind] = base.params | {"mix": kind, "mix_strength": 0.5}
    if "averaging" in names:
        found["averaging"] = base.params | {"averaging": "ema", "ema_momentum": 0.9}
    entries = [
        replace(base, technique=name, params=params) for name, params in found.items()
    ]
    effects = [
        replace(results.effects[0], technique=name, reading=reading)
        for name in found
        for reading in ("last", "best")
    ]
    return replace(small(results), entries=[base, *entries], effects=effects, test=[])


OF_ROWS = ["input-noise", "batch-norm", "schedule"]
OF_IMAGES = ["averaging", "flip", "shift", "rotation", "zoom", "brightness", "mixing"]
OF_CLASSES = ["class-weights", "resampling"]  # those of the reviews are even


@pytest.mark.slow
@pytest.mark.parametrize(
    ("word", "names"),
    [
        ("digits", [*OF_ROWS, *OF_IMAGES, *OF_CLASSES]),
        ("imdb", [*OF_ROWS, "word-dropout"]),
    ],
)
def test_other_techniques_are_trained_live(tmp_path, word, names):
    kind = {"n_words": 500, "ngrams": 1, "weighting": "multi-hot"}
    params = kind if word == "imdb" else {}
    classes = ("no", "yes") if word == "imdb" else tuple("0123456789")
    results = make_results(word, params=params, classes=classes)
    results = with_techniques(results, names)
    notebook = make_notebook(results, read_template())
    proof = (
        "for name, each in runs.items():\n"
        "    assert np.isfinite(each['final']).all(), name\n"
        "    same = np.allclose(each['final'], runs['baseline']['final'])\n"
        "    assert same == (name == 'baseline'), name"
    )
    notebook.cells.append(nbformat.v4.new_code_cell(proof))
    run_cells(notebook, tmp_path, backend="jax")


@pytest.mark.slow
@pytest.mark.parametrize("options", ["target=kind", "target=kind&groups=who"])
def test_a_table_with_gaps_runs(tmp_path, options):
    rng = np.random.default_rng(0)
    with (tmp_path / "own.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["size", "colour", "empty", "who", "kind"])
        for n in range(300):
            size = "" if n % 11 == 0 else round(rng.normal(n % 3), 3)
            colour = "" if n % 7 == 0 else ("red", "blue")[n % 2]
            rows.writerow([size, colour, "", n // 10, ("a", "b", "c")[n % 3]])
    word = f"table:{tmp_path / 'own.csv'}?{options}"
    results = small(make_results(word, classes=("a", "b", "c")))
    path = write_notebook(results, tmp_path, template=None)
    assert "%" in facts_below(path, "confusion")


@pytest.mark.slow
def test_fashion_mnist_is_read_from_a_given_folder(tmp_path):
    debian = "/usr/share/datasets/fashion-mnist"
    if not os.path.isdir(debian):  # noqa: PTH112
        pytest.skip("the package dataset-fashion-mnist is not installed")
    from pipelines.fashion_mnist import PIPELINE

    results = small(make_results("fashion_mnist", classes=PIPELINE.classes))
    path = write_notebook(results, tmp_path, template=None)
    assert "taken for" in facts_below(path, "confusion")
