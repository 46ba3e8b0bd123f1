import random

import keras
import numpy as np
import pytest

from pipelines.digits import PIPELINE as DIGITS
from pipelines.models import conv_network, network
from pipelines.pipeline import Shape
from spaces.conv import CONV
from spaces.dense import DENSE

IMAGES = Shape(inputs=(8, 8), n_outputs=4, n_rows=100)
BARE = {
    "n_conv_blocks": 2, "conv_filters_1": 5, "conv_filters_2": 7, "convs_per_block": 1,
    "kernel_size": 3, "pooling": "max", "reduction": "flatten", "n_layers": 1,
    "width_1": 16, "activation": "relu", "optimizer": "adam", "learning_rate": 0.01,
    "batch_size": 64,
}  # fmt: skip
FULL = BARE | {
    "batch_norm": True, "dropout": 0.5, "l1": "on", "l1_strength": 1e-4, "l2": "on",
    "l2_strength": 1e-3, "label_smoothing": 0.2,
}  # fmt: skip
CHANGED = {
    "n_conv_blocks": 1, "conv_filters_1": 6, "conv_filters_2": 6, "convs_per_block": 2,
    "kernel_size": 5, "pooling": "average", "reduction": "global_average",
    "n_layers": 0, "width_1": 17, "activation": "tanh", "batch_norm": False,
    "dropout": 0.1, "l1_strength": 1e-5, "l2_strength": 1e-4, "label_smoothing": 0.1,
    "optimizer": "sgd", "learning_rate": 0.02,
}  # fmt: skip


def of(model, kind):
    return [layer for layer in model.layers if type(layer).__name__ == kind]


def described(model):
    """Everything that a point can decide."""
    layers = [
        (
            type(layer).__name__,
            getattr(layer, "units", None) or getattr(layer, "filters", None),
            getattr(layer, "kernel_size", None),
            getattr(layer, "rate", None),
            getattr(getattr(layer, "activation", None), "__name__", None),
            strengths(getattr(layer, "kernel_regularizer", None)),
        )
        for layer in model.layers
    ]
    rate = float(model.optimizer.learning_rate)
    return layers, type(model.optimizer), rate, model.loss.label_smoothing


def strengths(regularizer):
    return regularizer and (float(regularizer.l1), float(regularizer.l2))


def test_every_parameter_of_the_space_changes_the_model():
    full = described(conv_network(FULL, IMAGES))
    assert described(conv_network(FULL, IMAGES)) == full
    for name, value in CHANGED.items():
        assert described(conv_network(FULL | {name: value}, IMAGES)) != full, name
    # these act elsewhere: in the number of steps, and through their strengths
    missing = set(CONV) - set(CHANGED) - {"batch_size", "l1", "l2"}
    missing.discard("sgd_learning_rate")  # tested with the optimizers
    assert missing == {"conv_filters_3", "width_2"}


def test_layers_stand_in_the_order_promised():
    kinds = [type(layer).__name__ for layer in conv_network(FULL, IMAGES).layers]
    around = ["BatchNormalization", "Activation", "Dropout"]
    block = ["Conv2D", *around, "MaxPooling2D"]
    tail = ["Flatten", "Dense", *around, "Dense"]
    assert kinds == ["InputLayer", "Reshape", *block * 2, *tail]


@pytest.mark.parametrize("inputs", [(1, 1), (8, 8), (7, 5, 3)])
@pytest.mark.parametrize("reduction", ["flatten", "global_average"])
def test_images_of_any_size_survive_all_blocks(inputs, reduction):
    params = BARE | {"n_conv_blocks": 3, "conv_filters_3": 2, "reduction": reduction}
    shape = Shape(inputs=inputs, n_outputs=4, n_rows=100)
    model = conv_network(params, shape)
    assert model.output_shape == (None, 4)
    pixels = np.ceil(np.array(inputs[:2]) / 8).prod()  # halved three times, rounded up
    n_features = 2 * (1 if reduction == "global_average" else int(pixels))
    assert of(model, "Dense")[0].kernel.shape == (n_features, 16)


