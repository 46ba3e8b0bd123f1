import numpy as np
import pytest

from pipelines.layers import constraint, penalty
from pipelines.models import dense_network
from pipelines.pipeline import Shape
from pipelines.shipping import plain
from spaces.dense import DENSE

SHAPE = Shape(inputs=(6,), n_outputs=4, n_rows=100)
BARE = {
    "n_layers": 2, "width_1": 16, "width_2": 24, "activation": "relu",
    "optimizer": "adam", "learning_rate": 0.01, "batch_size": 64,
}  # fmt: skip
FULL = BARE | {
    "batch_norm": True, "dropout": 0.5, "l1": "on", "l1_strength": 1e-4, "l2": "on",
    "l2_strength": 1e-3, "label_smoothing": 0.2,
}  # fmt: skip
CHANGED = {
    "n_layers": 1, "width_1": 32, "width_2": 32, "activation": "tanh",
    "batch_norm": False, "dropout": 0.1, "l1_strength": 1e-5, "l2_strength": 1e-4,
    "label_smoothing": 0.1, "optimizer": "sgd", "learning_rate": 0.02,
}  # fmt: skip


def described(model):
    """Everything that a point can decide."""
    # not by get_config: it imports TensorFlow on every backend
    layers = [
        (
            type(layer).__name__,
            getattr(layer, "units", None),
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


def kinds(model):
    return [type(layer).__name__ for layer in model.layers]


def test_every_parameter_of_the_space_changes_the_model():
    full = described(dense_network(FULL, SHAPE))
    assert described(dense_network(FULL, SHAPE)) == full
    for name, value in CHANGED.items():
        other = dense_network(FULL | {name: value}, SHAPE)
        assert described(other) != full, name
    # these act elsewhere: in the number of steps, and through their strengths
    missing = set(DENSE) - set(CHANGED) - {"batch_size", "l1", "l2"}
    missing.discard("sgd_learning_rate")  # tested with the optimizers
    assert missing == {f"width_{i}" for i in range(3, 7)}


def test_layers_stand_in_the_order_promised():
    block = ["Dense", "BatchNormalization", "Activation", "Dropout"]
    assert kinds(dense_network(FULL, SHAPE)) == ["InputLayer", *block * 2, "Dense"]
    bare = ["InputLayer", "Dense", "Activation", "Dense", "Activation", "Dense"]
    assert kinds(dense_network(BARE, SHAPE)) == bare
    off = BARE | {"batch_norm": False, "dropout": 0.0, "l1": "off", "l2": "off"}
    assert kinds(dense_network(off, SHAPE)) == bare


def test_widths_and_head_are_as_asked():
    model = dense_network(BARE, SHAPE)
    widths = [layer.units for layer in model.layers if hasattr(layer, "units")]
    assert widths == [16, 24, 4]
    assert model.layers[-1].activation.__name__ == "softmax"
    assert model.count_params() == 6 * 16 + 16 + 16 * 24 + 24 + 24 * 4 + 4


@pytest.mark.parametrize("inputs", [(6,), (3, 2), (3, 2, 1)])
def test_rows_of_any_shape_are_flattened(inputs):
    shape = Shape(inputs=inputs, n_outputs=4, n_rows=100)
    model = dense_network(BARE, shape)
    assert model.output_shape == (None, 4)
    assert ("Flatten" in kinds(model)) == (len(inputs) > 1)


def test_penalties_act_on_kernels_of_hidden_layers_only():
    model = dense_network(FULL, SHAPE)
    for layer in model.layers:
        if hasattr(layer, "bias"):
            layer.bias.assign(np.ones(layer.bias.shape))
    hidden = [layer for layer in model.layers if hasattr(layer, "kernel")][:-1]
    kernels = [np.asarray(layer.kernel, np.float64) for layer in hidden]
    expected = sum(1e-4 * abs(k).sum() + 1e-3 * (k**2).sum() for k in kernels)
    assert float(sum(model.losses)) == pytest.approx(expected, rel=1e-5)  # float32
    assert dense_network(BARE, SHAPE).losses == []


@pytest.mark.parametrize(
    ("params", "l1", "l2"),
    [
        ({"l1_strength": 0.1}, 0.1, 0),
        ({"l2_strength": 0.2}, 0, 0.2),
        ({"l1_strength": 0.1, "l2_strength": 0.2}, 0.1, 0.2),
    ],
)
def test_one_penalty_alone_leaves_the_other_off(params, l1, l2):
    found = penalty(params)
    assert (float(found.l1), float(found.l2)) == pytest.approx((l1, l2))


@pytest.mark.parametrize("params", [{}, {"l1": "off", "l2": "off"}])
def test_a_penalty_that_is_off_is_none(params):
    assert penalty(params) is None


def test_noise_and_layer_normalization_stand_where_promised():
    params = FULL | {"gaussian_noise": 0.1, "layer_norm": True}
    block = [
        "GaussianNoise", "Dense", "BatchNormalization", "LayerNormalization",
        "Activation", "Dropout",
    ]  # fmt: skip
    model = dense_network(params, SHAPE)
    assert kinds(model) == ["InputLayer", *block * 2, "Dense"]
    assert [n.stddev for n in model.layers if hasattr(n, "stddev")] == [0.1, 0.1]


def test_a_skip_connection_adds_the_input_of_each_layer_but_the_first():
    params = BARE | {"n_layers": 3, "width_1": 8, "width_2": 8, "width_3": 5}
    model = dense_network(params | {"skip": True}, SHAPE)
    biases = [layer.bias is not None for layer in model.layers if is_dense(layer)]
    # only the third layer's way past needs a projection, and that has no bias
    assert sorted(biases) == [False, True, True, True, True]
    for layer in model.layers:
        if is_dense(layer) and layer is not model.layers[-1]:
            layer.kernel.assign(np.ones(layer.kernel.shape))
    x = np.full((1, 6), 0.5, np.float32)
    sums = [layer for layer in model.layers if type(layer).__name__ == "Add"]
    assert len(sums) == 2
    hidden = keras_model(model.inputs[0], [each.output for each in sums])
    second, third = (np.asarray(each)[0] for each in hidden(x))
    # the first gives 6 * .5 = 3, the second 8 * 3, and each adds what it received
    assert second == pytest.approx(np.full(8, 24 + 3))
    assert third == pytest.approx(np.full(5, 27 * 8 + 27 * 8))
    assert dense_network(
        BARE | {"n_layers": 1, "skip": True}, SHAPE
    ).count_params() == (dense_network(BARE | {"n_layers": 1}, SHAPE).count_params())


def is_dense(layer):
    return hasattr(layer, "kernel")


def keras_model(inputs, outputs):
    import keras

    return keras.Model(inputs, outputs)


@pytest.mark.parametrize(
    ("params", "norms"),
    [
        ({"constraint": "unit_norm"}, [1, 1]),
        ({"constraint": "max_norm", "max_norm": 2.0}, [0.5, 2]),
    ],
)
def test_constraints_hold_the_norm_of_a_units_weights(params, norms):
    found = constraint(params)(np.array([[0.3, 3.0], [0.4, 4.0]], np.float32))
    # Keras adds 1e-7 to a norm before it divides
    assert np.linalg.norm(found, axis=0) == pytest.approx(norms, rel=1e-6)
    model = dense_network(BARE | params, SHAPE)
    on = [
        layer.kernel_constraint is not None for layer in model.layers if is_dense(layer)
    ]
    assert on == [True, True, False]  # not on the head


@pytest.mark.parametrize("params", [{}, {"constraint": "none"}])
def test_a_constraint_that_is_off_is_none(params):
    assert constraint(params) is None


@pytest.mark.parametrize(
    "params", [{"drop_connect": 0.2}, {"weight_norm": True}, {"prune_share": 0.5}]
)
def test_what_matters_in_training_only_leaves_plain_layers_behind(params):
    model = dense_network(BARE | params, SHAPE)
    assert kinds(model)[1] == kinds(model)[3] == "ReparametrisedDense"
    assert kinds(dense_network(plain(BARE | params), SHAPE)) == kinds(
        dense_network(BARE, SHAPE)
    )
