import numpy as np
import pytest

from pipelines.digits import PIPELINE as DIGITS
from pipelines.fitting import fit, predict
from pipelines.pipeline import Shape
from search import model_cache
from search.measure import Measurer
from search.model_cache import fresh_model

PLAIN = {
    "n_layers": 1, "width_1": 16, "activation": "relu", "batch_norm": False,
    "dropout": 0.0, "label_smoothing": 0.0, "optimizer": "sgd", "learning_rate": 0.01,
    "batch_size": 16,
}  # fmt: skip
NOISY = PLAIN | {"batch_norm": True, "dropout": 0.5, "label_smoothing": 0.1}
CONFIGURATIONS = {
    "adam": NOISY | {"optimizer": "adam"},
    "adamw": NOISY | {"optimizer": "adamw"},
    "sgd": NOISY | {"optimizer": "sgd", "l2_strength": 0.01},
    "plain": PLAIN,
}
TECHNIQUES = {
    "reparametrised": NOISY
    | {
        "optimizer": "adam", "drop_connect": 0.2, "weight_norm": True,
        "prune_share": 0.5, "constraint": "max_norm", "max_norm": 1.0,
        "averaging": "ema", "ema_momentum": 0.9, "early_stopping": "on",
        "patience": 1,
    },
    "in the layers": PLAIN
    | {
        "n_layers": 2, "width_2": 8, "gaussian_noise": 0.1, "layer_norm": True,
        "skip": True, "snapshots": 2, "weight_decay_strength": 0.1,
        "constraint": "unit_norm",
    },
    "over the epochs": NOISY
    | {
        "averaging": "swa", "swa_start": 0.3, "schedule": "cosine", "warmup": 0.1,
        "prune_share": 0.5,
    },
}  # fmt: skip

rng = np.random.default_rng(0)
X = rng.normal(size=(100, 8)).astype(np.float32)
y = rng.integers(0, 10, size=100)
SHAPE = Shape(inputs=(8,), n_outputs=10, n_rows=72, epochs=3)


@pytest.fixture(autouse=True)
def forget():
    model_cache._last = None


def train(params, *, seed, rows=slice(0, 72), epochs=3):
    """Return the curves, the last predictions and the model of one run."""
    model = fresh_model(DIGITS, params, SHAPE, seed=seed)
    measurer = Measurer(
        predict,
        train=(X[rows], y[rows]),
        valid=(X[72:], y[72:]),
        metrics=("accuracy", "log_loss"),
    )
    # 72 rows in batches of 16: the last one is smaller, as it usually is
    fit(model, X[rows], y[rows], params, epochs=epochs, callbacks=[measurer.callback()])
    return measurer.curves, np.stack(measurer.predictions), model


@pytest.mark.parametrize(
    "name",
    [*CONFIGURATIONS, *(pytest.param(n, marks=pytest.mark.slow) for n in TECHNIQUES)],
)
def test_a_reset_model_trains_as_a_new_one_bit_for_bit(name):
    params = (CONFIGURATIONS | TECHNIQUES)[name]
    _, _, first = train(params, seed=1)
    curves, predictions, again = train(params, seed=2)
    assert again is first
    model_cache._last = None
    fresh_curves, fresh_predictions, fresh = train(params, seed=2)
    assert fresh is not first
    assert curves == fresh_curves
    assert np.array_equal(predictions, fresh_predictions)


def test_seeds_differ_and_zero_is_one_of_them():
    runs = {seed: train(NOISY, seed=seed)[0] for seed in (0, 1)}
    assert train(NOISY, seed=0)[0] == runs[0]
    assert runs[0] != runs[1]


def test_nothing_of_a_diverged_run_is_left():
    wanted = train(NOISY, seed=3)[0]
    broken = fresh_model(DIGITS, NOISY, SHAPE, seed=3)
    broken.set_weights([np.full_like(w, np.nan) for w in broken.get_weights()])
    broken.optimizer.learning_rate = 1e30
    broken.stop_training = True
    assert train(NOISY, seed=3)[0] == wanted


def test_initial_weights_are_those_of_the_seed():
    def weights(seed):
        return fresh_model(DIGITS, PLAIN, SHAPE, seed=seed).get_weights()

    one, two, other = weights(5), weights(5), weights(6)
    assert all(map(np.array_equal, one, two))
    assert not np.array_equal(one[0], other[0])


def test_another_configuration_pipeline_or_shape_is_another_model(add_digits):
    others = [
        (DIGITS, PLAIN | {"width_1": 17}, SHAPE),
        (DIGITS, PLAIN | {"learning_rate": 0.02}, SHAPE),
        (DIGITS, PLAIN, Shape(inputs=(8,), n_outputs=10, n_rows=1000)),
        (DIGITS, PLAIN, Shape(inputs=(9,), n_outputs=10, n_rows=72)),
        (add_digits("other"), PLAIN, SHAPE),
    ]
    for pipeline, params, shape in others:
        one = fresh_model(DIGITS, PLAIN, SHAPE, seed=0)
        assert fresh_model(pipeline, params, shape, seed=0) is not one


def test_one_model_is_kept_and_no_more():
    one = fresh_model(DIGITS, PLAIN, SHAPE, seed=0)
    fresh_model(DIGITS, PLAIN | {"width_1": 17}, SHAPE, seed=0)
    assert fresh_model(DIGITS, PLAIN, SHAPE, seed=0) is not one
