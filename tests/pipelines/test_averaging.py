import numpy as np
import pytest

from pipelines.averaging import EpochAverage
from pipelines.fitting import fit, predict
from pipelines.models import dense_network
from pipelines.pipeline import Shape
from search.seeding import set_keras_seed

rng = np.random.default_rng(0)
X = rng.normal(size=(40, 6)).astype(np.float32) * 3 + 1
y = rng.integers(0, 4, size=40)
SHAPE = Shape(inputs=(6,), n_outputs=4, n_rows=40, epochs=8)
PLAIN = {
    "n_layers": 1, "width_1": 5, "activation": "relu", "optimizer": "sgd",
    "learning_rate": 0.1, "batch_size": 40,
}  # fmt: skip
BATCH_NORM = PLAIN | {"batch_norm": True}
EPOCHS = 6


def train(params, epochs=EPOCHS):
    """Train one step an epoch; return the model and what it held after each one."""
    import keras

    set_keras_seed(0)
    model = dense_network(params, SHAPE)
    model.run_eagerly = True  # six steps are not worth a compilation
    weights, predictions = [], []
    after = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: (
            weights.append(model.get_weights()),
            predictions.append(predict(model, X)),
        )
    )
    fit(model, X, y, params, epochs=epochs, callbacks=[after])
    return model, weights, predictions


@pytest.fixture(scope="module")
def steps():
    """The weights that training goes through, nothing averaged."""
    return train(PLAIN)[1]


def assert_equal(found, expected):
    for one, other in zip(found, expected, strict=True):
        # float32 sums in another order
        assert one == pytest.approx(other, rel=1e-5, abs=1e-6)


def test_the_moving_average_of_all_steps_is_shipped_and_training_goes_on(steps):
    momentum = 0.8
    params = PLAIN | {"averaging": "ema", "ema_momentum": momentum}
    model, weights, predictions = train(params)
    average = steps[0]
    for epoch in range(EPOCHS):
        if epoch:
            pairs = zip(average, steps[epoch], strict=True)
            average = [momentum * a + (1 - momentum) * w for a, w in pairs]
        assert_equal(weights[epoch], average)
    assert_equal(model.get_weights(), weights[-1])
    assert np.array_equal(predict(model, X), predictions[-1])


def test_the_mean_of_the_last_epochs_is_shipped_and_training_goes_on(steps):
    # planned for 8 epochs: the mean begins with the fifth
    model, weights, _ = train(PLAIN | {"averaging": "swa", "swa_start": 0.5})
    for epoch in range(4):
        assert_equal(weights[epoch], steps[epoch])
    assert_equal(weights[4], steps[4])
    pairs = zip(steps[4], steps[5], strict=True)
    assert_equal(weights[5], [(one + other) / 2 for one, other in pairs])
    assert_equal(model.get_weights(), weights[-1])


@pytest.mark.parametrize(
    "averaging",
    [{"averaging": "ema", "ema_momentum": 0.9}, {"averaging": "swa", "swa_start": 0.0}],
)
def test_batch_statistics_are_those_of_the_averaged_weights(averaging):
    model, _, _ = train(BATCH_NORM | averaging, epochs=2)
    dense, norm = model.layers[1], model.layers[2]
    received = X @ np.asarray(dense.kernel) + np.asarray(dense.bias)
    assert np.asarray(norm.moving_mean) == pytest.approx(received.mean(0), abs=1e-4)
    assert np.asarray(norm.moving_variance) == pytest.approx(received.var(0), rel=1e-4)
    assert norm.momentum == 0.99  # as Keras has it: training goes on with it


def test_a_mean_that_has_not_begun_ships_what_is_trained():
    keeper = EpochAverage(X, start=3)
    networks = [[np.ones(2, np.float32)]]
    assert keeper.keep(None, 2, networks) is networks
