"""An ensemble as one script: what members share stands once, what differs by trial."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from pipelines.digits import PIPELINE as DIGITS
from scripts import check, points, rerun_predictions, run
from search.errors import SettingsError
from search.script.ensemble import export_ensemble
from search.script.network import APIS
from search.script.notebook import as_notebook
from search.script.sections import as_script
from search.study_ensemble import Member
from spaces.techniques import TECHNIQUES

BASE = DIGITS.spaces["dense"].initial()


@pytest.fixture
def members(record):
    """Return a function that makes members of points, the first one twice as heavy."""

    def make(word, drawn, **fields):
        made = []
        for number, point in enumerate(drawn):
            recorded = record(word, point, epoch=number + 1, **fields)
            recorded = replace(recorded, trial=replace(recorded.trial, number=number))
            count = 1 + (number == 0)
            weight = count / (len(drawn) + 1)
            made.append(Member(recorded=recorded, count=count, weight=weight))
        return made

    return make


def sections_of(members):
    return {each.title: each.code for each in export_ensemble(members).sections}


@pytest.fixture
def folder(tmp_path):
    (folder := tmp_path / "scripts").mkdir()
    return folder


def test_members_of_the_same_code_share_a_function(members, folder):
    exported = export_ensemble(members("digits", [BASE, BASE | {"width_1": 40}]))
    check([as_script(exported)], folder)
    sections = {each.title: each.code for each in exported.sections}
    given, width = sections["Parameters"].splitlines(), BASE["width_1"]
    assert "BATCH_SIZE = 128" in given
    own = [f'{{"EPOCHS": {n}, "WIDTH_1": {w}}}' for n, w in ((1, width), (2, 40))]
    assert given[-2:] == [
        "WEIGHTS = {0: 2 / 3, 1: 1 / 3}",
        f"TRIALS = {{0: {own[0]}, 1: {own[1]}}}",
    ]
    assert sections["Member"].startswith("def train_member(*, EPOCHS, WIDTH_1):\n")
    assert "Dense(WIDTH_1)" in sections["Member"]
    assert "def scale(X)" in sections["Preprocess"]
    assert sections["Train"] == (
        "predicted = [train_member(**TRIALS[0]), train_member(**TRIALS[1])]\n"
    )


def test_members_prepare_rows_each_in_its_way(members, folder):
    drawn = [BASE | {"input_norm": "raw"}, BASE | {"input_norm": "minmax"}]
    exported = export_ensemble(members("digits", drawn))
    check([as_script(exported)], folder)
    sections = {each.title: each.code for each in exported.sections}
    assert "Preprocess" not in sections
    assert "def scale(X)" not in sections["Member like 0"]
    assert "def scale(X)" in sections["Member like 1"]
    given = "X_train, y_train, X_test"
    assert f"train_member_like_1({given}, **TRIALS[1])" in sections["Train"]


def test_members_that_take_other_rows_have_them(members, folder):
    drawn = [BASE | {"rows": 100}, BASE | {"rows": 200}]
    exported = export_ensemble(members("digits", drawn))
    check([as_script(exported)], folder)
    sections = {each.title: each.code for each in exported.sections}
    assert "order[:ROWS]" in sections["Member"]
    assert "order[:ROWS]" not in sections["Load"]
    assert '"ROWS": 200' in sections["Parameters"]


def test_a_member_whose_parameters_are_all_shared_takes_none(members, folder):
    one = [replace(each, count=1) for each in members("digits", [BASE])]
    script = as_script(export_ensemble(one))
    check([script], folder)
    assert "def train_member():" in script
    assert "TRIALS" not in script


@pytest.mark.parametrize("api", APIS)
def test_each_of_keras_ways_is_plain_and_formatted(api, members, folder):
    drawn = [*points(DIGITS.spaces["dense"], 1), *points(DIGITS.spaces["conv"], 1)]
    check([as_script(export_ensemble(members("digits", drawn), api=api))], folder)


def test_what_cannot_be_written_is_named_with_its_trial(members):
    drawn = [BASE, BASE | {"skip": True}]
    with pytest.raises(
        SettingsError, match=r"^trial 1: --api sequential: needs layers"
    ):
        export_ensemble(members("digits", drawn), api="sequential")


def test_a_notebook_has_a_cell_for_each_part(members):
    import nbformat

    drawn = [BASE, BASE | {"l2": "on", "l2_strength": 0.01}]
    notebook = as_notebook(export_ensemble(members("digits", drawn)))
    nbformat.validate(notebook)
    code = {cell.id: cell.source for cell in notebook.cells if cell.cell_type == "code"}
    assert {"member-like-0", "member-like-1", "confusion-matrix"} <= code.keys()
    assert "learning-curves" not in code
    assert code["confusion-matrix"].startswith("import matplotlib")


def test_a_tables_members_are_plain_and_formatted(members, folder, tmp_path):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"a": rng.normal(size=60), "y": ["no", "yes"] * 30})
    frame.to_csv(tmp_path / "t.csv", index=False)
    word = f"table:{tmp_path / 't.csv'}?target=y"
    norms = ["standard", "minmax"]
    made = members(word, [BASE | {"input_norm": norm} for norm in norms])
    script = as_script(export_ensemble(made))
    check([script], folder, also={"pandas"})
    assert "train_member_like_1(**TRIALS[1])" in script  # rows are read in it


@pytest.mark.slow
def test_every_technique_is_written_within_a_function(members, folder):
    every = [
        BASE | technique.alone.initial()
        for technique in TECHNIQUES.values()
        if "images" in technique.inputs
    ]
    check([as_script(export_ensemble(members("digits", every)))], folder)


TEXT = {"n_words": 30, "ngrams": 1, "weighting": "multi-hot"}
NETWORK = {
    "n_layers": 1, "width_1": 8, "activation": "relu", "optimizer": "adam",
    "learning_rate": 0.003, "batch_size": 64,
}  # fmt: skip
STOPS = {"early_stopping": "on", "patience": 1}
DRAWN = {
    "rows": ("digits", [{"rows": 300}, {"rows": 400, "input_norm": "minmax"}]),
    "techniques": ("digits", [{"prune_share": 0.5}, {"averaging": "swa"} | STOPS]),
    "columns": ("boston_housing", [{}, {"input_norm": "minmax"}]),
    "table": ("table:{}?target=stars", [{"input_norm": "raw"}, STOPS]),
    "text": ("text:{}?target=stars&column=body", [TEXT, TEXT | {"n_words": 20}]),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", DRAWN)
def test_each_member_predicts_as_in_its_rerun(name, members, tmp_path):
    rng = np.random.default_rng(0)
    words = [" ".join(f"w{n}" for n in rng.integers(0, 40, size=9)) for _ in range(200)]
    columns = {"stars": np.arange(200) % 2, "size": rng.normal(size=200)}
    frame = pd.DataFrame(columns | ({"body": words} if name == "text" else {}))
    frame.to_csv(tmp_path / "own.csv", index=False)
    word, drawn = DRAWN[name]
    swa = {"swa_start": 0.25}
    made = members(
        word.format(tmp_path / "own.csv"), [NETWORK | swa | each for each in drawn]
    )
    code = as_script(export_ensemble(made)).split("sched_getaffinity(0))})\n")[1]
    found = run(f"import os\n{code}")
    expected = [rerun_predictions(member.recorded) for member in made]
    for plain, ours in zip(found["predicted"], expected, strict=True):
        # a product of weights is rounded in another place
        np.testing.assert_allclose(plain, ours, rtol=1e-5, atol=1e-7)
    mean = np.average(expected, axis=0, weights=[2, 1])
    np.testing.assert_allclose(found["predictions"], mean, rtol=1e-5, atol=1e-7)
