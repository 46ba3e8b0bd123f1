import json
import math
import os
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
import sklearn.metrics

from pipelines.digits import PIPELINE as DIGITS
from pipelines.images import scale_images
from pipelines.pipeline import Shape
from search import model_cache
from search.errors import FatalError
from search.fold import run_fold
from search.scoring import failure_reason
from search.seeding import set_keras_seed
from spaces.dense import DENSE
from spaces.errors import DataError

BACKEND = os.environ["KERAS_BACKEND"]
SMALL = {
    "n_layers": 1, "width_1": 16, "activation": "relu", "batch_norm": False,
    "dropout": 0.0, "l1": "off", "l2": "off", "label_smoothing": 0.0,
    "optimizer": "adam", "learning_rate": 0.01, "batch_size": 128,
}  # fmt: skip


@pytest.fixture
def digits_job(add_digits, jobs_of):
    """Return a function that makes a job over the real digits."""
    pipeline = add_digits("digits_without_test")

    def job(params=SMALL, *, fold=0, epochs=2, floor=None, **study):
        jobs = jobs_of(pipeline, **study)
        return jobs.make(DENSE.check(params), fold, epochs=epochs, floor=floor)

    return job


def without_times(result):
    timed = ("seconds", "epoch_seconds", "measure_seconds", "peak_memory_mb", "ended")
    fields = {k: v for k, v in asdict(result).items() if k not in timed}
    return fields | {name: fields[name].tobytes() for name in ("rows", "predictions")}


def test_a_result_holds_what_was_asked_for(digits_job, jobs_of):
    job = digits_job(fold=1)
    result = run_fold(job)
    assert result.fold == 1
    names = ["objective", "accuracy", "loss", "val_accuracy", "val_loss"]
    assert list(result.curves) == names
    assert {len(curve) for curve in result.curves.values()} == {2}
    assert np.array_equal(result.rows, jobs_of(DIGITS).folds[1].valid)
    assert result.predictions.shape == (2, len(result.rows), 10)
    assert result.predictions.dtype == np.float32
    assert result.n_parameters == 64 * 16 + 16 + 16 * 10 + 10
    assert len(result.epoch_seconds) == 2
    assert 0 < sum(result.epoch_seconds) + result.measure_seconds < result.seconds
    assert result.peak_memory_mb > 50  # Python with Keras takes more than that
    assert result.curves["val_loss"][-1] < math.log(10)  # it learns


def test_scores_are_those_of_the_predictions(digits_job):
    result = run_fold(digits_job())
    y = DIGITS.load("train").y[result.rows]
    for epoch, predictions in enumerate(result.predictions):
        accuracy = sklearn.metrics.accuracy_score(y, predictions.argmax(axis=1))
        assert result.curves["val_accuracy"][epoch] == accuracy


@pytest.mark.ci
@pytest.mark.slow
def test_curves_are_predictions_scored_on_hard_labels(digits_job):
    """The logged curves equal predict and scikit-learn, whatever training adds."""
    epochs = 6
    params = SMALL | {
        "width_1": 64, "dropout": 0.5, "l2": "on", "l2_strength": 0.01,
        "label_smoothing": 0.2,
    }  # fmt: skip
    # halves: then all training rows are measured, and none has to be chosen
    job = digits_job(params, epochs=epochs, cv="kfold:2")
    result = run_fold(job)

    import keras

    data = DIGITS.load("train")
    valid = np.isin(np.arange(len(data.y)), result.rows)
    assert valid.sum() >= (~valid).sum()
    transform = scale_images(data.X[~valid], data.y[~valid], params)
    parts = {"": ~valid, "val_": valid}
    shape = Shape(inputs=(8, 8), n_outputs=10, n_rows=int((~valid).sum()))
    set_keras_seed(job.seed)
    model = DIGITS.build(params, shape)
    weights, keras_logs = [], []
    after_epoch = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: (
            weights.append(model.get_weights()),
            keras_logs.append(logs["loss"]),
        )
    )
    X_train, y_train = transform(data.X[~valid]), data.y[~valid]
    DIGITS.train(
        model, X_train, y_train, params, epochs=epochs, callbacks=[after_epoch]
    )

    for epoch in range(epochs):
        model.set_weights(weights[epoch])
        for prefix, rows in parts.items():
            shares = model.predict(transform(data.X[rows]), batch_size=32, verbose=0)
            y = data.y[rows]
            loss = sklearn.metrics.log_loss(y, shares / shares.sum(1, keepdims=True))
            accuracy = sklearn.metrics.accuracy_score(y, shares.argmax(axis=1))
            # float32 softmax in batches of another size: about 1e-7 per row
            assert result.curves[f"{prefix}loss"][epoch] == pytest.approx(
                loss, rel=2e-6
            )
            assert result.curves[f"{prefix}accuracy"][epoch] == accuracy
    assert result.curves["objective"] == pytest.approx(keras_logs, rel=1e-6)
    # and what the optimizer minimised is something else altogether
    assert min(np.subtract(keras_logs, result.curves["loss"])) > 0.3


