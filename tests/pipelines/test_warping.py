import numpy as np
import pytest

from pipelines.warping import shift, turn


def dot(n, size=9, at=(4, 4)):
    """Black images with one white pixel."""
    X = np.zeros((n, size, size), np.float32)
    X[:, at[0], at[1]] = 1
    return X


def places(X):
    return np.argwhere(X)[:, 1:]


def test_a_shift_moves_at_most_so_far_and_reaches_every_place():
    X = dot(500)
    kept = X.copy()
    moved = places(shift(X, np.random.default_rng(0), share=0.2)) - 4
    # .2 of 9 pixels are 2 whole ones: 25 places
    assert len(moved) == 500
    assert {tuple(m) for m in moved} == {
        (i, j) for i in range(-2, 3) for j in range(-2, 3)
    }
    assert np.array_equal(X, kept)


def test_a_shift_is_a_random_crop_of_the_padded_image():
    X = np.random.default_rng(0).normal(size=(50, 5, 7)).astype(np.float32)
    shifted = shift(X, np.random.default_rng(1), share=0.3)
    padded = np.pad(X, ((0, 0), (2, 2), (2, 2)), mode="edge")  # .3 of 5 and of 7
    for image, source in zip(shifted, padded, strict=True):
        crops = [source[i : i + 5, j : j + 7] for i in range(5) for j in range(5)]
        assert any(np.array_equal(image, crop) for crop in crops)


def test_small_images_move_by_a_pixel_and_channels_together():
    X = np.repeat(dot(100, size=8)[..., None], 2, axis=3)
    moved = shift(X, np.random.default_rng(0), share=0.02)
    assert np.array_equal(moved[..., 0], moved[..., 1])
    assert {abs(m).max() for m in places(moved[..., 0]) - 4} == {0, 1}


def test_a_turn_stays_within_its_angle():
    far = dot(300, size=41, at=(20, 40))  # 20 pixels to the right of the centre
    far[:, 18:23, 38:] = 1  # large enough to survive the interpolation
    turned = turn(far, np.random.default_rng(0), degrees=30.0, zoom=0.0)
    rows, columns = np.indices((41, 41)) - 20
    weight = turned.sum(axis=(1, 2))
    angles = np.rad2deg(
        np.arctan2((turned * rows).sum((1, 2)), (turned * columns).sum((1, 2)))
    )
    assert (weight > 0).all()
    # the patch leaves the image at its border, which shifts its centre by 2 degrees
    assert 25 < angles.max() < 32
    assert -32 < angles.min() < -25


def test_a_zoom_stays_within_its_factor():
    X = np.zeros((300, 41, 41), np.float32)
    X[:, 10:31, 10:31] = 1
    zoomed = turn(X, np.random.default_rng(0), degrees=0.0, zoom=0.2)
    sides = np.sqrt(zoomed.sum(axis=(1, 2))) / 21
    # half a pixel of interpolation at each side of 21
    assert 1.15 < sides.max() < 1.25
    assert 0.75 < sides.min() < 0.85


def test_what_comes_into_sight_repeats_the_border_and_nothing_turns_without_an_angle():
    X = np.random.default_rng(0).normal(size=(20, 6, 8, 3)).astype(np.float32)
    same = turn(X, np.random.default_rng(0), degrees=0.0, zoom=0.0)
    assert same.dtype == np.float32
    assert same == pytest.approx(X, abs=1e-6)  # float32 interpolation
    grey = np.full((20, 6, 8), 7, np.float32)
    for changed in (
        turn(grey, np.random.default_rng(0), degrees=45.0, zoom=0.5),
        shift(grey, np.random.default_rng(0), share=0.5),
    ):
        assert changed == pytest.approx(grey)
