"""Techniques on the training rows: through `fit` and real folds."""

import contextlib
import random

import numpy as np
import pytest
import scipy.sparse

import pipelines.fitting
from pipelines.alterations import alteration
from pipelines.augmentation import augment
from pipelines.digits import PIPELINE as DIGITS
from pipelines.early_stopping import inner_rows
from pipelines.fitting import fit, predict
from pipelines.images import scale_images
from pipelines.models import dense_network
from pipelines.pipeline import Shape
from pipelines.resampling import n_resampled
from search import model_cache
from search.fit import fit_all
from search.fold import run_fold
from search.seeding import set_keras_seed
from spaces.augmentation import DATA_TECHNIQUES

SMALL = {
    "n_layers": 1, "width_1": 16, "activation": "relu", "optimizer": "adam",
    "learning_rate": 0.01, "batch_size": 128,
}  # fmt: skip
IMAGES = SMALL | {
    "augment_flip": True, "augment_shift": 0.1, "augment_rotation": 10.0,
    "augment_zoom": 0.1, "augment_brightness": 0.2, "augment_contrast": 0.2,
    "augment_noise": 0.1, "mix": "cutmix", "mix_strength": 0.5,
    "class_weights": True, "resample": "over", "early_stopping": "on", "patience": 9,
}  # fmt: skip
PRIOR = SMALL | {"learning_rate": 0.03, "batch_size": 50}
RARE = np.repeat([0, 1], [180, 20])


def prior_model(n_columns=3, task="classification"):
    set_keras_seed(0)
    return dense_network(
        PRIOR, Shape(inputs=(n_columns,), n_outputs=2, n_rows=200, task=task)
    )


@pytest.mark.parametrize("kind", ["images", "vectors", "text"])
def test_techniques_say_which_rows_they_suit(kind):
    import keras

    X = np.ones((4, 6, 6) if kind == "images" else (4, 36), np.float32)
    rows = scipy.sparse.csr_matrix(X) if kind == "text" else X
    for technique in DATA_TECHNIQUES:
        params = technique.alone.sample(random.Random(0))
        suits = contextlib.nullcontext()
        refused = pytest.raises(ValueError, match=r"^\w+: needs")
        with suits if kind in technique.inputs else refused:
            augment(keras.Input(X.shape[1:]), params)
            alteration(params, rows)


@pytest.mark.ci
@pytest.mark.slow
def test_rows_that_are_measured_are_never_altered_or_drawn_anew(add_digits, jobs_of):
    """And a reset model trains as a new one, bit for bit."""
    measured = []

    def evaluate(model, X):
        measured.append(X)
        return predict(model, X)

    part = DIGITS.load("train")
    kept = np.sort(  # two thirds of the zeros are missing
        np.concatenate([np.flatnonzero(part.y != 0), np.flatnonzero(part.y == 0)[::3]])
    )
    X, y = part.X[kept], part.y[kept]
    jobs = jobs_of(add_digits("altered_rows", X=X, y=y, evaluate=evaluate))
    run_fold(jobs.make(IMAGES, 0, epochs=3))
    used = model_cache._last
    measured.clear()
    again = run_fold(jobs.make(IMAGES, 0, epochs=3))
    assert model_cache._last is used

    fold = jobs.folds[0]
    prepared = scale_images(X[fold.train], y[fold.train], {})
    valid, train = prepared(X[fold.valid]), prepared(X[fold.train])
    originals = {row.tobytes() for row in train}
    assert len(measured) == 2 * 3
    for rows in measured:
        if not np.array_equal(rows, valid):
            assert len(rows) == len(valid)  # a part of the training rows
            assert {row.tobytes() for row in rows} <= originals
    assert sum(np.array_equal(rows, valid) for rows in measured) == 3
    assert again.predictions.shape == (3, len(fold.valid), 10)
    assert np.array_equal(again.rows, fold.valid)

    model_cache._last = None
    fresh = run_fold(jobs.make(IMAGES, 0, epochs=3))
    assert fresh.curves == again.curves
    assert np.array_equal(fresh.predictions, again.predictions)
    other = run_fold(jobs.make(IMAGES | {"augment_shift": 0.2}, 0, epochs=3))
    assert other.curves != again.curves