@pytest.mark.parametrize("poison", [np.nan, 1e6])
def test_nothing_is_learned_from_validation_rows(add_digits, jobs_of, poison):
    """Whatever stands in the validation rows, fit and training curves are the same."""
    clean = DIGITS.load("train").X.astype(np.float32)
    fitted = []

    def prepare(X, y, params):
        fitted.append((X.tobytes(), y.tobytes()))
        transform = scale_images(X, y, params)
        fitted.append(transform(np.arange(3)).tobytes())
        return transform

    pipeline = add_digits("clean", X=clean, prepare=prepare)
    jobs = jobs_of(pipeline, cv="kfold:3")
    for fold in (0, 2):
        poisoned = clean.copy()
        poisoned[jobs.folds[fold].valid] = poison
        other = add_digits("poisoned", X=poisoned, prepare=prepare)
        one = run_fold(jobs.make(SMALL, fold, epochs=1))
        two = run_fold(jobs_of(other, cv="kfold:3").make(SMALL, fold, epochs=1))
        for name in ("objective", "loss", "accuracy"):
            assert one.curves[name] == two.curves[name]
            assert math.isfinite(one.curves[name][0])
        assert one.curves["val_loss"] != two.curves["val_loss"]  # the poison was there
        assert fitted[0:2] == fitted[2:4]
        fitted.clear()


def test_the_model_never_sees_a_validation_row(add_digits, jobs_of):
    seen = []

    def train(model, X, y, params, *, epochs, callbacks):
        seen.append((X, y))
        DIGITS.train(model, X, y, params, epochs=epochs, callbacks=callbacks)

    # each row carries its own number through an identity preparation
    n = len(DIGITS.load("train").y)
    X = np.arange(n, dtype=np.float32).reshape(n, 1, 1) / n
    pipeline = add_digits(
        "numbered", X=X, train=train, prepare=lambda X, y, p: np.array
    )
    jobs = jobs_of(pipeline, cv="monte-carlo:2:0.3")
    for number, fold in enumerate(jobs.folds):
        run_fold(jobs.make(SMALL, number, epochs=1))
        X_seen, y_seen = seen.pop()
        rows = np.round(X_seen.ravel() * n).astype(int)
        assert np.array_equal(rows, fold.train)
        assert np.array_equal(y_seen, jobs.y[rows])
        assert not set(rows) & set(fold.valid)


def test_the_test_rows_are_never_opened(add_digits, jobs_of):
    # so it is in all tests here: every made-up pipeline fails when asked for them
    pipeline = add_digits("closed")
    with pytest.raises(AssertionError, match="the test rows were opened"):
        pipeline.load("test")
    jobs = jobs_of(pipeline, cv="holdout:0.2")
    for _ in ("loaded", "mapped from the cache"):
        assert run_fold(jobs.make(SMALL, 0, epochs=1)).curves["val_loss"]


def test_equal_jobs_give_equal_bits_and_another_seed_others(digits_job):
    params = SMALL | {"dropout": 0.3, "batch_norm": True}
    first = without_times(run_fold(digits_job(params, seed=0)))
    model_cache._last = None
    assert without_times(run_fold(digits_job(params, seed=0))) == first
    # reset instead of built, and after another fold
    run_fold(digits_job(params, seed=0, fold=1))
    assert without_times(run_fold(digits_job(params, seed=0))) == first
    other = without_times(run_fold(digits_job(params, seed=1)))
    assert other["rows"] == first["rows"]
    assert other["curves"] != first["curves"]


def test_a_floor_does_not_change_what_is_above_it(digits_job):
    free = run_fold(digits_job(epochs=3))
    kept = run_fold(digits_job(epochs=3, floor=(0.0, 0.0, 0.0)))
    assert kept.curves == free.curves
    cut = run_fold(digits_job(epochs=3, floor=(0.0, 1.1, 0.0)))
    assert cut.curves == {name: values[:2] for name, values in free.curves.items()}
    assert len(cut.predictions) == 2


