import numpy as np
import pytest

from pipelines.images import scale_images

rng = np.random.default_rng(0)
IMAGES = rng.integers(0, 256, size=(200, 5, 5), dtype=np.uint8)


def fit(X):
    return scale_images(X, np.zeros(len(X)), {})


def test_training_rows_have_mean_0_and_spread_1():
    scaled = fit(IMAGES)(IMAGES)
    assert scaled.dtype == np.float32
    assert scaled.shape == IMAGES.shape
    # float32 sums of 5,000 values
    assert scaled.mean(dtype=np.float64) == pytest.approx(0, abs=1e-6)
    assert scaled.std(dtype=np.float64) == pytest.approx(1, rel=1e-6)


def test_other_rows_are_scaled_by_what_was_learned():
    transform = fit(IMAGES)
    other = np.full((3, 5, 5), 255, np.uint8)
    expected = (255 - IMAGES.mean()) / IMAGES.std()
    assert transform(other) == pytest.approx(np.full((3, 5, 5), expected), rel=1e-6)
    before = transform(IMAGES)
    transform(np.full((3, 5, 5), np.nan))
    assert np.array_equal(transform(IMAGES), before)


def test_one_pair_for_the_whole_image():
    # a pixel that is constant in training stays of its size
    images = IMAGES.copy()
    images[:, 0, 0] = 7
    moved = images[:1].copy()
    moved[0, 0, 0] = 8
    transform = fit(images)
    step = transform(moved)[0, 0, 0] - transform(images)[0, 0, 0]
    assert step == pytest.approx(1 / images.std(), rel=1e-3)


@pytest.mark.parametrize("value", [0, 200])
def test_equal_pixels_stay_finite(value):
    images = np.full((4, 3, 3), value, np.uint8)
    assert np.array_equal(fit(images)(images), np.zeros((4, 3, 3)))


def test_integers_do_not_overflow_and_the_rows_given_are_not_changed():
    images = np.full((1000, 5, 5), 250, np.uint8)
    images[::2] = 240
    images.flags.writeable = False
    scaled = fit(images)(images)
    assert scaled[0, 0, 0] == pytest.approx(-1)
    assert scaled[1, 0, 0] == pytest.approx(1)
    raw = np.ones((2, 3), np.float32)  # already of the result's type
    fit(raw)(raw)
    assert np.array_equal(raw, np.ones((2, 3)))


def test_each_channel_has_its_own_pair():
    images = np.stack([IMAGES, IMAGES // 8 + 100, np.zeros_like(IMAGES)], axis=-1)
    scaled = fit(images)(images)
    assert scaled.dtype == np.float32
    for channel, spread in enumerate((1, 1, 0)):
        # float32 sums of 5,000 values
        assert scaled[..., channel].mean() == pytest.approx(0, abs=1e-5)
        assert scaled[..., channel].std() == pytest.approx(spread, rel=1e-5)
    # nothing changes for the first one because others stand beside it
    assert np.array_equal(scaled[..., 0], fit(IMAGES)(IMAGES))


def test_the_scale_can_be_another_one():
    images = np.stack([IMAGES, IMAGES // 8 + 100], axis=-1)
    y = np.zeros(len(images))
    scaled = scale_images(images, y, {"input_norm": "minmax"})(images)
    for channel in range(2):
        assert scaled[..., channel].min() == 0
        assert scaled[..., channel].max() == pytest.approx(1)
    same = scale_images(images, y, {"input_norm": "raw"})(images)
    assert np.array_equal(same, images)
