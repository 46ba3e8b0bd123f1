import os
import random
import subprocess
import sys

import numpy as np
import pytest

from pipelines.fitting import fit, predict
from pipelines.models import network
from pipelines.pipeline import Shape
from search import model_cache
from search.fold import run_fold
from search.seeding import set_keras_seed
from spaces.narrow import narrow
from spaces.nas import LEAST_WEIGHTS, NAS_IMAGES, NAS_TABLE

DIGITS = Shape(inputs=(8, 8), n_outputs=10, n_rows=1000)
CLOTHES = Shape(inputs=(28, 28), n_outputs=10, n_rows=48_000)
TABLE = Shape(inputs=(13,), n_outputs=3, n_rows=300)

AROUND = {
    "tail/n_layers": 2, "tail/width_1": 24, "tail/width_2": 16,
    "tail/activation": "gelu", "tail/batch_norm": True, "tail/dropout": 0.3,
    "head/dropout": 0.2, "head/label_smoothing": 0.1, "l1": "on", "l1_strength": 1e-5,
    "l2": "on", "l2_strength": 1e-3, "optimizer": "adam", "learning_rate": 0.01,
    "batch_size": 64,
}  # fmt: skip
DENSE = AROUND | {
    "block": "dense", "dense/num_layers": 2, "dense/use_batchnorm": True,
    "dense/dropout": 0.1, "dense/units_0": 32, "dense/units_1": 20,
}  # fmt: skip
CONV = AROUND | {
    "block": "conv", "conv/kernel_size": 3, "conv/separable": False,
    "conv/max_pooling": True, "conv/num_blocks": 2, "conv/num_layers": 2,
    "conv/dropout": 0.1, "conv/filters_0": 8, "conv/filters_1": 12,
    "reduction/reduction_type": "flatten",
}  # fmt: skip
RESNET = AROUND | {"block": "resnet", "resnet/version": "resnet50"}
XCEPTION = AROUND | {"block": "xception", "reduction/reduction_type": "global_avg"}
STRUCTURED = AROUND | {
    "block": "structured", "structured/dense_block/num_layers": 1,
    "structured/dense_block/use_batchnorm": False,
    "structured/dense_block/dropout": 0.1, "structured/dense_block/units_0": 32,
}  # fmt: skip
WIDE_DEEP = AROUND | {
    "block": "wide_deep", "wide_deep/num_layers": 1, "wide_deep/use_batchnorm": False,
    "wide_deep/dropout": 0.1, "wide_deep/units_0": 32,
}  # fmt: skip
POINTS = {
    "dense": (DENSE, DIGITS), "conv": (CONV, DIGITS),
    "separable": (CONV | {"conv/separable": True}, CLOTHES),
    "resnet": (RESNET, DIGITS), "xception": (XCEPTION, DIGITS),
    "structured": (STRUCTURED, TABLE), "wide_deep": (WIDE_DEEP, TABLE),
}  # fmt: skip
every_block = pytest.mark.parametrize(("params", "shape"), POINTS.values(), ids=POINTS)

# Of each parameter another value than above.
CHANGED = {
    "tail/n_layers": 1, "tail/width_1": 25, "tail/width_2": 17,
    "tail/activation": "tanh", "tail/batch_norm": False, "tail/dropout": 0.4,
    "head/dropout": 0.0, "head/label_smoothing": 0.2, "l1": "off",
    "l1_strength": 2e-5, "l2": "off", "l2_strength": 2e-3,
    "dense/num_layers": 1, "dense/use_batchnorm": False, "dense/dropout": 0.0,
    "dense/units_0": 33, "dense/units_1": 21, "conv/kernel_size": 5,
    "conv/separable": True, "conv/max_pooling": False, "conv/num_blocks": 1,
    "conv/num_layers": 1, "conv/dropout": 0.2, "conv/filters_0": 9,
    "conv/filters_1": 13, "reduction/reduction_type": "global_max",
    "resnet/version": "resnet50_v2", "structured/dense_block/use_batchnorm": True,
    "structured/dense_block/dropout": 0.2, "structured/dense_block/units_0": 33,
    "wide_deep/use_batchnorm": True, "wide_deep/dropout": 0.2,
    "wide_deep/units_0": 33,
}  # fmt: skip
# They decide about others, or about the training; tested apart.
ELSEWHERE = {
    "block", "optimizer", "learning_rate", "batch_size",
    "structured/dense_block/num_layers", "wide_deep/num_layers",
}  # fmt: skip


