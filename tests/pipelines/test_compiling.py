import math

import numpy as np
import pytest

from pipelines.compiling import STEPS_PER_EXECUTION, UNITS, optimizer
from pipelines.fitting import fit
from pipelines.models import dense_network
from pipelines.pipeline import Shape
from search.seeding import set_keras_seed

SHAPE = Shape(inputs=(6,), n_outputs=4, n_rows=100)
BARE = {
    "n_layers": 2, "width_1": 16, "width_2": 24, "activation": "relu",
    "optimizer": "adam", "learning_rate": 0.01, "batch_size": 64,
}  # fmt: skip


@pytest.mark.parametrize("smoothing", [0.0, 0.3])
def test_label_smoothing_is_in_the_loss_and_in_no_layer(smoothing):
    model = dense_network(BARE | {"label_smoothing": smoothing}, SHAPE)
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
    steps = dense_network(BARE, shape).steps_per_execution
    assert steps == min(STEPS_PER_EXECUTION, math.ceil(n_rows / 64))


REGRESSION = Shape(inputs=(6,), n_outputs=1, n_rows=100, task="regression")


def test_a_regression_ends_in_its_unit_which_is_not_trained():
    model = dense_network(BARE, REGRESSION)
    head = model.get_layer(UNITS)
    assert model.output_shape == (None, 1)
    assert not head.trainable
    assert len(model.trainable_variables) == 6  # two layers and the value before it


def test_a_regression_loss_does_not_depend_on_the_unit():
    model = dense_network(BARE, REGRESSION)
    head = model.get_layer(UNITS)
    y, predicted = np.array([[3.0], [5.0]]), np.array([[4.0], [9.0]])
    losses = []
    for unit in (1.0, 1000.0):
        head.set_weights([np.array([[2.0 * unit]]), np.array([4.0 * unit])])
        losses.append(np.asarray(model.loss(y * unit, predicted * unit)))
    assert losses[0] == pytest.approx([0.25, 4.0])
    assert losses[1] == pytest.approx(losses[0])


def test_label_smoothing_needs_classes():
    with pytest.raises(ValueError, match="label_smoothing: needs classes"):
        dense_network(BARE | {"label_smoothing": 0.1}, REGRESSION)


W = np.array([[0.5, -2.0]], np.float32)
RATE = 0.1


def one_step(name, **params):
    """The weights of a layer after one step along no gradient at all."""
    import keras

    layer = keras.layers.Dense(2)
    layer.build((None, 1))
    layer.set_weights([W, np.ones(2)])
    made = optimizer({"optimizer": name, "learning_rate": RATE} | params)
    made.build(layer.trainable_variables)
    made.apply([np.zeros_like(W), np.zeros(2, np.float32)])
    return np.asarray(layer.kernel), np.asarray(layer.bias)


@pytest.mark.parametrize("name", ["l1_strength", "l2_strength"])
def test_a_penalty_changes_one_gradient_step_as_its_formula_says(name):
    strength = 0.01
    steps = {}
    for params in ({}, {name: strength}):
        set_keras_seed(0)
        model = dense_network(
            {"n_layers": 1, "width_1": 3, "activation": "relu", "optimizer": "sgd",
             "learning_rate": RATE, "batch_size": 8} | params,
            Shape(inputs=(6,), n_outputs=4, n_rows=8),
        )  # fmt: skip
        model.run_eagerly = True  # one step is not worth a compilation
        rows = np.random.default_rng(0).normal(size=(8, 6)).astype(np.float32)
        before = model.get_weights()
        fit(model, rows, np.arange(8) % 4, params | {"batch_size": 8}, epochs=1,
            callbacks=[])  # fmt: skip
        steps[bool(params)] = [new - old for old, new in zip(
            before, model.get_weights(), strict=True)]  # fmt: skip
    kernel, *others = zip(steps[False], steps[True], strict=True)
    gradient = {
        "l1_strength": strength * np.sign(before[0]),
        "l2_strength": strength * 2 * before[0],  # no half in Keras' formula
    }[name]
    # a first step with Nesterov momentum .9 goes 1.9 times as far
    expected = kernel[0] - 1.9 * RATE * gradient
    assert kernel[1] == pytest.approx(expected, rel=1e-4, abs=1e-6)
    for without, with_penalty in others:  # biases and the head
        assert np.array_equal(without, with_penalty)


@pytest.mark.parametrize("name", ["sgd", "adam", "adamw"])
def test_weight_decay_takes_a_share_off_the_kernels_beside_the_gradient(name):
    strength = 0.2
    kernel, bias = one_step(name, weight_decay_strength=strength)
    # rate * strength * w for every optimizer: Adam does not scale it
    assert kernel == pytest.approx(W * (1 - RATE * strength), rel=1e-6)
    assert (bias == 1).all()


def test_without_weight_decay_only_adamw_has_some():
    for name in ("sgd", "adam"):
        assert one_step(name)[0] == pytest.approx(W)
    kernel, bias = one_step("adamw")
    assert kernel == pytest.approx(W * (1 - RATE * 0.004), rel=1e-6)
    assert bias == pytest.approx(1 - RATE * 0.004, rel=1e-6)


def test_a_schedule_is_the_optimizers_rate():
    params = BARE | {"schedule": "linear"}
    shape = Shape(inputs=(6,), n_outputs=4, n_rows=128, epochs=5)  # 10 steps
    model = dense_network(params, shape)
    assert float(model.optimizer.learning_rate) == pytest.approx(0.01)
    model.optimizer.iterations.assign(5)
    assert float(model.optimizer.learning_rate) == pytest.approx(0.005)
