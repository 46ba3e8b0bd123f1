import keras
import numpy as np
import pytest

from pipelines.models import network
from pipelines.pipeline import Shape
from search.errors import SettingsError
from search.export import builder_code, options_in_use
from search.homework.altering import row_options
from search.homework.grid import spread
from spaces.techniques import TECHNIQUES

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


TWO_LAYERS = PARAMS | {"width_2": 7, "dropout": 0.0}
SEVERAL = [
    {"layer_norm": True, "constraint": "max_norm", "max_norm": 0.7, "skip": True}
    | {"weight_decay": "on", "weight_decay_strength": 0.3, "schedule": "linear"},
    # A projection on the way past a layer.
    {"batch_norm": True, "constraint": "unit_norm", "skip": True, "width_2": 5}
    | {"optimizer": "adamw", "weight_decay_strength": 0.3}
    | {"schedule": "cosine", "warmup": 0.25},
    {"averaging": "ema", "ema_momentum": 0.9, "schedule": "exponential"},
    {"optimizer": "adamw", "schedule": "cosine", "warmup": 0.0},
]


def written(params, task, used=()):
    found = {"keras": keras}
    exec(builder_code(params, task=task, used=used), found)
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


@pytest.mark.parametrize("techniques", SEVERAL)
def test_written_techniques_train_as_the_searched_ones(techniques):
    params = TWO_LAYERS | techniques
    shape = Shape(inputs=(4, 3), n_outputs=3, n_rows=64, epochs=5)
    steps = {"steps": 2 * 5} if "schedule" in params else {}
    plain = written(params, "classification")((4, 3), 3, **steps)
    ours = network(params, shape)
    plain.set_weights(ours.get_weights())
    X = np.random.default_rng(0).normal(size=(32, 4, 3)).astype("float32")
    y = keras.utils.to_categorical(np.arange(32) % 3, 3)
    before = [np.array(weights) for weights in plain.trainable_weights]
    for model in (plain, ours):
        for _ in range(5):  # a warm-up has no rate in the first step
            model.train_on_batch(X, y)
    if "ema_momentum" in params:
        for model in (plain, ours):
            model.optimizer.finalize_variable_values(model.trainable_variables)
    changes = zip(before, plain.trainable_weights, ours.trainable_weights, strict=True)
    for start, mine, other in changes:
        assert not np.allclose(start, mine)
        # float32 sums in another order
        np.testing.assert_allclose(mine, other, rtol=2e-4, atol=2e-6)


@pytest.mark.parametrize(
    ("params", "kind"),
    [
        ({"gaussian_noise": 0.3}, "GaussianNoise"),
        ({"augment_flip": True}, "RandomFlip"),
        ({"augment_brightness": 0.2}, "RandomBrightness"),
        ({"augment_contrast": 0.2}, "RandomContrast"),
        ({"augment_noise": 0.2}, "GaussianNoise"),
    ],
)
def test_written_layers_are_those_that_were_searched(params, kind):
    params = TWO_LAYERS | params
    shape = Shape(inputs=(4, 3), n_outputs=3, n_rows=64)
    models = [written(params, "classification")((4, 3), 3), network(params, shape)]
    found = [
        [each.get_config() for each in model.layers if type(each).__name__ == kind]
        for model in models
    ]
    assert len(found[0]) == len(found[1]) > 0
    for mine, other in zip(*found, strict=True):
        apart = ("name", "seed")
        assert {k: v for k, v in mine.items() if k not in apart} == {
            k: v for k, v in other.items() if k not in apart
        }


LIVE = set(TECHNIQUES) - {
    *("capacity", "drop-connect", "weight-norm", "input-norm", "snapshots", "pruning")
}


@pytest.mark.parametrize("name", sorted(LIVE))
def test_what_a_technique_switches_on_is_seen(name):
    point = spread(TECHNIQUES[name].alone, 1)[0]
    seen = options_in_use(point, task="classification") | row_options(point)
    of_training = {"early_stopping", "members"} & {*point}
    assert seen or of_training


def test_a_regressions_network_ends_in_one_value():
    model = written(PARAMS, "regression")((4,))
    assert model.output_shape == (None, 1)
    assert "label_smoothing" not in builder_code(PARAMS, task="regression")


def test_techniques_are_arguments():
    build = written(PARAMS, "classification")
    kinds = [type(x).__name__ for x in build((4,), 3, dropout=0.0).layers]
    assert "Dropout" not in kinds
    assert build((4,), 3, l2=0.0).layers[1].kernel_regularizer is None


@pytest.mark.parametrize(
    "more",
    [
        {"block": "dense"},
        {"drop_connect": 0.2},
        {"averaging": "swa"},
        {"input_norm": "raw"},
    ],
)
def test_what_cannot_be_written_is_refused_by_name(more):
    with pytest.raises(SettingsError, match=f"for {next(iter(more))} = "):
        builder_code(PARAMS | more, task="classification")