@pytest.fixture
def blueprint(monkeypatch):
    """Return a builder of models whose weights are never allocated."""
    import keras
    from keras.src.backend.common import global_state

    def build(params, shape):
        # an optimizer has a variable that cannot be left without a value
        monkeypatch.setattr("pipelines.autokeras_graph.optimizer", lambda params: None)
        with keras.StatelessScope(initialize_variables=False):
            return network(params, shape)

    yield build
    global_state.set_global_attribute("uninitialized_variables", [])


def every_layer(model):
    return [layer for layer in model._flatten_layers() if not hasattr(layer, "layers")]


def described(model):
    """Everything that a point can decide about the network."""
    # not by get_config: it imports TensorFlow on every backend
    names = ("units", "filters", "kernel_size", "pool_size", "rate", "padding")
    return [model.loss.label_smoothing] + [
        (
            type(layer).__name__,
            *(getattr(layer, name, None) for name in names),
            getattr(getattr(layer, "activation", None), "__name__", None),
            [strengths(weight) for weight in layer.weights],
        )
        for layer in every_layer(model)
    ]


def strengths(weight):
    found = weight.regularizer
    return weight.shape, found and (float(found.l1), float(found.l2))


def active(space, params):
    """Drop what the other values switch off."""
    point = {}
    for name in space:
        if name in params and space.is_active(name, point):
            point[name] = params[name]
    return space.check(point)


# What is asked is what was proposed


@pytest.mark.parametrize("shape", [DIGITS, CLOTHES, TABLE], ids=lambda s: str(s.inputs))
def test_every_point_can_be_built(blueprint, shape):
    # A build refuses by itself what was not proposed and what it does not use.
    space = NAS_TABLE if shape is TABLE else NAS_IMAGES
    rng = random.Random(0)
    points = [space.sample(rng) for _ in range(60)]
    large = [p for p in points if p["block"] in ("resnet", "xception")]
    for point in [p for p in points if p not in large] + large[:4]:
        model = blueprint(point, shape)
        assert model.input_shape == (None, *shape.inputs)
        assert model.output_shape == (None, shape.n_outputs)


@every_block
def test_what_nobody_proposed_cannot_be_asked_for(blueprint, params, shape):
    for name in sorted(params.keys() - {*AROUND, "block"}):
        with pytest.raises(LookupError, match=f"asks for '{name}"):
            blueprint({n: v for n, v in params.items() if n != name}, shape)


def test_what_nobody_asks_for_cannot_be_proposed(blueprint):
    for name in ("conv/kernel_size", "tail/width_3", "pretrained"):
        with pytest.raises(LookupError, match=rf"nobody asked for \['{name}'\]"):
            blueprint(DENSE | {name: 3}, DIGITS)


def test_an_unknown_block_is_named(blueprint):
    with pytest.raises(LookupError, match="'transformer'"):
        blueprint(AROUND | {"block": "transformer"}, DIGITS)


@every_block
def test_every_parameter_has_an_effect(blueprint, params, shape):
    space = NAS_TABLE if shape is TABLE else NAS_IMAGES
    full = described(blueprint(params, shape))
    large = params["block"] in ("resnet", "xception")
    for name in params.keys() - ELSEWHERE - (AROUND.keys() if large else set()):
        if params[name] == CHANGED[name]:
            assert params is POINTS["separable"][0]
            continue
        changed = active(space, params | {name: CHANGED[name]})
        assert described(blueprint(changed, shape)) != full, name


def test_every_parameter_of_the_spaces_is_tested_for_an_effect():
    spaces = {*NAS_IMAGES, *NAS_TABLE}
    deeper = {"sgd_learning_rate", "dense/units_2", "conv/filters_2"}
    deeper |= {n for n in NAS_TABLE if n.endswith(("units_1", "units_2"))}
    assert spaces - deeper == {*CHANGED, *ELSEWHERE}


