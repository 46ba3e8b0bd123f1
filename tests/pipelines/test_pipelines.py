"""The contract of a pipeline, run for each one that the registry names."""

import itertools
import random
from dataclasses import FrozenInstanceError, replace
from functools import cache
from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.metrics import log_loss

from pipelines.batches import dense
from pipelines.part import Part, digest
from pipelines.pipeline import Shape
from pipelines.registry import MODULES, get_pipeline
from search.fold import run_fold
from search.seeding import set_keras_seed
from spaces.errors import DataError, TunefoldError
from spaces.space import SearchSpace

ROWS = 2000
"""Rows of a large data set that are used: enough to learn something from."""


SLOW = {
    "california_housing": [pytest.mark.slow],
    "fashion_mnist_noise": [pytest.mark.slow],
    "fashion_mnist_zeros": [pytest.mark.slow],
    "imdb": [pytest.mark.slow, pytest.mark.ci],
    "moons": [pytest.mark.slow],
    "sunspots": [pytest.mark.slow, pytest.mark.ci],
}
"""Those that take seconds each, and whose steps the quick ones share."""


@pytest.fixture(
    params=[pytest.param(name, marks=SLOW.get(name, [])) for name in sorted(MODULES)]
)
def pipeline(request):
    return get_pipeline(request.param)


@pytest.fixture
def data(pipeline):
    """Both parts, shortened."""
    try:
        train, test = (load_some(pipeline.name, part) for part in ("train", "test"))
    except DataError as error:
        pytest.skip(f"no data: {error}")
    return SimpleNamespace(train=train, test=test)


