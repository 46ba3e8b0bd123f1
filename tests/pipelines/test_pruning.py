import numpy as np
import pytest

from pipelines.fitting import fit, predict
from pipelines.models import dense_network
from pipelines.pipeline import Shape
from pipelines.shipping import n_parameters, plain, shipped
from search.seeding import set_keras_seed

rng = np.random.default_rng(0)
X = rng.normal(size=(40, 6)).astype(np.float32)
y = rng.integers(0, 4, size=40)
SHAPE = Shape(inputs=(6,), n_outputs=4, n_rows=40, epochs=4)
PARAMS = {
    "n_layers": 2, "width_1": 10, "width_2": 5, "activation": "relu",
    "optimizer": "adam", "learning_rate": 0.1, "batch_size": 20,
    "prune_share": 0.8,
}  # fmt: skip


def train(params):
    """Return the model and the hidden kernels that were held after each epoch."""
    import keras

    set_keras_seed(0)
    model = dense_network(params, SHAPE)
    model.run_eagerly = True
    kernels = []
    hidden = [layer for layer in model.layers if hasattr(layer, "kernel")][:-1]
    after = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: kernels.append(
            [np.asarray(layer.kernel) for layer in hidden]
        )
    )
    fit(model, X, y, params, epochs=4, callbacks=[after])
    return model, kernels


@pytest.mark.parametrize(
    "also",
    [
        pytest.param({}, id="alone"),
        *(
            pytest.param(also, id=next(iter(also)), marks=pytest.mark.slow)
            for also in (
                {"averaging": "ema", "ema_momentum": 0.5},
                {"averaging": "swa", "swa_start": 0.25},
                {"early_stopping": "on", "patience": 4},
                {"snapshots": 2},
                {"weight_norm": True, "weight_decay_strength": 0.5, "l2_strength": 0.1},
            )
        ),
    ],
)
def test_whatever_is_shipped_is_sparse_and_predicts_the_same(also):
    params = PARAMS | also
    model, kernels = train(params)
    for epoch in kernels:
        for kernel in epoch:
            assert (kernel == 0).sum() == round(0.8 * kernel.size)
    networks = shipped(model)
    alone = []
    for weights in networks:
        assert (weights[0] == 0).sum() == 48
        network = dense_network(plain(params), SHAPE)
        assert {type(layer).__module__.split(".")[0] for layer in network.layers} == {
            "keras"
        }
        network.set_weights(weights)
        alone.append(predict(network, X))
    assert n_parameters(model) == network.count_params()
    assert predict(model, X) == pytest.approx(np.mean(alone, axis=0), abs=1e-6)


def test_masks_stay_from_the_middle_on_while_training_goes_on():
    _, kernels = train(PARAMS)
    kept = [[kernel != 0 for kernel in epoch] for epoch in kernels]
    # before it they are chosen anew each epoch
    assert not all(map(np.array_equal, kept[0], kept[1]))
    for layer in range(2):
        assert np.array_equal(kept[1][layer], kept[2][layer])
        assert np.array_equal(kept[2][layer], kept[3][layer])
        assert not np.array_equal(kernels[2][layer], kernels[3][layer])
