"""Rows prepared in two ways, and what makes the ones of the others."""

import os

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from pipelines.boston_housing import PIPELINE as BOSTON
from pipelines.digits import PIPELINE as DIGITS
from pipelines.images import scale_images
from pipelines.imdb import PIPELINE as IMDB
from pipelines.part import Part
from pipelines.vectors import scale_columns
from search.common_inputs import SAME, common_inputs, find_rescale
from search.errors import SettingsError
from search.final import FinalJob

NORMS = ("standard", "minmax", "raw")
RNG = np.random.default_rng(0)
VECTORS = RNG.normal(size=(50, 4)) * [1, 100, 1e4, 0] + [0, 5, -1e4, 7]
IMAGES = RNG.integers(0, 255, (20, 6, 6), dtype=np.uint8)
CHANNELS = IMAGES.reshape(20, 3, 6, 2)


def prepared(X, norm):
    prepare = scale_columns if X.ndim == 2 else scale_images
    return prepare(X, None, {"input_norm": norm})(X)


@pytest.mark.parametrize("wanted", NORMS)
@pytest.mark.parametrize("given", NORMS)
@pytest.mark.parametrize("X", [VECTORS, IMAGES, CHANNELS], ids=["d", "hw", "hwc"])
def test_scales_are_found(X, given, wanted):
    one, other = prepared(X, given), prepared(X, wanted)
    found = find_rescale(one, other)
    assert (found == SAME) == (given == wanted)
    made = one * np.float32(found.scale) + np.float32(found.offset)
    # float32 values of up to 1e4, scaled and scaled back
    np.testing.assert_allclose(made, other, rtol=1e-4, atol=1e-4 * np.ptp(other))


def test_a_constant_column_is_only_shifted():
    found = find_rescale(prepared(VECTORS, "standard"), prepared(VECTORS, "raw"))
    assert (found.scale[3], found.offset[3]) == (1, 7)


@pytest.mark.parametrize(
    "wanted",
    [VECTORS**2, np.roll(VECTORS, 1, axis=1), VECTORS[:, :3]],
    ids=["curved", "other columns", "fewer columns"],
)
def test_what_is_no_scale_is_not_found(wanted):
    assert find_rescale(np.float32(VECTORS), np.float32(wanted)) is None


def test_images_share_one_scale():
    by_column = IMAGES * np.arange(1, 7, dtype=np.float32)
    assert find_rescale(IMAGES.astype(np.float32), by_column) is None


def test_sparse_rows_are_equal_or_not():
    one = csr_matrix(np.eye(4, dtype=np.float32))
    assert find_rescale(one, one.copy()) == SAME
    assert find_rescale(one, one * 2) is None
    assert find_rescale(one, one[:, :3]) is None


@pytest.fixture
def job():
    """Return a function that makes a final training of a pipeline, some params set."""

    def job(pipeline, **params):
        return FinalJob(
            pipeline=pipeline.name,
            train_digest="",
            test_digest="",
            params=params,
            epochs=1,
            horizon=1,
            seed=0,
            metrics=("accuracy",),
            backend=os.environ["KERAS_BACKEND"],
            keep_model=True,
        )

    return job


def test_preparations_are_learned_as_for_the_final_training(job):
    train = DIGITS.load("train")
    jobs = {
        7: job(DIGITS),
        2: job(DIGITS, input_norm="raw"),
        4: job(DIGITS, rows=100),  # another mean, of fewer rows
    }
    same, raw, few = common_inputs(DIGITS, train, jobs, study="a")
    assert same == SAME
    assert raw.offset == pytest.approx((train.X.mean(),), rel=1e-4)
    assert raw.scale == pytest.approx((train.X.std(),), rel=1e-4)
    assert few.scale != (1.0,)
    assert few.scale == pytest.approx((1.0,), abs=0.1)


def test_columns_are_looked_at_in_all_rows(job):
    # one row in 10,000 is another one: a sample would take the column for constant
    X = np.zeros((10_000, 2))
    X[:, 0], X[7, 1] = np.arange(10_000), 50
    part = Part(X, np.arange(10_000.0), source="made up")
    jobs = {0: job(BOSTON), 1: job(BOSTON, input_norm="raw")}
    _, raw = common_inputs(BOSTON, part, jobs, study="a")
    assert raw.scale[1] == pytest.approx(X[:, 1].std(), rel=1e-4)


def test_other_words_are_refused_in_one_line(job):
    texts = np.uint32([[1, 2, 3], [2, 3, 4], [3, 4, 5], [3, 5, 6]])
    part = Part(texts, np.array([0, 1, 0, 1]), source="made up")
    words = {"ngrams": 1, "weighting": "multi-hot"}
    jobs = {
        number: job(IMDB, **words | {"n_words": n_words})
        for number, n_words in ((5, 3), (1, 2), (8, 3), (9, 4))
    }
    with pytest.raises(SettingsError) as caught:
        common_inputs(IMDB, part, jobs, study="a")
    message = str(caught.value)
    assert "as trial 5 prepares them cannot be scaled to those of trial 1, 9" in message
    assert "'tunefold rerun a' trains the best trial alone" in message
    assert "\n" not in message
    folds = {0: job(IMDB, **words, n_words=3), 1: job(IMDB, **words, n_words=2)}
    with pytest.raises(SettingsError, match=r"^--folds: .* fold 0 .* of fold 1; "):
        common_inputs(IMDB, part, folds, study="a", noun="fold")
