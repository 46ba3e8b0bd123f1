import numpy as np
import pytest

from pipelines import fashion_mnist_channels
from pipelines.fashion_mnist_channels import (
    load_fashion_mnist_noise,
    load_fashion_mnist_zeros,
)
from pipelines.images import scale_images
from pipelines.part import Part, digest
from pipelines.prepared import fetch
from search.rows import make_folds
from search.splitters import rows_digest

N = 300


def load_images(part):
    rng = np.random.default_rng({"train": 5, "test": 6}[part])
    X = rng.integers(0, 256, size=(N, 28, 28), dtype=np.uint8)
    return Part(X, rng.integers(0, 10, size=N), source="made up")


@pytest.fixture(autouse=True)
def images(monkeypatch):
    """Made-up images in the place of the real ones."""
    monkeypatch.delenv("TUNEFOLD_DATA", raising=False)
    monkeypatch.setattr(fashion_mnist_channels, "load_fashion_mnist", load_images)


@pytest.mark.parametrize("part", ["train", "test"])
def test_rows_and_targets_are_those_of_the_images(part):
    images = load_images(part)
    for load in (load_fashion_mnist_noise, load_fashion_mnist_zeros):
        found = load(part)
        assert (found.X.shape, found.X.dtype) == ((N, 28, 28, 2), np.uint8)
        assert np.array_equal(found.X[..., 0], images.X)
        assert np.array_equal(found.y, images.y)
        assert found.source == "made up"


def test_the_three_have_the_same_folds():
    how = {"cv": "kfold:3", "split_seed": 0, "n_rows": None, "stratified": True}
    loaders = (load_images, load_fashion_mnist_noise, load_fashion_mnist_zeros)
    digests = {rows_digest(make_folds(load("train").y, **how)) for load in loaders}
    assert len(digests) == 1


def test_zeros_are_zeros():
    assert not load_fashion_mnist_zeros("train").X[..., 1].any()


def test_noise_is_even_and_of_each_row_its_own():
    noise = load_fashion_mnist_noise("train").X[..., 1]
    counts = np.bincount(noise.ravel(), minlength=256)
    # 235,200 draws: about 919 of each value, with a standard deviation of 30
    assert abs(counts - noise.size / 256).max() < 5 * 30
    assert len({row.tobytes() for row in noise}) == N
    test = load_fashion_mnist_noise("test").X[..., 1]
    assert not {row.tobytes() for row in noise} & {row.tobytes() for row in test}
    # nor one picture moved on: neighbours in a row of bytes are not alike either
    correlation = np.corrcoef(noise[0].ravel(), test[0].ravel())[0, 1]
    assert abs(correlation) < 0.2  # five standard errors of 784 pixels


def test_noise_is_drawn_once():
    first, again = (load_fashion_mnist_noise("train") for _ in range(2))
    assert digest(first) == digest(again)
    # A study names its data by it: a change here makes old studies unrepeatable.
    assert first.X[0, 0, :4, 1].tolist() == [172, 10, 127, 140]


def test_a_prepared_copy_comes_first(tmp_path, monkeypatch):
    loaders = {
        "fashion_mnist_noise": load_fashion_mnist_noise,
        "fashion_mnist_zeros": load_fashion_mnist_zeros,
    }
    fetch([], tmp_path, loaders)
    digests = [digest(load("test")) for load in loaders.values()]
    monkeypatch.setenv("TUNEFOLD_DATA", str(tmp_path))
    monkeypatch.setattr(fashion_mnist_channels, "load_fashion_mnist", None)
    assert [digest(load("test")) for load in loaders.values()] == digests


def test_channels_are_standardised_apart():
    for load, spread in ((load_fashion_mnist_noise, 1), (load_fashion_mnist_zeros, 0)):
        part, images = load("train"), load_images("train").X
        transform = scale_images(part.X, part.y, {})
        scaled = transform(part.X)
        alone = scale_images(images, part.y, {})(images)
        assert np.array_equal(scaled[..., 0], alone)
        # float32 sums of 235,200 values
        assert scaled[..., 1].mean() == pytest.approx(0, abs=1e-5)
        assert scaled[..., 1].std() == pytest.approx(spread, rel=1e-5)
