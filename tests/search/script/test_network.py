"""The written network begins with the searched one's weights and predicts alike."""

import keras
import numpy as np
import pytest

from pipelines.boston_housing import PIPELINE as BOSTON
from pipelines.digits import PIPELINE as DIGITS
from pipelines.models import network
from pipelines.moons import PIPELINE as MOONS
from pipelines.pipeline import Shape
from scripts import code_of, points, run
from search.script.network import APIS
from search.seeding import set_keras_seed
from spaces.narrow import narrow

SKIP = {"n_layers": 3, "width_1": 20, "width_2": 20, "width_3": 16, "skip": True}
BASE = DIGITS.spaces["dense"].initial()
OTHERS = [
    # a dense layer draws before the noise that stands in front of it
    {"gaussian_noise": 0.1, "augment_noise": 0.2},
    SKIP,
    SKIP | {"gaussian_noise": 0.1, "batch_norm": True},
    {"drop_connect": 0.3, "weight_norm": True, "l2": "on", "l2_strength": 0.01},
    {"prune_share": 0.5, "constraint": "max_norm", "max_norm": 2.0, "skip": True},
    {"constraint": "unit_norm", "l1": "on", "l1_strength": 1e-4},
    {"augment_flip": True, "augment_contrast": 0.2, "augment_brightness": 0.1},
]
NAS = narrow(DIGITS.spaces["nas"], ["block=dense,conv"])
SEVERAL = [
    (DIGITS, BASE | OTHERS[0] | SKIP | {"batch_norm": True}),
    (DIGITS, BASE | OTHERS[3] | {"gaussian_noise": 0.1, "width_1": 8, "width_2": 6}),
    (DIGITS, NAS.initial()),
    (BOSTON, BOSTON.spaces["dense"].initial()),
]
MANY = [
    *((DIGITS, BASE | other) for other in OTHERS),
    *((DIGITS, point) for point in points(DIGITS.spaces["dense"], 2)),
    *((DIGITS, point) for point in points(DIGITS.spaces["conv"], 3)),
    *((DIGITS, point) for point in points(DIGITS.spaces["cocktail"], 6)),
    *((DIGITS, point) for point in points(NAS, 4)),
    *((MOONS, point) for point in points(MOONS.spaces["nas"], 3)),
    *((BOSTON, point) for point in points(BOSTON.spaces["dense"], 2)),
]
FEW, MORE = SEVERAL[::2], [*SEVERAL[1::2], *MANY]
CASES = [*FEW, *(pytest.param(*case, marks=pytest.mark.slow) for case in MORE)]


def searched(pipeline, params, X, epochs=4):
    """Return the network as a rerun builds it."""
    shape = Shape(
        inputs=X.shape[1:],
        n_outputs=pipeline.n_outputs,
        n_rows=len(X),
        task=pipeline.task,
        epochs=epochs,
    )
    set_keras_seed(7)
    return network(params, shape)


def written(recorded, pipeline, X, api="functional"):
    """Return the network that the script builds."""
    code = code_of(recorded, "Parameters", "Build", api=api)
    y = np.arange(len(X)) % pipeline.n_outputs
    names = run(code, X_train=X, y_train=y)
    keras.utils.set_random_seed(7)
    return names["build_model"]()


def rows_of(pipeline):
    return pipeline.load("train").X[:64].astype("float32")


@pytest.mark.parametrize(("pipeline", "params"), CASES)
def test_weights_and_predictions_are_equal(pipeline, params, record):
    X = rows_of(pipeline)
    ours = searched(pipeline, params, X)
    plain = written(record(pipeline.name, params), pipeline, X)
    for one, other in zip(ours.weights, plain.weights, strict=True):
        np.testing.assert_array_equal(one, other)
    np.testing.assert_array_equal(ours.predict_on_batch(X), plain.predict_on_batch(X))
    assert plain.optimizer.get_config().keys() == ours.optimizer.get_config().keys()


@pytest.mark.parametrize("api", [api for api in APIS if api != "functional"])
@pytest.mark.parametrize(("pipeline", "params"), CASES)
def test_keras_ways_give_equal_networks(api, pipeline, params, record):
    if api == "sequential" and (
        params.get("skip") or params.get("block") == "wide_deep"
    ):
        pytest.skip("no layers one behind the other")
    if api == "subclass" and params.get("weight_norm"):
        pytest.skip("refused")
    X = rows_of(pipeline)
    recorded = record(pipeline.name, params)
    one, other = written(recorded, pipeline, X), written(recorded, pipeline, X, api)
    np.testing.assert_array_equal(one.predict_on_batch(X), other.predict_on_batch(X))
    targets = np.eye(pipeline.n_outputs, dtype="float32")[
        np.arange(64) % pipeline.n_outputs
    ]
    for model in (one, other):
        for _ in range(2):
            model.train_on_batch(X, targets)
    # the same sums; the order in which gradients are computed may differ
    np.testing.assert_allclose(
        one.predict_on_batch(X), other.predict_on_batch(X), rtol=1e-4, atol=1e-5
    )
