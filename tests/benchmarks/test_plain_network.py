"""The peer trains our network: the same function, the same loss, the same steps."""

import keras
import numpy as np
import pytest
from peers.plain_network import plain_network

from pipelines.fashion_mnist import PIPELINE
from pipelines.pipeline import Shape

COMMON = {"dropout": 0.0, "batch_size": 64, "learning_rate": 1e-3}
CONFIGURATIONS = [
    {
        "n_layers": 2,
        "width_1": 6,
        "width_2": 5,
        "activation": "gelu",
        "batch_norm": True,
        "l1": "on",
        "l1_strength": 1e-3,
        "l2": "on",
        "l2_strength": 1e-2,
        "label_smoothing": 0.2,
        "optimizer": "adamw",
        **COMMON,
    },
    {
        "n_layers": 1,
        "width_1": 7,
        "activation": "tanh",
        "batch_norm": False,
        "l1": "off",
        "l2": "off",
        "label_smoothing": 0.0,
        "optimizer": "sgd",
        "sgd_learning_rate": 0.05,
        **COMMON,
    },
]


@pytest.mark.slow
@pytest.mark.parametrize("params", CONFIGURATIONS)
def test_same_weights_same_steps(params):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(128, 28, 28)).astype(np.float32)
    y = rng.integers(10, size=128)
    shape = Shape(inputs=(28, 28), n_outputs=10, n_rows=len(X))
    ours, theirs = PIPELINE.build(params, shape), plain_network(params)
    theirs.set_weights(ours.get_weights())
    one_hot = keras.utils.to_categorical(y, 10)
    options = {"batch_size": 64, "epochs": 3, "shuffle": False, "verbose": 0}
    losses = [
        model.fit(X, one_hot, **options).history["loss"] for model in (ours, theirs)
    ]
    # the programs differ by `steps_per_execution`: float32 in another order
    assert losses[0] == pytest.approx(losses[1], rel=1e-4)
    assert losses[0][-1] < losses[0][0]
    np.testing.assert_allclose(ours.predict(X), theirs.predict(X), atol=1e-3)