# What AutoKeras lacks


@every_block
def test_penalties_are_on_every_kernel_but_the_heads(blueprint, params, shape):
    model = blueprint(params, shape)
    penalised, plain = [], []
    for layer in every_layer(model):
        for weight in layer.weights:
            (penalised if weight.regularizer else plain).append((layer, weight))
    head = model.layers[-2]
    assert type(head).__name__ == "Dense"
    assert {w.name for _, w in penalised} <= {
        "kernel", "depthwise_kernel", "pointwise_kernel"
    }  # fmt: skip
    assert [layer for layer, w in plain if "kernel" in w.name] == [head]
    for layer, weight in penalised:
        regularizer = weight.regularizer
        assert (float(regularizer.l1), float(regularizer.l2)) == (
            pytest.approx(1e-5),  # Keras keeps them in single precision
            pytest.approx(1e-3),
        )
        # and where the layer is written from, when the model is saved
        name = f"{weight.name.removesuffix('_kernel')}_regularizer"
        assert getattr(layer, name) is regularizer


@every_block
def test_without_penalties_there_is_none(blueprint, params, shape):
    off = {n: v for n, v in params.items() if not n.endswith("_strength")}
    model = blueprint(off | {"l1": "off", "l2": "off"}, shape)
    assert all(weight.regularizer is None for weight in model.weights)


def test_dropout_is_where_it_was_asked_for(blueprint):
    def rates(params):
        model = blueprint(params, DIGITS)
        return [layer.rate for layer in model.layers if hasattr(layer, "rate")]

    assert rates(CONV) == [0.1, 0.1, 0.3, 0.3, 0.2]  # blocks, tail, head
    off = dict.fromkeys(("conv/dropout", "tail/dropout", "head/dropout"), 0.0)
    assert rates(CONV | off) == []


@pytest.mark.parametrize("shape", [DIGITS, CLOTHES], ids=["digits", "clothes"])
@pytest.mark.parametrize(
    "params",
    [RESNET, RESNET | {"resnet/version": "resnet50_v2"}, XCEPTION],
    ids=["resnet50", "resnet50_v2", "xception"],
)
def test_large_blocks_have_no_fewer_weights_than_is_said(blueprint, params, shape):
    smallest = active(NAS_IMAGES, params | {"tail/n_layers": 0})
    n_weights = blueprint(smallest, shape).count_params()
    least = LEAST_WEIGHTS[params["block"]]
    assert least <= n_weights < 1.01 * least


def test_layers_between_two_poolings_have_equally_many_filters(blueprint):
    model = blueprint(CONV, DIGITS)
    filters = [layer.filters for layer in model.layers if hasattr(layer, "filters")]
    assert filters == [8, 8, 12, 12]


def test_the_columns_have_a_direct_way_to_the_tail(blueprint):
    model = blueprint(WIDE_DEEP, TABLE)
    merged = next(x for x in model.layers if type(x).__name__ == "Concatenate")
    assert merged.output.shape == (None, 13 + 32)
    deep = blueprint(STRUCTURED, TABLE)
    assert "Concatenate" not in [type(x).__name__ for x in deep.layers]


def test_images_with_channels_are_taken_as_they_are(blueprint):
    shape = Shape(inputs=(16, 16, 3), n_outputs=2, n_rows=100)
    model = blueprint(CONV, shape)
    assert model.input_shape == (None, 16, 16, 3)
    assert "Reshape" not in [type(x).__name__ for x in model.layers]
    assert model.output_shape == (None, 2)  # two classes have two probabilities
    assert "Reshape" in [type(x).__name__ for x in blueprint(CONV, DIGITS).layers]


# Real models


