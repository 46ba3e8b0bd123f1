from pathlib import Path

import pytest

from pipelines.spec import OPTIONS, Spec, read_spec, short_name
from spaces.errors import UnknownNameError


def test_a_plain_name_is_no_spec():
    assert read_spec("digits") is None
    assert short_name("digits") == "digits"


@pytest.mark.parametrize(
    "place",
    ["a.csv", "my data.csv", "100%25.csv", "ž/ř.csv", "C:/data/a.csv", "a&b=c?"],
)
@pytest.mark.parametrize("options", [{}, {"target": "a & b=c? %20", "task": "x"}])
def test_what_was_written_is_read_back(place, options):
    spec = Spec(kind="table", place=place, options=options)
    assert read_spec(str(spec)) == spec


def test_options_are_written_in_one_order():
    ways = [{"time": "t", "target": "y"}, {"target": "y", "time": "t"}]
    words = {str(Spec(kind="table", place="a", options=o)) for o in ways}
    assert words == {"table:a?target=y&time=t"}


def test_paths_become_absolute_and_columns_do_not(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    options = {"target": "test", "test": "b.csv"}
    spec = Spec(kind="table", place="a.csv", options=options).absolute()
    assert Path(spec.place) == tmp_path / "a.csv"
    assert spec.options == {"target": "test", "test": (tmp_path / "b.csv").as_posix()}
    assert spec.absolute() == spec


@pytest.mark.parametrize(
    ("word", "name"),
    [
        ("table:/data/penguins.csv?target=species", "penguins"),
        ("table:/data/my čísla (2).csv.gz", "my-cisla-2"),
        ("table:/data/houses/train.csv", "houses"),
        ("images:/data/pets/train?test=/data/pets/test", "pets"),
        ("images:/data/pets/", "pets"),
        ("text:/data/日本.csv", "text"),
        ("lab.nets:PIPELINE?folder=/x&sha256=0", "nets"),
    ],
)
def test_the_short_name_suits_a_study(word, name):
    assert short_name(word) == name


def test_an_unknown_option_is_refused():
    with pytest.raises(UnknownNameError, match="no option 'targe'; choose from target"):
        read_spec("table:a.csv?targe=y")
    assert {"target", "test"} <= {*OPTIONS["text"]}
