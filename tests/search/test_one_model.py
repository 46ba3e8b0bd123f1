"""Several networks as one: they are built, not trained."""

import keras
import numpy as np
import pytest

from pipelines.boston_housing import PIPELINE as BOSTON
from pipelines.compiling import UNITS
from pipelines.digits import PIPELINE as DIGITS
from pipelines.pipeline import Shape
from search.common_inputs import SAME, Rescale
from search.one_model import Network, as_one_file

PARAMS = {
    "n_layers": 1, "width_1": 6, "activation": "tanh", "optimizer": "adam",
    "learning_rate": 0.01, "batch_size": 32, "batch_norm": True,
}  # fmt: skip
IMAGES = Shape(inputs=(8, 8), n_outputs=10, n_rows=90)
COLUMNS = Shape(inputs=(5,), n_outputs=1, n_rows=90, task="regression")
RESCALE = Rescale((0.25,), (-3.0,))


@pytest.fixture
def build(tmp_path):
    """Return a function that builds networks and gives each with its file's bytes."""

    def build(pipeline, shape, n):
        found = []
        for number in range(n):
            model = pipeline.build(PARAMS, shape)
            if shape.task == "regression":  # as training sets it
                weights = [np.array([[10.0 + number]]), np.array([100.0 * number])]
                model.get_layer(UNITS).set_weights(weights)
            model.save(tmp_path / "one.keras")
            found.append((model, (tmp_path / "one.keras").read_bytes()))
        return found

    return build


@pytest.fixture
def joined(tmp_path):
    """Return a function that joins networks and loads what that gives."""

    def joined(built, counts, rescales, task):
        members = [
            Network(name=f"trial_{n}", model=data, count=count, rescale=rescale)
            for n, ((_, data), count, rescale) in enumerate(
                zip(built, counts, rescales, strict=True)
            )
        ]
        path = tmp_path / "joined.keras"
        path.write_bytes(as_one_file(members, task=task))
        return keras.models.load_model(path, safe_mode=True)

    return joined


def rows_of(shape):
    rng = np.random.default_rng(0)
    return rng.normal(size=(30, *shape.inputs)).astype(np.float32)


@pytest.mark.parametrize(("pipeline", "shape"), [(DIGITS, IMAGES), (BOSTON, COLUMNS)])
def test_it_predicts_the_weighted_mean(build, joined, pipeline, shape):
    built = build(pipeline, shape, 3)
    rows = rows_of(shape)
    rescales = [SAME, RESCALE, SAME]
    model = joined(built, (3, 2, 1), rescales, shape.task)
    scaled = [rows, np.float32(0.25) * rows - np.float32(3), rows]
    alone = [
        pipeline.evaluate(network, X)
        for (network, _), X in zip(built, scaled, strict=True)
    ]
    expected = np.average(alone, axis=0, weights=(3, 2, 1))
    assert np.std(expected) > 0.01
    # float32 sums in another order
    found = pipeline.evaluate(model, rows)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_it_has_one_input_and_each_network_once(build, joined):
    model = joined(build(DIGITS, IMAGES, 2), (5, 1), [SAME, SAME], "classification")
    assert model.input_shape == (None, 8, 8)
    names = [layer.name for layer in model.layers]
    assert names[1:] == ["trial_0", "trial_1", "average"]
    one = DIGITS.build(PARAMS, IMAGES).count_params()
    assert model.count_params() == 2 * one


def test_a_network_alone_stays_as_it_is(build):
    ((_, data),) = build(DIGITS, IMAGES, 1)
    alone = Network(name="trial_0", model=data, count=4, rescale=SAME)
    assert as_one_file([alone], task="classification") == data