@pytest.mark.parametrize(
    ("chosen", "name", "rate"),
    [
        ({"optimizer": "adamw", "learning_rate": 0.002}, "AdamW", 0.002),
        ({"optimizer": "sgd", "sgd_learning_rate": 0.2}, "SGD", 0.2),
    ],
)
def test_it_is_compiled_as_other_networks_are(chosen, name, rate):
    params = {n: v for n, v in DENSE.items() if n != "learning_rate"} | chosen
    model = network(params | {"batch_size": 128}, DIGITS)
    assert type(model.optimizer).__name__ == name
    # single precision
    assert float(model.optimizer.learning_rate) == pytest.approx(rate, rel=1e-6)
    assert type(model.loss).__name__ == "CategoricalCrossentropy"
    assert model.loss.label_smoothing == 0.1
    assert model.steps_per_execution == 8  # 1,000 rows in batches of 128


def test_two_builds_in_one_process_are_equal():
    one, two = ((set_keras_seed(3), network(STRUCTURED, TABLE))[1] for _ in range(2))
    assert described(one) == described(two)
    assert all(map(np.array_equal, one.get_weights(), two.get_weights()))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["dense", pytest.param("conv", marks=pytest.mark.ci)])
def test_a_reset_model_trains_as_a_new_one_bit_for_bit(name, add_digits):
    params, shape = POINTS[name]
    pipeline = add_digits()
    rng = np.random.default_rng(0)
    X = rng.normal(size=(150, 8, 8)).astype(np.float32)
    y = rng.integers(0, 10, size=150)

    def trained(seed):
        model = model_cache.fresh_model(pipeline, params, shape, seed=seed)
        fit(model, X, y, params, epochs=2, callbacks=[])
        return predict(model, X), model

    model_cache._last = None
    _, first = trained(1)
    reset, again = trained(2)
    model_cache._last = None
    fresh, other = trained(2)
    assert again is first is not other
    assert np.array_equal(reset, fresh)


@pytest.mark.slow
@pytest.mark.ci
def test_a_fold_of_digits_is_learned(add_digits, jobs_of):
    params = CONV | {"l1": "off", "tail/dropout": 0.0, "head/dropout": 0.0}
    del params["l1_strength"]
    pipeline = add_digits()
    jobs = jobs_of(pipeline)
    result = run_fold(jobs.make(params, 0, epochs=12))
    assert result.curves["val_accuracy"][-1] > 0.8  # guessing: 0.1


@pytest.mark.slow
@pytest.mark.parametrize("name", ["separable", "resnet", "xception", "wide_deep"])
def test_a_saved_model_needs_neither_autokeras_nor_this_project(name, tmp_path):
    params, shape = POINTS[name]
    model = network(params, shape)
    X = np.random.default_rng(0).normal(size=(8, *shape.inputs)).astype(np.float32)
    model.save(tmp_path / "model.keras")
    np.savez(tmp_path / "rows.npz", X=X, wanted=predict(model, X))
    code = """if True:
        import sys
        import keras
        import numpy as np
        model = keras.saving.load_model("model.keras")
        rows = np.load("rows.npz")
        difference = np.abs(model.predict(rows["X"], verbose=0) - rows["wanted"]).max()
        penalties = float(sum(model.losses))
        print(difference, model.loss.label_smoothing, penalties)
        assert not {"autokeras", "keras_tuner", "pipelines"} & set(sys.modules)
        """
    # not in the project's folder, from which its modules could be imported
    ran = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=os.environ,
        check=True,
        capture_output=True,
        text=True,
    )
    difference, smoothing, penalties = map(float, ran.stdout.split())
    assert difference < 1e-6  # the same arithmetic, in other batches
    assert smoothing == 0.1
    assert penalties == pytest.approx(float(sum(model.losses)), rel=1e-5)


@pytest.mark.slow
def test_autokeras_does_not_bring_tensorflow_along():
    code = (
        "import sys, pipelines.autokeras_graph\n"
        "print('autokeras' in sys.modules, 'tensorflow' in sys.modules)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"KERAS_BACKEND": "jax"},
        check=True,
        capture_output=True,
        text=True,
    )
    assert ran.stdout.split() == ["True", "False"]


def test_a_narrowed_space_builds_what_is_left(blueprint):
    space = narrow(NAS_IMAGES, ["block=dense,conv", "tail/n_layers=0", "l1=off"])
    rng = random.Random(1)
    for _ in range(10):
        blueprint(space.sample(rng), DIGITS)
