import numpy as np
import pytest

from pipelines.augmentation import augment

rng = np.random.default_rng(0)
GREY = rng.normal(size=(300, 5, 6)).astype(np.float32)


def layers_of(params, shape):
    import keras

    inputs = keras.Input(shape)
    return keras.Model(inputs, augment(inputs, params))


def in_training(params, X):
    return np.asarray(layers_of(params, X.shape[1:])(X, training=True))


@pytest.mark.parametrize("channels", [(), (3,)])
def test_a_flip_mirrors_half_of_the_images_left_for_right(channels):
    X = rng.normal(size=(300, 5, 6, *channels)).astype(np.float32)
    flipped = in_training({"augment_flip": True}, X)
    assert flipped.shape == X.shape
    mirrored = [np.array_equal(a, b[:, ::-1]) for a, b in zip(flipped, X, strict=True)]
    same = [np.array_equal(a, b) for a, b in zip(flipped, X, strict=True)]
    assert np.logical_xor(mirrored, same).all()
    # a fair coin, 300 times: standard error .03
    assert np.mean(mirrored) == pytest.approx(0.5, abs=0.12)


def test_brightness_adds_one_number_to_an_image_and_clips_nothing():
    X = GREY * 100  # far from any pixel: still not clipped
    added = in_training({"augment_brightness": 0.4}, X) - X
    assert np.ptp(added, axis=(1, 2)).max() < 1e-3  # float32 of some hundred
    each = added.mean(axis=(1, 2))
    # 300 uniform draws reach within a hundredth of both ends
    assert each.max() == pytest.approx(0.4, abs=0.02)
    assert each.min() == pytest.approx(-0.4, abs=0.02)


def test_contrast_stretches_and_shrinks_about_the_mean():
    changed = in_training({"augment_contrast": 0.3}, GREY)
    mean = GREY.mean(axis=(1, 2))
    assert changed.mean(axis=(1, 2)) == pytest.approx(mean, abs=1e-5)
    factors = changed.std(axis=(1, 2)) / GREY.std(axis=(1, 2))
    assert factors.max() == pytest.approx(1.3, abs=0.02)
    assert factors.min() == pytest.approx(0.7, abs=0.02)


@pytest.mark.parametrize("shape", [(300, 20), (300, 4, 5), (100, 4, 5, 3)])
def test_noise_has_its_spread_on_rows_of_any_shape(shape):
    X = np.ones(shape, np.float32)
    noise = in_training({"augment_noise": 0.2}, X) - X
    # 6,000 numbers: standard error .002
    assert noise.std() == pytest.approx(0.2, abs=0.01)
    assert noise.mean() == pytest.approx(0, abs=0.01)


EVERYTHING = {
    "augment_flip": True, "augment_brightness": 0.5, "augment_contrast": 0.5,
    "augment_noise": 0.5,
}  # fmt: skip


def test_inference_sees_the_rows_as_they_are():
    model = layers_of(EVERYTHING, (5, 6))
    assert np.array_equal(np.asarray(model(GREY, training=False)), GREY)
    assert np.array_equal(model.predict_on_batch(GREY), GREY)
    assert not np.array_equal(np.asarray(model(GREY, training=True)), GREY)


def test_there_is_no_layer_for_what_is_off():
    off = {name: type(value)(0) for name, value in EVERYTHING.items()}
    for params in ({}, off):
        assert len(layers_of(params, (5, 6)).layers) == 1  # the input


@pytest.mark.parametrize(
    "name", ["augment_flip", "augment_brightness", "augment_contrast"]
)
def test_a_table_has_no_pictures(name):
    with pytest.raises(ValueError, match=rf"^{name}: needs images .* got rows of"):
        layers_of({name: EVERYTHING[name]}, (13,))