def test_penalties_and_constraints_act_on_all_kernels_but_the_heads():
    model = conv_network(FULL | {"constraint": "max_norm", "max_norm": 0.5}, IMAGES)
    *hidden, head = [layer for layer in model.layers if hasattr(layer, "kernel")]
    kernels = [np.asarray(layer.kernel, np.float64) for layer in hidden]
    expected = sum(1e-4 * abs(k).sum() + 1e-3 * (k**2).sum() for k in kernels)
    assert float(sum(model.losses)) == pytest.approx(expected, rel=1e-5)  # float32
    assert head.kernel_constraint is None
    for layer in hidden:
        held = np.asarray(layer.kernel_constraint(10 * layer.kernel))
        norms = np.linalg.norm(held.reshape(-1, held.shape[-1]), axis=0)
        # of each filter, over height, width and channels; Keras adds 1e-7
        assert norms == pytest.approx(np.full(len(norms), 0.5), rel=1e-5)


def test_normalization_is_over_filters():
    model = conv_network(BARE | {"layer_norm": True}, IMAGES)
    sizes = [layer.gamma.shape for layer in of(model, "LayerNormalization")]
    assert sizes == [(5,), (7,), (16,)]


def test_what_needs_images_refuses_other_rows():
    with pytest.raises(ValueError, match=r"n_conv_blocks: needs images .*\(64,\)"):
        network(BARE, Shape(inputs=(64,), n_outputs=4, n_rows=100))


def test_the_point_decides_about_the_kind_of_network():
    assert of(network(BARE, IMAGES), "Conv2D")
    dense = DENSE.sample(random.Random(0))
    assert not of(network(dense, IMAGES), "Conv2D")


def test_one_width_stands_for_all_layers_without_their_own():
    params = {"n_layers": 3, "width": 9, "width_2": 4, "activation": "relu"}
    params |= {"optimizer": "adam", "learning_rate": 0.01, "batch_size": 64}
    model = network(params, IMAGES)
    assert [layer.units for layer in of(model, "Dense")] == [9, 4, 9, 4]


def test_altered_images_go_through_the_convolutions():
    model = conv_network(BARE | {"augment_flip": True}, IMAGES)
    kinds = [type(layer).__name__ for layer in model.layers]
    assert kinds.index("RandomFlip") < kinds.index("Conv2D")


def test_a_shifted_image_gives_shifted_features():
    """What a convolution is for: a pattern is the same wherever it stands."""
    model = conv_network(BARE | {"n_conv_blocks": 1}, IMAGES)
    features = keras.Model(model.inputs[0], of(model, "MaxPooling2D")[0].output)
    image = np.zeros((1, 8, 8), np.float32)
    image[0, 1:4, 1:4] = 1.0
    moved = np.roll(image, (2, 2), axis=(1, 2))  # one pixel after the pooling
    before, after = (np.asarray(features(x))[0] for x in (image, moved))
    assert before[:3, :3].max() > 0
    assert after[1:, 1:] == pytest.approx(before[:-1, :-1], abs=1e-6)  # float32


@pytest.mark.slow
@pytest.mark.ci
def test_a_convolutional_network_learns_digits():
    params = BARE | {"batch_size": 32}
    data = DIGITS.load("train")
    rows, valid = np.arange(1000), np.arange(1000, len(data.y))
    transform = DIGITS.prepare(data.X[rows], data.y[rows], params)
    keras.utils.set_random_seed(0)
    model = DIGITS.build(params, Shape(inputs=(8, 8), n_outputs=10, n_rows=1000))
    X = transform(data.X)
    DIGITS.train(model, X[rows], data.y[rows], params, epochs=4, callbacks=[])
    taken = DIGITS.evaluate(model, X[valid]).argmax(axis=1)
    # seeds 0 to 4 reach .858 to .922; a guess is right for one row of ten
    assert (taken == data.y[valid]).mean() > 0.7
