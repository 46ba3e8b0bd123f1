import math

import numpy as np
import pytest

from pipelines.compiling import STEPS_PER_EXECUTION, UNITS, optimizer
from pipelines.models import dense_network
from pipelines.pipeline import Shape

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