@pytest.mark.parametrize("as_batches", [False, True])
def test_class_weights_weigh_the_loss(as_batches):
    import keras

    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 3)).astype(np.float32)
    model = prior_model()
    chances = predict(model, X)[np.arange(200), RARE].astype(np.float64)
    losses = []
    watch = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: losses.append(logs["loss"])
    )
    rows = scipy.sparse.csr_matrix(X) if as_batches else X
    # one batch: the loss of the epoch is that of the initial weights
    params = PRIOR | {"batch_size": 200, "class_weights": True}
    fit(model, rows, RARE, params, epochs=1, callbacks=[watch])
    weighed = -np.log(chances) * np.where(RARE == 1, 200 / 40, 200 / 360)
    assert losses == pytest.approx([weighed.mean()], rel=1e-5)  # float32
    assert losses != pytest.approx([-np.log(chances).mean()], rel=1e-2)


@pytest.mark.slow
def test_what_a_network_believes_of_a_rare_class():
    """Rows tell nothing: the network learns how frequent each class is."""
    X = np.zeros((200, 3), np.float32)
    model = prior_model()
    initial = model.get_weights()
    believed = {}
    for name, params in {
        "as it is": {},
        "over": {"resample": "over"},
        "under": {"resample": "under"},
        "weights": {"class_weights": True},
        "weights of batches": {"class_weights": True, "mix": "cutout"},
    }.items():
        model.set_weights(initial)
        own = PRIOR | {"mix_strength": 0.5} | params
        fit(model, X, RARE, own, epochs=40, callbacks=[])
        believed[name] = float(predict(model, X[:1])[0, 1])
    # the last steps of 50 rows move it by a few percent
    assert believed.pop("as it is") == pytest.approx(0.1, abs=0.06)
    for chance in believed.values():
        assert chance == pytest.approx(0.5, abs=0.1)


@pytest.mark.slow
def test_steps_follow_the_rows_and_inner_rows_are_set_apart_before(monkeypatch):
    drawn = []

    def resampled(X, y, params):
        drawn.append(y)
        return resample(X, y, params)

    resample = pipelines.fitting.resampled
    monkeypatch.setattr(pipelines.fitting, "resampled", resampled)
    part = DIGITS.load("train")
    chosen = np.concatenate([np.flatnonzero(part.y == 3)[:100], [0, 1, 2]])
    X = DIGITS.prepare(part.X[chosen], part.y[chosen], {})(part.X[chosen])
    y = np.repeat([0, 1], [83, 20])
    params = SMALL | {"resample": "over", "early_stopping": "on", "patience": 3}
    fitted = fit_all(
        DIGITS,
        params,
        X,
        y,
        train=(X, y),
        valid=None,
        metrics=("accuracy",),
        epochs=1,
        seed=0,
    )
    assert fitted.shape.n_rows == n_resampled(y, params) == 166
    learn, _ = inner_rows(y)
    assert np.array_equal(drawn[0], y[learn])


@pytest.mark.slow
def test_values_are_mixed_too_and_classes_are_refused():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 3)).astype(np.float32)
    y = X[:, 0] * 1000.0 + 5000
    model = prior_model(task="regression")
    params = PRIOR | {"mix": "mixup", "mix_strength": 0.4}
    fit(model, X, y, params, epochs=30, callbacks=[])
    # most of the variance is explained
    assert np.mean((predict(model, X) - y) ** 2) < 0.1 * y.var()
    for name, value in {"class_weights": True, "resample": "under"}.items():
        with pytest.raises(ValueError, match=f"^{name}: needs classes"):
            fit(model, X, y, PRIOR | {name: value}, epochs=1, callbacks=[])


@pytest.mark.slow
def test_text_is_learned_with_words_left_out():
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, size=200)
    words = rng.random((200, 40)) < np.where(np.arange(40) % 2 == y[:, None], 0.5, 0.1)
    X = scipy.sparse.csr_matrix(words.astype(np.float32))
    model = prior_model(40)
    fit(model, X, y, PRIOR | {"word_dropout": 0.5}, epochs=15, callbacks=[])
    assert (predict(model, X).argmax(axis=1) == y).mean() > 0.95
