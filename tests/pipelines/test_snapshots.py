import numpy as np
import pytest

from pipelines.fitting import fit, predict
from pipelines.models import dense_network
from pipelines.pipeline import Shape
from pipelines.shipping import held
from pipelines.snapshots import Snapshots
from search.seeding import set_keras_seed

rng = np.random.default_rng(0)
X = rng.normal(size=(40, 6)).astype(np.float32)
y = rng.integers(0, 4, size=40)
PARAMS = {
    "n_layers": 1, "width_1": 5, "activation": "relu", "optimizer": "adam",
    "learning_rate": 0.1, "batch_size": 10, "snapshots": 2,
}  # fmt: skip


def test_the_lows_are_kept_and_what_is_left_over_is_not_trained():
    keeper = Snapshots(2, epochs=5)  # cycles of two epochs
    kept = [keeper.keep(None, epoch, [epoch]) for epoch in range(3)]
    assert kept == [[0], [1], [1]]
    assert not keeper.done
    assert keeper.keep(None, 3, [3]) == [1, 3]
    assert keeper.done


def test_fewer_epochs_than_snapshots_give_one_each_epoch():
    keeper = Snapshots(4, epochs=2)
    assert keeper.keep(None, 0, [0]) == [0]
    assert keeper.keep(None, 1, [1]) == [0, 1]


@pytest.mark.slow
@pytest.mark.parametrize("task", ["classification", "regression"])
def test_predictions_of_all_snapshots_are_averaged(task):
    import keras

    n_outputs = 4 if task == "classification" else 1
    shape = Shape(inputs=(6,), n_outputs=n_outputs, n_rows=40, task=task, epochs=5)
    set_keras_seed(0)
    model = dense_network(PARAMS, shape)
    model.run_eagerly = True
    seen = []
    after = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: seen.append((held(model), predict(model, X)))
    )
    targets = y if task == "classification" else y.astype(np.float64)
    fit(model, X, targets, PARAMS, epochs=5, callbacks=[after])
    assert [len(networks) for networks, _ in seen] == [1, 1, 1, 2]  # the fifth is left
    own = model.get_weights()
    predictions = predict(model, X)
    assert all(map(np.array_equal, model.get_weights(), own))
    assert np.array_equal(predictions, seen[-1][1])
    alone = []
    for weights in held(model):
        other = dense_network(PARAMS, shape)
        other.set_weights(weights)
        alone.append(predict(other, X))
    assert np.abs(alone[0] - alone[1]).max() > 0.01  # they are two networks
    # step by step and compiled: the last digit of float32
    assert seen[1][1] == pytest.approx(alone[0], rel=1e-6)
    assert predictions == pytest.approx(np.mean(alone, axis=0), rel=1e-6)


@pytest.mark.slow
def test_the_next_training_of_a_model_begins_with_one_network():
    shape = Shape(inputs=(6,), n_outputs=4, n_rows=40, epochs=2)
    model = dense_network(PARAMS, shape)
    model.run_eagerly = True
    for _ in range(2):
        fit(model, X, y, PARAMS, epochs=1, callbacks=[])
        assert len(held(model)) == 1
        fit(model, X, y, PARAMS, epochs=2, callbacks=[])
        assert len(held(model)) == 2
