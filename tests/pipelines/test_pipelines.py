"""The contract of a pipeline, run for each one that the registry names."""

import itertools
import random
from dataclasses import FrozenInstanceError, replace
from types import SimpleNamespace

import numpy as np
import pytest

from pipelines.part import Part
from pipelines.pipeline import Shape
from pipelines.registry import MODULES, get_pipeline
from search.fold import run_fold
from search.seeding import set_keras_seed
from spaces.errors import DataError, TunefoldError
from spaces.space import SearchSpace

ROWS = 2000
"""Rows of a large data set that are used: enough to learn something from."""


@pytest.fixture(params=sorted(MODULES))
def pipeline(request):
    return get_pipeline(request.param)


@pytest.fixture
def data(pipeline):
    """Both parts, shortened."""
    parts = {}
    for name in ("train", "test"):
        try:
            part = pipeline.load(name)
        except DataError as error:
            pytest.skip(f"no data: {error}")
        # copies: a view would keep the whole data set alive
        X, y = part.X[:ROWS].copy(), part.y[:ROWS].copy()
        parts[name] = Part(X, y, source=part.source)
    return SimpleNamespace(**parts)


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
    shape = Shape(inputs=X.shape[1:], n_outputs=pipeline.n_outputs, n_rows=len(X))
    return SimpleNamespace(X=X, y=data.train.y, shape=shape, transform=transform)


@pytest.fixture
def point(pipeline):
    return small_point(pipeline)


def small_point(pipeline):
    """A point with few active parameters, for a model that is quick to compile."""
    rng = random.Random(0)
    return min((first_space(pipeline).sample(rng) for _ in range(50)), key=len)


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
    assert train.X.shape[1:] == test.X.shape[1:]
    assert (train.X.dtype, train.y.dtype) == (test.X.dtype, test.y.dtype)
    assert train.source
    if pipeline.task == "classification":
        for part in (train, test):
            assert part.y.dtype == np.int64
            assert set(part.y) == set(range(len(pipeline.classes)))
    together = {row.tobytes() for row in train.X} & {row.tobytes() for row in test.X}
    assert len(together) < 0.01 * len(test.X)


def test_preparation_is_a_function_of_row_and_training_rows(pipeline, data, prepared):
    X, transform = prepared.X, prepared.transform
    assert X.dtype == np.float32
    assert len(X) == len(data.train.X)
    assert np.isfinite(X).all()
    assert not np.shares_memory(X, data.train.X)
    # each row by itself, whatever was prepared before
    other = transform(data.test.X)
    assert np.array_equal(transform(data.test.X[5:6]), other[5:6])
    assert np.array_equal(transform(data.train.X), X)
    again = pipeline.prepare(data.train.X, data.train.y, {})
    assert np.array_equal(again(data.test.X), other)


def test_nothing_is_learned_from_validation_rows(data, short, jobs_of, add_pipeline):
    """Whatever stands in the validation rows, the training curves are the same."""
    point = small_point(short)
    fold = jobs_of(short, cv="holdout:0.3").folds[0]
    curves = []
    for value in (None, np.nan, 1e6):
        X = data.train.X.astype(np.float32)
        if value is not None:
            X[fold.valid] = value
        part = Part(X, data.train.y, source="made up")
        other = add_pipeline(replace(short, load=lambda _, p=part: p))
        jobs = jobs_of(other, cv="holdout:0.3")
        curves.append(run_fold(jobs.make(point, 0, epochs=1)).curves)
    for name in ("objective", "loss"):
        assert curves[0][name] == curves[1][name] == curves[2][name]
        assert np.isfinite(curves[0][name]).all()
    assert len({str(each["val_loss"]) for each in curves}) == 3  # it was there


def test_a_fold_can_be_trained_without_the_test_rows(short, jobs_of, point):
    jobs = jobs_of(short, cv="holdout:0.3")
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


def test_training_learns_and_predictions_are_shares(pipeline, prepared, point):
    import keras

    set_keras_seed(0)
    easy = point | {"dropout": 0.3, "learning_rate": 0.005, "optimizer": "adam"}
    model = pipeline.build(easy, prepared.shape)
    ended = []
    after = keras.callbacks.LambdaCallback(on_epoch_end=lambda e, logs: ended.append(e))
    kept = prepared.X.copy()
    X, y = prepared.X, prepared.y
    before = pipeline.evaluate(model, X)
    pipeline.train(model, X, y, easy, epochs=2, callbacks=[after])
    assert ended == [0, 1]
    assert np.array_equal(X, kept)
    predictions = pipeline.evaluate(model, X)
    assert predictions.dtype == np.float32
    assert np.array_equal(pipeline.evaluate(model, X), predictions)  # no dropout
    # float32 products of a single row and of a block add up in another order
    assert pipeline.evaluate(model, X[:1]) == pytest.approx(predictions[:1], abs=1e-5)
    if pipeline.task == "classification":
        assert predictions.shape == (len(X), len(pipeline.classes))
        assert predictions.sum(axis=1) == pytest.approx(np.ones(len(X)), abs=1e-5)
        right = [(p.argmax(axis=1) == y).mean() for p in (before, predictions)]
        assert right[1] > right[0] + 0.2
    else:
        assert predictions.shape == (len(X),)


def test_an_unknown_pipeline_is_answered_with_the_nearest():
    with pytest.raises(TunefoldError, match="unknown pipeline 'digit'; did you mean"):
        get_pipeline("digit")
