"""Made-up records of a study, and an empty tracking store of its own for each test."""

import random
import shutil
from dataclasses import replace

import numpy as np
import pytest

from search.figures.material import Material
from search.metrics import METRICS
from search.out_of_fold import OutOfFold
from search.scoring import common_epoch, mean_score
from search.store import DATABASE, Store
from search.types import FoldResult, Settings, Trial, TrialState
from spaces.params import Choice, Float, Int
from spaces.space import SearchSpace

PARAMS = {"width_1": 64, "dropout": 0.1 + 0.2, "batch_norm": True, "l2": "off"}
BEGAN = 1_700_000_000.0
SETTINGS = Settings(
    name="a",
    pipeline="digits",
    space_name="dense",
    space={"params": {"dropout": {"low": 0.0, "high": 0.5}}},
    engine="optuna",
    sampler="tpe",
    cv="kfold:3",
    split_seed=0,
    seed=1,
    epochs=4,
    metrics=("accuracy", "log_loss"),
    epoch="best",
    workers=1,
    n_rows=None,
    backend="jax",
    experiment="digits",
    data_digest="d" * 64,
    data_source="made up",
    split_digest="e" * 64,
    tags={"course": "one"},
)


@pytest.fixture
def make_settings():
    """Return a function that makes the settings of a study, some fields replaced."""
    return lambda **fields: replace(SETTINGS, **fields)


@pytest.fixture
def make_fold():
    return _make_fold


@pytest.fixture
def make_trial():
    return _make_trial


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory):
    """The file of an empty store: MLflow needs seconds to bring one up to date."""
    folder = tmp_path_factory.mktemp("empty")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        Store(f"sqlite:///{DATABASE}", create=True)
    return folder / DATABASE


@pytest.fixture
def store(empty_database, tmp_path, monkeypatch):
    """An empty store in the working folder of the test."""
    shutil.copyfile(empty_database, tmp_path / DATABASE)
    monkeypatch.chdir(tmp_path)
    return Store(f"sqlite:///{tmp_path / DATABASE}")


def _make_fold(number=0, *, height=0.9, best_epoch=3, epochs=4, **fields):
    """A fold that is best in one epoch; the validation rows score .05 less."""
    distance = 0.1 * np.abs(np.arange(1, epochs + 1) - best_epoch)
    accuracy = height - distance + 0.01 * number
    loss = 1 - accuracy
    curves = {
        "loss": loss,
        "val_loss": loss + 0.3,
        "accuracy": accuracy,
        "val_accuracy": accuracy - 0.05,
        "objective": loss + 0.5,
    }
    return replace(
        FoldResult(
            fold=number,
            curves={name: curve.tolist() for name, curve in curves.items()},
            rows=np.empty(0, np.int64),
            predictions=None,
            n_parameters=1234,
            seconds=2.5,
            epoch_seconds=[0.5] * epochs,
            measure_seconds=0.1,
            peak_memory_mb=500.0 + number,
            ended=BEGAN + 10 * (number + 1) + 0.123,
        ),
        **fields,
    )


def _make_trial(
    number=0, *, n_folds=3, state="complete", metric="accuracy", folds=None, **fields
):
    """A trial of that many folds; a complete one is scored by the given metric."""
    state = TrialState(state)
    if folds is None:
        height = fields.pop("height", 0.9)
        folds = tuple(_make_fold(fold, height=height) for fold in range(n_folds))
    trial = Trial(
        number=number,
        params=dict(PARAMS),
        state=state,
        epochs=4,
        folds=folds,
        engine="optuna",
        sampler="tpe",
        n_parameters=1234 if folds and state is not TrialState.RUNNING else None,
    )
    if state is TrialState.COMPLETE:
        by = METRICS[metric]
        epoch = common_epoch(by, folds, "best")
        score = mean_score(by, folds, epoch)
        trial = replace(trial, epoch=epoch, score=score, told=by.sign(score))
    elif state is not TrialState.RUNNING:
        trial = replace(trial, told=0.1, reason=f"{state} for a reason")
    return replace(trial, **fields)


SPACE = SearchSpace(
    {
        "n_layers": Int(low=1, high=3),
        "width_1": Int(low=16, high=256, log=True),
        "dropout": Float(low=0.0, high=0.8),
        "l2": Choice(options=("off", "on")),
        "l2_strength": Float(low=1e-6, high=1e-2, log=True, when=("l2", ("on",))),
        "batch_norm": Choice(options=(False, True)),
    }
)


@pytest.fixture
def make_study(make_settings):
    """Return a function that makes what figures are drawn from."""

    def make(n=12, *, trials=None, predictions=None, classes=(), **fields):
        settings = make_settings(**{"space": SPACE.to_dict()} | fields)
        if trials is None:
            trials = [_drawn_trial(number) for number in range(n)]
        return Material(
            settings=settings, trials=trials, predictions=predictions, classes=classes
        )

    return make


@pytest.fixture
def make_out_of_fold():
    """Return a function that makes predictions of classes, right for four in five."""

    def make(n=300, n_classes=3):
        rng = np.random.default_rng(0)
        y = np.arange(n) % n_classes
        taken = np.where(rng.random(n) < 0.8, y, (y + 1) % n_classes)
        return OutOfFold(
            rows=np.arange(n),
            fold=np.arange(n) % 3,
            y=y,
            predictions=np.eye(n_classes, dtype=np.float32)[taken],
        )

    return make


def _drawn_trial(number, **fields):
    """A trial whose score falls with its dropout, and whose weights with its width."""
    params = SPACE.sample(random.Random(number))
    folds = tuple(
        _make_fold(
            fold,
            height=0.95 - 0.5 * params["dropout"],
            n_parameters=64 * params["width_1"],
            ended=BEGAN + 30 * number + 10 * (fold + 1),
        )
        for fold in range(3)
    )
    trial = _make_trial(number, folds=folds, params=params)
    return replace(trial, n_parameters=folds[0].n_parameters, **fields)