def test_the_searched_metric_decides_about_the_floor(digits_job):
    metrics = ("log_loss", "accuracy")
    # accuracies lie above this, log-losses turned to higher is better below
    floor = (-1e-9,) * 2
    assert len(run_fold(digits_job(floor=floor)).predictions) == 2
    assert len(run_fold(digits_job(floor=floor, metrics=metrics)).predictions) == 1


def test_who_listens_hears_each_epoch_and_changes_nothing(digits_job):
    heard = []
    job = digits_job(epochs=2)
    result = run_fold(job, on_epoch=lambda *said: heard.append(said))
    assert [epoch for epoch, _ in heard] == [1, 2]
    for name, curve in result.curves.items():
        assert [values[name] for _, values in heard] == curve
    assert without_times(result) == without_times(run_fold(job))


def test_a_run_that_diverges_ends_with_nan_and_says_where(digits_job):
    # outside the space, as a pipeline of somebody else's may be
    job = digits_job(epochs=4)
    job = replace(job, params=job.params | {"learning_rate": 1e30})
    result = run_fold(job)
    n_epochs = len(result.curves["loss"])
    assert n_epochs < 4
    assert {len(curve) for curve in result.curves.values()} == {n_epochs}
    assert any(math.isnan(curve[-1]) for curve in result.curves.values())
    reason = failure_reason([result])
    assert f" is not finite in epoch {n_epochs}" in reason
    assert "fold 0" in reason


def test_other_data_or_rows_are_refused(digits_job):
    job = digits_job()
    with pytest.raises(DataError, match="refuses to train on other data"):
        run_fold(replace(job, data_digest="0" * 64))
    with pytest.raises(FatalError, match="the rows must have the digest 0000"):
        run_fold(replace(job, rows_digest="0" * 16))
    with pytest.raises(FatalError, match="the rows must have the digest"):
        run_fold(replace(job, split_seed=1))


def test_another_backend_is_refused(digits_job):
    other = "tensorflow" if BACKEND == "jax" else "jax"
    with pytest.raises(FatalError, match=f"run the Keras backend {other}, got"):
        run_fold(digits_job(backend=other))


def test_fewer_rows_are_used_when_asked_for(digits_job):
    result = run_fold(digits_job(n_rows=300, cv="kfold:3"))
    assert len(result.rows) == 100


@pytest.mark.slow
@pytest.mark.skipif(BACKEND == "tensorflow", reason="these tests run on it already")
def test_all_of_this_holds_on_tensorflow():
    here = Path(__file__).parent
    names = ("test_fold.py", "test_model_cache.py", "test_measure.py")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-m", ""]
        + [str(here / name) for name in names],
        env=os.environ
        | {"TUNEFOLD_TEST_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "3"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-2000:]


COLD = """
import json, sys
from pathlib import Path
from search.fold import run_cold_fold, run_fold
from search.types import FoldJob
from search.workers import make_slots

if __name__ == "__main__":
    plain = json.loads(sys.argv[1])
    job = FoldJob(**plain | {"metrics": tuple(plain["metrics"])})
    [slot] = make_slots(1, backend="jax")
    for trial, function in enumerate([run_cold_fold, run_fold]):
        curves = slot.run(function, job, trial=trial).curves
        print(len(list(Path(sys.argv[2]).glob("*-cache"))), json.dumps(curves))
    slot.close()
"""


@pytest.mark.slow
def test_a_cold_fold_leaves_the_cache_alone_and_gives_the_same(
    digits_job, tmp_path, monkeypatch
):
    if BACKEND != "jax":
        pytest.skip("only JAX has a compilation cache on disk")
    cache = tmp_path / "cache"
    environment = os.environ | {"JAX_COMPILATION_CACHE_DIR": str(cache)}
    (script := tmp_path / "cold.py").write_text(COLD)
    job = replace(digits_job(), pipeline="digits")
    done = subprocess.run(
        [sys.executable, script, json.dumps(asdict(job)), cache],
        env=environment | {"PYTHONPATH": str(Path(__file__).parents[2])},
        check=True,
        capture_output=True,
        text=True,
    )
    cold, warm = (line.split(" ", 1) for line in done.stdout.splitlines())
    assert int(cold[0]) == 0
    assert int(warm[0]) > 0
    assert cold[1] == warm[1]
