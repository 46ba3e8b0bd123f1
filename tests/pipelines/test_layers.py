import math

import numpy as np
import pytest

from pipelines.layers import (
    PREDICT_ROWS,
    STEPS_PER_EXECUTION,
    dense_classifier,
    fit_classes,
    optimizer,
    penalty,
    predict,
)
from pipelines.pipeline import Shape
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
    full = described(dense_classifier(FULL, SHAPE))
    assert described(dense_classifier(FULL, SHAPE)) == full
    for name, value in CHANGED.items():
        other = dense_classifier(FULL | {name: value}, SHAPE)
        assert described(other) != full, name
    # these act elsewhere: in the number of steps, and through their strengths
    missing = set(DENSE) - set(CHANGED) - {"batch_size", "l1", "l2"}
    missing.discard("sgd_learning_rate")  # tested with the optimizers
    assert missing == {f"width_{i}" for i in range(3, 7)}


def test_layers_stand_in_the_order_promised():
    block = ["Dense", "BatchNormalization", "Activation", "Dropout"]
    assert kinds(dense_classifier(FULL, SHAPE)) == ["InputLayer", *block * 2, "Dense"]
    bare = ["InputLayer", "Dense", "Activation", "Dense", "Activation", "Dense"]
    assert kinds(dense_classifier(BARE, SHAPE)) == bare
    off = BARE | {"batch_norm": False, "dropout": 0.0, "l1": "off", "l2": "off"}
    assert kinds(dense_classifier(off, SHAPE)) == bare


def test_widths_and_head_are_as_asked():
    model = dense_classifier(BARE, SHAPE)
    widths = [layer.units for layer in model.layers if hasattr(layer, "units")]
    assert widths == [16, 24, 4]
    assert model.layers[-1].activation.__name__ == "softmax"
    assert model.count_params() == 6 * 16 + 16 + 16 * 24 + 24 + 24 * 4 + 4


@pytest.mark.parametrize("inputs", [(6,), (3, 2), (3, 2, 1)])
def test_rows_of_any_shape_are_flattened(inputs):
    shape = Shape(inputs=inputs, n_outputs=4, n_rows=100)
    model = dense_classifier(BARE, shape)
    assert model.output_shape == (None, 4)
    assert ("Flatten" in kinds(model)) == (len(inputs) > 1)


def test_penalties_act_on_kernels_of_hidden_layers_only():
    model = dense_classifier(FULL, SHAPE)
    for layer in model.layers:
        if hasattr(layer, "bias"):
            layer.bias.assign(np.ones(layer.bias.shape))
    hidden = [layer for layer in model.layers if hasattr(layer, "kernel")][:-1]
    kernels = [np.asarray(layer.kernel, np.float64) for layer in hidden]
    expected = sum(1e-4 * abs(k).sum() + 1e-3 * (k**2).sum() for k in kernels)
    assert float(sum(model.losses)) == pytest.approx(expected, rel=1e-5)  # float32
    assert dense_classifier(BARE, SHAPE).losses == []


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


@pytest.mark.parametrize("smoothing", [0.0, 0.3])
def test_label_smoothing_is_in_the_loss_and_in_no_layer(smoothing):
    model = dense_classifier(BARE | {"label_smoothing": smoothing}, SHAPE)
    target = np.eye(4, dtype=np.float32)[[2]]
    shares = np.array([[0.1, 0.2, 0.6, 0.1]], np.float32)
    soft = target * (1 - smoothing) + smoothing / 4
    expected = -(soft * np.log(shares)).sum()
    assert float(model.loss(target, shares)) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize(
    ("name", "kind"), [("adam", "Adam"), ("adamw", "AdamW"), ("sgd", "SGD")]
)
def test_optimizers(name, kind):
    found = optimizer({"optimizer": name, "learning_rate": 0.003})
    assert type(found).__name__ == kind
    assert float(found.learning_rate) == pytest.approx(0.003)
    if name == "sgd":
        assert (found.momentum, found.nesterov) == (0.9, True)


def test_sgd_takes_its_own_rate_where_the_space_has_one():
    found = optimizer({"optimizer": "sgd", "sgd_learning_rate": 0.1})
    assert float(found.learning_rate) == pytest.approx(0.1)


@pytest.mark.parametrize("n_rows", [1, 64, 65, 100_000])
def test_steps_per_execution_never_exceed_the_steps_of_an_epoch(n_rows):
    shape = Shape(inputs=(6,), n_outputs=4, n_rows=n_rows)
    steps = dense_classifier(BARE, shape).steps_per_execution
    assert steps == min(STEPS_PER_EXECUTION, math.ceil(n_rows / 64))


def test_prediction_is_in_inference_mode_and_goes_block_by_block():
    model = dense_classifier(FULL, SHAPE)
    X = np.random.default_rng(0).normal(size=(PREDICT_ROWS + 3, 6)).astype(np.float32)
    shares = predict(model, X)
    assert shares.shape == (len(X), 4)
    assert shares.dtype == np.float32
    assert np.array_equal(predict(model, X), shares)  # dropout would differ
    expected = np.asarray(model(X, training=False))
    # float32 products of blocks of another size
    assert shares == pytest.approx(expected, abs=1e-6)


def test_training_takes_class_numbers_every_epoch_and_callback():
    import keras

    model = dense_classifier(BARE, SHAPE)
    rng = np.random.default_rng(0)
    y = rng.integers(0, 4, size=100)
    # one input per class: easy to learn, if the numbers meet the right outputs
    X = np.eye(6, dtype=np.float32)[y] * 3
    kept = X.copy(), y.copy()
    ended = []
    after = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: ended.append(logs["loss"])
    )
    fit_classes(model, X, y, BARE, epochs=12, callbacks=(after,))
    assert len(ended) == 12
    assert (predict(model, X).argmax(axis=1) == y).all()
    assert np.array_equal(X, kept[0])
    assert np.array_equal(y, kept[1])


def test_the_last_classes_may_have_no_row():
    model = dense_classifier(BARE, SHAPE)
    X = np.zeros((10, 6), np.float32)
    fit_classes(model, X, np.zeros(10, np.int64), BARE, epochs=1, callbacks=[])