@cache
def load_some(name, part):
    """Load rows from all over the part: the first ones may be of one class."""
    whole = get_pipeline(name).load(part)
    step = -(-len(whole.y) // ROWS)
    # copies: a view would keep the whole data set alive
    X, y = whole.X[::step].copy(), whole.y[::step].copy()
    return Part(X, y, source=whole.source)


@pytest.fixture
def short(pipeline, data, add_pipeline, monkeypatch, tmp_path):
    """The pipeline under another name, over the shortened rows and without test."""
    monkeypatch.setattr("pipelines.mapped.user_cache_folder", lambda: tmp_path)

    def load(part):
        assert part == "train", "the test rows were opened"
        return data.train

    return add_pipeline(replace(pipeline, name="short", load=load))


@pytest.fixture
def prepared(pipeline, data, point):
    """Training rows as a model takes them, and what to build for them."""
    transform = pipeline.prepare(data.train.X, data.train.y, point)
    X = transform(data.train.X)
    shape = Shape(
        inputs=X.shape[1:],
        n_outputs=pipeline.n_outputs,
        n_rows=X.shape[0],
        task=pipeline.task,
    )
    return SimpleNamespace(X=X, y=data.train.y, shape=shape, transform=transform)


@pytest.fixture
def point(pipeline):
    return small_point(pipeline)


def small_point(pipeline):
    """A point with few active parameters, for a model that is quick to compile."""
    rng = random.Random(0)
    return min((first_space(pipeline).sample(rng) for _ in range(50)), key=len)


def metrics_of(pipeline):
    of_task = {"classification": ("accuracy", "log_loss"), "regression": ("mae", "mse")}
    return of_task[pipeline.task]


def cv_of(pipeline):
    return "time-series:2" if pipeline.in_order else "holdout:0.3"


def is_text(part):
    """Whether rows are words: numbers without an order, of no fixed count."""
    return part.X.dtype == np.uint32


def first_space(pipeline):
    return next(iter(pipeline.spaces.values()))


def test_it_introduces_itself(pipeline):
    assert MODULES[pipeline.name].endswith(pipeline.name)
    assert pipeline.task in ("classification", "regression")
    assert pipeline.summary.strip()
    assert "\n" not in pipeline.summary
    assert pipeline.epochs >= 1
    assert all(isinstance(space, SearchSpace) for space in pipeline.spaces.values())
    assert pipeline.spaces
    assert len(set(pipeline.classes)) == len(pipeline.classes)
    assert (pipeline.task == "classification") == (len(pipeline.classes) > 1)
    assert pipeline.n_outputs == max(len(pipeline.classes), 1)
    with pytest.raises(FrozenInstanceError):
        pipeline.name = "other"


def test_both_halves_are_of_one_kind_and_not_the_same(pipeline, data):
    train, test = data.train, data.test
    assert train.X.shape[1:] == test.X.shape[1:] or is_text(train)
    assert (train.X.dtype, train.y.dtype) == (test.X.dtype, test.y.dtype)
    assert train.source
    if pipeline.task == "classification":
        for part in (train, test):
            assert part.y.dtype == np.int64
            assert set(part.y) == set(range(len(pipeline.classes)))
    else:
        assert train.y.dtype == np.float64
        assert np.isfinite(train.y).all()
    assert bool(pipeline.unit) == (pipeline.task == "regression")
    together = {row.tobytes() for row in train.X} & {row.tobytes() for row in test.X}
    assert len(together) < 0.01 * len(test.X)


def test_preparation_is_a_function_of_row_and_training_rows(
    pipeline, data, prepared, point
):
    X, transform = prepared.X, prepared.transform
    assert X.dtype == np.float32
    assert X.shape[0] == len(data.train.X)
    assert np.isfinite(X.data).all()
    assert not np.shares_memory(X.data, data.train.X)
    # each row by itself, whatever was prepared before
    other = transform(data.test.X)
    assert other.shape[1:] == X.shape[1:]
    assert equal(transform(data.test.X[5:6]), other[5:6])
    assert equal(transform(data.train.X), X)
    again = pipeline.prepare(data.train.X, data.train.y, point)
    assert equal(again(data.test.X), other)


def equal(one, other):
    return np.array_equal(dense(one), dense(other))


def test_the_same_data_comes_every_time(pipeline, data):
    for name, part in vars(data).items():
        again = load_some.__wrapped__(pipeline.name, name)
        assert digest(again) == digest(part)


def test_nothing_is_learned_from_validation_rows(data, short, jobs_of, add_pipeline):
    """Whatever stands in the validation rows, the training curves are the same."""
    point = small_point(short)
    fold = jobs_of(short, cv=cv_of(short)).folds[0]
    curves = []
    for value in (None, 7, 8) if is_text(data.train) else (None, np.nan, 1e6):
        X = data.train.X.astype(np.uint32 if is_text(data.train) else np.float32)
        if value is not None:
            X[fold.valid] = value
        part = Part(X, data.train.y, source="made up")
        other = add_pipeline(replace(short, load=lambda _, p=part: p))
        jobs = jobs_of(other, cv=cv_of(short), metrics=metrics_of(short))
        curves.append(run_fold(jobs.make(point, 0, epochs=1)).curves)
    for name in ("objective", "loss"):
        assert curves[0][name] == curves[1][name] == curves[2][name]
        assert np.isfinite(curves[0][name]).all()
    # it was there; words that were never seen are no words, whichever they are
    seen = {str(each["val_loss"]) for each in curves}
    assert len(seen) == (2 if is_text(data.train) else 3)


def test_a_fold_can_be_trained_without_the_test_rows(short, jobs_of, point):
    jobs = jobs_of(short, cv=cv_of(short), metrics=metrics_of(short))
    result = run_fold(jobs.make(point, 0, epochs=1))
    assert len(result.rows) == len(result.predictions[0])


def test_equal_points_build_equal_models_and_others_others(pipeline, prepared):
    space = first_space(pipeline)
    rng = random.Random(1)
    points = [space.sample(rng) for _ in range(3)]
    built = []
    for point in points:
        weights = []
        for _ in range(2):
            set_keras_seed(0)
            model = pipeline.build(point, prepared.shape)
            assert model.optimizer is not None
            weights.append(model.get_weights())
        assert all(map(np.array_equal, *weights))
        built.append([w.shape for w in weights[0]])
    assert all(a != b for a, b in itertools.combinations(built, 2))


def test_initial_weights_come_from_keras_seed(pipeline, prepared, point):
    weights = []
    for seed in (0, 1):
        set_keras_seed(seed)
        weights.append(pipeline.build(point, prepared.shape).get_weights())
    assert not all(map(np.array_equal, *weights))


def test_training_learns_to_predict(pipeline, prepared, point):
    import keras

    set_keras_seed(0)
    easy = point | {"dropout": 0.3, "learning_rate": 0.005, "optimizer": "adam"}
    easy["batch_size"] = 64
    model = pipeline.build(easy, prepared.shape)
    ended = []
    after = keras.callbacks.LambdaCallback(on_epoch_end=lambda e, logs: ended.append(e))
    kept = prepared.X.copy()
    X, y = prepared.X, prepared.y
    before = pipeline.evaluate(model, X)
    pipeline.train(model, X, y, easy, epochs=5, callbacks=[after])
    assert ended == [0, 1, 2, 3, 4]
    assert equal(X, kept)
    predictions = pipeline.evaluate(model, X)
    assert predictions.dtype == np.float32
    assert np.array_equal(pipeline.evaluate(model, X), predictions)  # no dropout
    # float32 products of a single row and of a block add up in another order
    single = pipeline.evaluate(model, X[:1])
    assert single == pytest.approx(predictions[:1], rel=1e-5, abs=1e-5)
    if pipeline.task == "classification":
        assert predictions.shape == (len(y), len(pipeline.classes))
        assert predictions.sum(axis=1) == pytest.approx(np.ones(len(y)), abs=1e-5)
        # Not against the accuracy before, which now and then is high by chance.
        most_frequent = np.bincount(y).max() / len(y)
        assert (predictions.argmax(axis=1) == y).mean() > most_frequent + 0.2
        assert log_loss(y, predictions) < log_loss(y, before)
    else:
        assert predictions.shape == (len(y),)
        assert np.abs(predictions - y).mean() < 0.8 * np.abs(y - y.mean()).mean()


def test_an_unknown_pipeline_is_answered_with_the_nearest():
    with pytest.raises(TunefoldError, match="unknown pipeline 'digit'; did you mean"):
        get_pipeline("digit")
