"""What is written: formatted Python that needs nothing of tunefold."""

import pytest

from pipelines.digits import PIPELINE as DIGITS
from pipelines.registry import get_pipeline
from scripts import check, points
from search.errors import SettingsError
from search.script.export import export
from search.script.network import APIS
from search.script.sections import as_script
from spaces.evaluation import ENSEMBLE, ROWS
from spaces.narrow import narrow
from spaces.techniques import TECHNIQUES

BASE = DIGITS.spaces["dense"].initial()
# ResNet and Xception have 20 million weights: seconds to build
SMALL_NAS = narrow(DIGITS.spaces["nas"], ["block=dense,conv"])
SPACES = {
    ("digits", "dense"): DIGITS.spaces["dense"],
    ("digits", "conv"): DIGITS.spaces["conv"],
    ("digits", "cocktail"): DIGITS.spaces["cocktail"],
    ("digits", "nas"): SMALL_NAS,
    ("digits", "learning_curve"): DIGITS.spaces["learning_curve"],
    ("moons", "nas"): get_pipeline("moons").spaces["nas"],
    ("boston_housing", "dense"): get_pipeline("boston_housing").spaces["dense"],
    ("sunspots", "dense"): get_pipeline("sunspots").spaces["dense"],
}


@pytest.mark.parametrize("n", [1, pytest.param(8, marks=pytest.mark.slow)])
@pytest.mark.parametrize(("word", "space"), SPACES)
def test_scripts_of_each_space_are_plain_and_formatted(
    word, space, n, record, tmp_path
):
    (folder := tmp_path / "scripts").mkdir()
    drawn = points(SPACES[word, space], n)
    check([as_script(export(record(word, point))) for point in drawn], folder)


@pytest.mark.parametrize("api", APIS)
def test_each_of_keras_ways_is_plain_and_formatted(api, record, tmp_path):
    (folder := tmp_path / "scripts").mkdir()
    spaces = [DIGITS.spaces["dense"], DIGITS.spaces["conv"], SMALL_NAS]
    every = [space.initial() for space in spaces]
    check([as_script(export(record("digits", p), api=api)) for p in every], folder)


def test_parameters_stand_in_one_place_under_their_names(record):
    point = BASE | {"width_1": 40, "dropout": 0.25, "l2": "on", "l2_strength": 0.001}
    sections = {s.title: s.code for s in export(record("digits", point)).sections}
    assert sections["Parameters"].splitlines()[1:] == [
        "N_CLASSES = 10",
        "EPOCHS = 2",
        "WIDTH_1 = 40",
        f"WIDTH_2 = {point['width_2']}",
        'ACTIVATION = "relu"',
        "DROPOUT = 0.25",
        "LEARNING_RATE = 0.001",
        "BATCH_SIZE = 128",
        "L2_STRENGTH = 0.001",
    ]
    assert "Dense(WIDTH_1, kernel_regularizer=penalty)" in sections["Build"]
    assert "Dropout(DROPOUT)" in sections["Build"]


def test_members_and_rows_have_their_seeds(record):
    point = BASE | {"members": 3, "rows": 100}
    assert set(point) - set(BASE) == {*ENSEMBLE, ROWS}
    sections = {s.title: s.code for s in export(record("digits", point)).sections}
    assert sections["Parameters"].count(", ") == 2  # three seeds
    assert "100 training rows" in sections["Load"]
    assert "order[:ROWS]" in sections["Load"]


def test_skip_connections_are_no_sequence(record):
    point = BASE | {"skip": True}
    export(record("digits", point), api="subclass")
    with pytest.raises(SettingsError, match="--api sequential: needs layers one"):
        export(record("digits", point), api="sequential")


def test_what_cannot_be_written_is_named(record):
    with pytest.raises(SettingsError, match=r"for --init-from, weights of another"):
        export(record("digits", BASE, init_from="r1"))
    recorded = record("digits", BASE, pipeline="mine:PIPELINE?folder=/a&sha256=b")
    with pytest.raises(SettingsError, match="the pipeline mine:PIPELINE, which is"):
        export(recorded)


def test_no_code_comes_in_by_a_name_from_the_store(record, tmp_path):
    """A record may be anybody's: text of it stands in quotes or in the description."""
    (folder := tmp_path / "scripts").mkdir()
    recorded = record(
        "digits", BASE | {"x": 'a"""\nimport os\n\\'}, name='"""', cv='"""\nimport os'
    )
    check([as_script(export(recorded))], folder)


@pytest.mark.slow
def test_every_technique_is_written(record, tmp_path):
    (folder := tmp_path / "scripts").mkdir()
    every = [
        BASE | technique.alone.initial()
        for technique in TECHNIQUES.values()
        if "images" in technique.inputs
    ]
    check([as_script(export(record("digits", point))) for point in every], folder)
