import keras
import numpy as np
import pytest

from pipelines.models import network
from pipelines.pipeline import Shape
from search.errors import SettingsError
from search.export import builder_code

PARAMS = {
    "n_layers": 2,
    "width_1": 7,
    "width_2": 5,
    "activation": "tanh",
    "optimizer": "adam",
    "learning_rate": 3e-4,
    "batch_size": 32,
    "dropout": 0.25,
    "l1": "off",
    "l2": "on",
    "l2_strength": 1e-3,
}


def written(params, task):
    found = {"keras": keras}
    exec(builder_code(params, task=task), found)
    return found["build_model"]


@pytest.mark.parametrize(
    "optimizer", [{"optimizer": "adam"}, {"optimizer": "sgd", "sgd_learning_rate": 0.1}]
)
def test_the_written_function_builds_the_network_that_was_searched(optimizer):
    params = PARAMS | optimizer | {"label_smoothing": 0.1}
    shape = Shape(inputs=(4, 3), n_outputs=3, n_rows=64)
    ours, plain = network(params, shape), written(params, "classification")((4, 3), 3)
    assert [w.shape for w in plain.weights] == [w.shape for w in ours.weights]
    plain.set_weights(ours.get_weights())
    X = np.random.default_rng(0).normal(size=(8, 4, 3)).astype("float32")
    y = keras.utils.to_categorical(np.arange(8) % 3, 3)
    # the same arithmetic in the same order; the layers differ in their names only
    np.testing.assert_allclose(plain(X), ours(X), rtol=1e-6)
    losses = [float(m.compute_loss(X, y, m(X))) for m in (plain, ours)]
    assert losses[0] == pytest.approx(losses[1], rel=1e-6)
    assert type(plain.optimizer) is type(ours.optimizer)
    assert float(plain.optimizer.learning_rate) == float(ours.optimizer.learning_rate)


def test_a_regressions_network_ends_in_one_value():
    model = written(PARAMS, "regression")((4,))
    assert model.output_shape == (None, 1)
    assert "label_smoothing" not in builder_code(PARAMS, task="regression")


def test_techniques_are_arguments():
    build = written(PARAMS, "classification")
    kinds = [type(x).__name__ for x in build((4,), 3, dropout=0.0).layers]
    assert "Dropout" not in kinds
    assert build((4,), 3, l2=0.0).layers[1].kernel_regularizer is None


@pytest.mark.parametrize("more", [{"block": "dense"}, {"batch_norm": True}])
def test_what_cannot_be_written_is_refused_by_name(more):
    with pytest.raises(SettingsError, match=f"got {next(iter(more))} = "):
        builder_code(PARAMS | more, task="classification")
