"""A search inside an outer fold never sees the fold that scores it."""

import numpy as np
import pytest

from pipelines.outer import Outer, read_outer
from pipelines.part import Part, digest
from pipelines.registry import complete, get_pipeline, recorded_word
from pipelines.spec import short_name
from spaces.errors import DataError, UnknownNameError


def parts(word):
    pipeline = get_pipeline(word)
    return pipeline.load("train"), pipeline.load("test")


def as_rows(part):
    return {(row.tobytes(), int(y)) for row, y in zip(part.X, part.y, strict=True)}


def test_folds_cut_the_training_part_and_leave_the_test_part_alone():
    whole = get_pipeline("digits").load("train")
    held = []
    for fold in range(3):
        train, test = parts(f"outer:{fold}/3:0:digits")
        assert len(train.y) + len(test.y) == len(whole.y)
        assert not as_rows(train) & as_rows(test)
        held.append(test)
    assert set.union(*map(as_rows, held)) == as_rows(whole)
    # stratified: each class has a third of its rows in each, to within one
    counts = np.array([np.bincount(test.y, minlength=10) for test in held])
    assert (counts.max(axis=0) - counts.min(axis=0) <= 1).all()


def test_the_same_word_is_the_same_rows_and_another_seed_is_not():
    (train, _), (again, _) = parts("outer:0/3:0:digits"), parts("outer:0/3:0:digits")
    assert digest(train) == digest(again)
    assert digest(train) != digest(parts("outer:0/3:1:digits")[0])


def test_time_is_kept():
    train, test = parts("outer:1/3:0:sunspots")
    whole = get_pipeline("sunspots").load("train")
    n = len(train.y)
    assert (whole.y[:n] == train.y).all()
    assert (whole.y[n : n + len(test.y)] == test.y).all()


def test_rows_are_cut_in_order_where_that_is_asked_for():
    train, test = parts("outer:1/3:0,time:digits")
    whole = get_pipeline("digits").load("train")
    n = len(train.y)
    assert (whole.X[:n] == train.X).all()
    assert (whole.X[n : n + len(test.y)] == test.X).all()


@pytest.fixture
def twins(add_digits):
    """A pipeline of 30 digits, each ten times, whose own groups are other ones."""
    plain = get_pipeline("digits").load("train")
    rows = np.tile(np.arange(30), 10)
    part = Part(
        plain.X[rows], np.arange(300) % 2, source="made up", groups=np.arange(300) // 50
    )
    add_digits("twins", load=lambda which: part)
    return part


def test_rows_are_cut_by_the_groups_that_are_asked_for(twins):
    def shared(by):
        """Say whether both sides have twins, and groups, in common."""
        train, test = parts(f"outer:0/3:0{by}:twins")
        images = [{row.tobytes() for row in part.X} for part in (train, test)]
        groups = [set(part.groups) for part in (train, test)]
        return bool(set.intersection(*images)), bool(set.intersection(*groups))

    assert shared(",duplicates") == (False, True)
    assert shared(",pipeline") == (True, False)
    assert shared(",rows") == (True, True)
    assert shared("") == (True, False)  # an earlier version's word: the data's groups


def test_unknown_groups_are_named():
    with pytest.raises(UnknownNameError, match="unknown kind of groups 'twins'"):
        get_pipeline("outer:0/3:0,twins:digits").load("train")


@pytest.mark.parametrize("by", [None, "time", "duplicates"])
def test_the_word_reads_back(by):
    outer = Outer(fold=1, of=4, seed=2, word="table:/a b/c.csv?target=d", by=by)
    assert read_outer(str(outer)) == outer
    assert read_outer("digits") is None
    assert short_name("outer:1/4:0:digits") == "digits (outer fold 2 of 4)"
    assert complete("outer:1/4:0:digits") == "outer:1/4:0:digits"


@pytest.mark.parametrize("word", ["outer:3/3:0:digits", "outer:0/1:0:digits"])
def test_there_is_no_such_fold(word):
    with pytest.raises(DataError, match="outer folds are at least 2"):
        get_pipeline(word)


def test_more_folds_than_rows_of_a_class_are_refused():
    with pytest.raises(DataError, match="--nested 1000: "):
        get_pipeline("outer:0/1000:0:digits").load("train")


def test_a_record_does_not_import_a_module_through_it():
    with pytest.raises(DataError, match="name it again where it lies"):
        recorded_word("outer:0/3:0:somewhere:PIPELINE", named=None)
    assert recorded_word("outer:0/3:0:digits", named=None) == "outer:0/3:0:digits"
    with pytest.raises(DataError, match="must be the study's, digits, got imdb"):
        recorded_word("outer:0/3:0:digits", named="imdb")
