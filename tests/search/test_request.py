"""What a user asks for, completed by looking at task and data; nothing is trained."""

import os

import numpy as np
import pytest

from pipelines.part import Part
from search.environment import VARIABLES
from search.errors import SettingsError
from search.request import Request, make_draft
from spaces.dense import DENSE
from spaces.errors import SpaceError


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    """A draft chooses the backend for what comes after it; that is not the tests'."""
    for name in ("KERAS_BACKEND", *VARIABLES):
        monkeypatch.setenv(name, os.environ.get(name, ""))


def draft(pipeline, **fields):
    return make_draft(Request(pipeline=pipeline, **fields), in_process=True)


@pytest.fixture
def add_part(add_digits):
    """Return a function that registers digits with another training part."""

    def add(X, y, *, groups=None, name="altered"):
        part = Part(np.asarray(X), np.asarray(y), source="made up", groups=groups)
        return add_digits(name, load=lambda which: part)

    return add


def rows(n, *, seed=0):
    return np.random.default_rng(seed).normal(size=(n, 8, 8))


def test_a_plain_request_is_completed(add_part):
    y = np.arange(200) % 10
    add_part(rows(200), y)
    made = draft("altered")
    s = made.settings
    assert (s.cv, s.groups, s.metrics) == ("kfold:5", None, ("accuracy", "log_loss"))
    assert (s.objectives, s.max_parameters) == (("score",), 10_000_000)
    assert made.notes == ()
    # every class has the same share, so a constant is right once in ten
    assert s.dummy["accuracy"] == pytest.approx(0.1)
    assert s.dummy["log_loss"] == pytest.approx(np.log(10), rel=1e-6)  # float32 shares


def test_groups_of_the_data_are_kept_together_without_being_asked(add_part):
    groups = np.repeat(np.arange(40), 5)
    y = np.arange(200) % 10
    add_part(rows(200), y, groups=groups)
    made = draft("altered")
    assert (made.settings.cv, made.settings.groups) == ("group:5", "pipeline")
    for fold in made.jobs.folds:
        assert not set(groups[fold.train]) & set(groups[fold.valid])
    assert made.jobs.make({}, 0, epochs=1).groups == "pipeline"
    assert made.jobs.groups.tolist() == groups.tolist()
    sizes = tuple((len(fold.train), len(fold.valid)) for fold in made.jobs.folds)
    assert made.settings.fold_sizes == sizes
    apart = draft("altered", groups="none").settings
    assert (apart.cv, apart.groups) == ("kfold:5", None)
    assert apart.split_digest != made.settings.split_digest
    ordered = draft("altered", cv="time-series:3").settings
    assert ordered.groups is None


def test_near_duplicates_across_a_split_are_named_and_the_cure_works(add_part):
    X = rows(100)
    near = np.concatenate([X, X + 1e-4 * rows(100, seed=1)])
    y = np.tile(np.arange(100) % 5, 2)
    add_part(near, y)
    made = draft("altered", cv="kfold:4")
    (note,) = made.notes
    assert "--groups duplicates" in note
    assert " of 200 validation rows" in note
    cured = draft("altered", cv="kfold:4", groups="duplicates")
    assert cured.notes == ()
    for fold in cured.jobs.folds:
        assert not set(fold.train % 100) & set(fold.valid % 100)


def test_uneven_classes_are_scored_in_balance_and_it_says_so(add_part):
    y = np.array([0] * 120 + [1] * 50)
    add_part(rows(170), y)
    made = draft("altered")
    assert made.settings.metrics == ("balanced_accuracy", "accuracy", "log_loss")
    (note,) = made.notes
    assert "120" in note
    assert "50" in note
    # whoever names a metric gets it, without a word
    asked = draft("altered", metric="accuracy")
    assert asked.settings.metrics[0] == "accuracy"
    assert asked.notes == ()


def test_autokeras_takes_the_space_of_architectures():
    assert draft("digits", engine="autokeras").settings.space_name == "nas"
    fixed = draft("digits", engine="autokeras", space="dense").settings
    assert fixed.space_name == "dense"
    assert draft("digits").settings.space_name == "dense"


@pytest.mark.parametrize(
    ("fields", "backend"),
    [
        ({}, "jax"),
        ({"space": "conv"}, "tensorflow"),
        ({"space": "nas"}, "tensorflow"),  # convolutions crawl on JAX' CPU programs
        ({"space": "nas", "changes": ["block=dense"]}, "jax"),
        ({"space": "nas", "changes": ["block=dense,conv"]}, "tensorflow"),
        ({"space": "nas", "backend": "jax"}, "jax"),
        ({"backend": "tensorflow"}, "tensorflow"),
    ],
)
def test_the_backend_is_the_faster_one_for_the_space(fields, backend):
    assert draft("digits", **fields).settings.backend == backend


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({}, ["resnet", "xception"]),
        ({"max_parameters": 22_000_000}, ["resnet"]),
        ({"max_parameters": 0}, []),
        ({"changes": ["block=dense,conv"]}, []),
        ({"changes": ["block=dense,xception"]}, ["xception"]),
        ({"space": "dense"}, []),
    ],
)
def test_blocks_that_can_only_be_refused_are_named_before(fields, named):
    notes = draft("digits", **{"engine": "autokeras"} | fields).notes
    said = [name for name in ("resnet", "xception") if any(name in n for n in notes)]
    assert said == named


def test_autokeras_needs_a_builder(add_digits):
    add_digits("plain", spaces={"dense": DENSE})
    with pytest.raises(SpaceError, match="no builder for the space 'nas'") as error:
        draft("plain", engine="autokeras")
    assert "--space dense" in str(error.value)
    assert draft("plain", engine="autokeras", space="dense").settings.engine


def test_more_groups_than_rows_and_too_few_groups(add_part):
    y = np.arange(60) % 2
    add_part(rows(60), y, groups=np.repeat([0, 1, 2], 20))
    with pytest.raises(SettingsError, match=r"--cv group:5.*3"):
        draft("altered")


@pytest.mark.parametrize(("asked", "limit"), [(0, None), (7, 7)])
def test_no_limit_is_asked_for_by_zero(asked, limit):
    made = draft("digits", max_parameters=asked)
    assert made.settings.max_parameters == limit
    assert made.jobs.make({}, 0, epochs=1).max_parameters == limit
