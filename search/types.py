"""The records that travel through a search: frozen, no behaviour but their checks.

Everything here can be written as JSON and read back (`search.journal`), so that a
fold can be trained anywhere and a study can be continued after a crash.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from search.errors import SettingsError
from spaces.space import Params

MAX_PARAMETERS = 10_000_000
"""Weights a model may have unless the user says otherwise: larger ones train for hours
on a few cores."""

Curves = dict[str, list[float]]
"""One value per epoch under each name: `loss`, `val_loss`, `accuracy`, ..."""


@dataclass(frozen=True)
class Suggestion:
    """What an engine proposes for one trial.

    Attributes:
        number: The trial's number in its study, from 0.
        params: Plain Python scalars, active parameters only, in declared order.
        epochs: Fewer epochs than the study's, for a trial at low fidelity; None for
            the study's.
        continues: Number of the trial at fewer epochs that this one promotes.
        tags: What the trial stands for, as tags of its run.
    """

    number: int
    params: Params
    epochs: int | None = None
    continues: int | None = None
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Wait:
    """An engine's answer: nothing now, ask again after the next tell."""


@dataclass(frozen=True)
class Done:
    """An engine's answer: nothing is left to propose.

    Attributes:
        reason: One line for the user.
    """

    reason: str


@dataclass(frozen=True, eq=False)
class Fold:
    """One split of the training data.

    Attributes:
        number: Position in the splitter's order, from 0.
        train: Row numbers to learn from, int64 (n,), ascending.
        valid: Row numbers to score, int64 (m,), ascending, disjoint from `train`.
        repeat: Which repetition of the whole splitting the fold belongs to.
    """

    number: int
    train: NDArray[np.int64]
    valid: NDArray[np.int64]
    repeat: int = 0


@dataclass(frozen=True, kw_only=True)
class FoldJob:
    """Everything needed to train one fold, wherever it runs; plain data only.

    Attributes:
        pipeline: Name of the pipeline.
        data_digest: SHA-256 of the training arrays; other data is refused.
        n_rows: Use only that many rows of the training data, None for all.
        params: The trial's parameters.
        cv: The splitter in words, for example `kfold:5`.
        split_seed: Seed of the splitter.
        fold: Which of its folds to train.
        rows_digest: Digest of that fold's row numbers; other rows are refused.
        seed: Training seed: initial weights, shuffling, dropout.
        epochs: Epochs to train.
        metrics: Names of the metrics to follow, the searched one first.
        backend: Keras backend.
        groups: Which groups stay together in a fold: `pipeline`, `duplicates`, None.
        max_parameters: Refuse a model with more weights; None refuses none.
        max_seconds: What is left of the trial's time; None for any.
        max_memory: Largest resident size of the worker, MiB; None for any.
        init_digest: Digest of the weights to begin with; other ones are refused. None
            begins with fresh ones.
        floor: Per epoch, stop where the best value of the searched metric so far is
            below this one (signed so that higher is better); None never stops.
    """

    pipeline: str
    data_digest: str
    n_rows: int | None
    params: Params
    cv: str
    split_seed: int
    fold: int
    rows_digest: str
    seed: int
    epochs: int
    metrics: tuple[str, ...]
    backend: str
    groups: str | None = None
    max_parameters: int | None = None
    max_seconds: float | None = None
    max_memory: int | None = None
    init_digest: str | None = None
    floor: tuple[float, ...] | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class FoldResult:
    """What one fold gave.

    Attributes:
        fold: Number of the fold.
        curves: Training (`loss`), validation (`val_loss`) and `objective`, the
            value that the optimizer minimised, per epoch.
        rows: Validation rows, int64 (m,).
        predictions: Validation predictions of each epoch, float32
            (epochs, m, n_outputs), or (epochs, m) for a regression; None once
            they are stored beside the journal.
        n_parameters: Weights of the model, trainable or not.
        seconds: Wall time of the fold, with compilation.
        epoch_seconds: Of this, the training of each epoch; the first compiles.
        measure_seconds: Of this, predicting and scoring after each epoch.
        peak_memory_mb: Largest resident size of the process so far.
        ended: Wall clock at the end, seconds since 1970.
    """

    fold: int
    curves: Curves
    rows: NDArray[np.int64]
    predictions: NDArray[np.float32] | None
    n_parameters: int
    seconds: float
    epoch_seconds: list[float]
    measure_seconds: float
    peak_memory_mb: float
    ended: float


class TrialState(StrEnum):
    """How a trial ended, or that it has not."""

    RUNNING = "running"
    COMPLETE = "complete"
    STOPPED = "stopped"
    FAILED = "failed"


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One configuration and what is known of it.

    Attributes:
        number: From 0, in the order of asking.
        params: Active parameters only.
        state: A trial that is not running never changes again.
        folds: Finished folds in the order of their numbers.
        score: Mean over folds of the searched metric at `epoch`; complete trials
            only.
        epoch: The common epoch, from 1; complete trials only.
        told: The finite value the engine is told once the trial has ended.
        reason: Why it was stopped or failed, one line.
        epochs: Epochs asked for.
        rung: Whether these are fewer than the study's: such a trial is compared with
            its like only and has no place in the leaderboard.
        continues: Number of the trial at fewer epochs that this one promotes.
        engine: Who proposed it.
        sampler: By which sampler.
        n_parameters: Weights of the model, once one was built.
        tags: What it stands for, as its engine says.
        told_also: Values of the study's further objectives, told with `told`, each
            turned so that higher is better.
        copy_of: Number of the complete trial with equal parameters whose folds
            were taken over.
    """

    number: int
    params: Params
    state: TrialState
    epochs: int
    folds: tuple[FoldResult, ...] = ()
    score: float | None = None
    epoch: int | None = None
    told: float | None = None
    reason: str | None = None
    rung: bool = False
    continues: int | None = None
    engine: str = ""
    sampler: str = ""
    n_parameters: int | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    told_also: tuple[float, ...] = ()
    copy_of: int | None = None


@dataclass(frozen=True, kw_only=True)
class Budget:
    """When a study stops asking.

    Attributes:
        trials: Number of trials in all, those at fewer epochs included; None for no
            limit.
        minutes: Wall time in minutes, None for no limit. No trial starts after
            it; running folds end, open ones are left for `tunefold resume`.
        max_failures: Failed trials in a row that stop the study.

    Raises:
        SettingsError: Neither limit is given, or one is not positive.
    """

    trials: int | None = None
    minutes: float | None = None
    max_failures: int = 5

    def __post_init__(self) -> None:
        if self.trials is None and self.minutes is None:
            raise SettingsError("budget: give --trials or --minutes, got neither")
        if self.trials is not None and self.trials < 1:
            raise SettingsError(f"--trials: must be at least 1, got {self.trials}")
        if self.minutes is not None and not 0 < self.minutes < float("inf"):
            raise SettingsError(f"--minutes: must be above 0, got {self.minutes:g}")


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything that defines a study, as typed by the user and completed.

    Attributes:
        name: The study's name, unique in its tracking store.
        pipeline: Name of the pipeline.
        space_name: Name of the space it was made from.
        space: The narrowed space, as `SearchSpace.to_dict` gives it.
        engine: Who proposes.
        sampler: The engine's sampler.
        objectives: What is searched: `score`, or `score` and others of
            `search.objectives`.
        max_parameters: Models with more weights are refused; None refuses none.
        max_seconds: A trial whose folds take longer together fails; None for any.
        max_memory: A trial whose worker grows larger fails, MiB; None for any.
        cv: The splitter in words.
        groups: Which rows stay together in a fold: the groups of the `pipeline`'s
            data, `duplicates`, or None.
        split_seed: Seed of the splitter; with the data alone it fixes the folds.
        seed: Seed of engine and training.
        epochs: Epochs of a full trial.
        metrics: The searched metric first.
        epoch: `best` or `last`: which epoch's score counts.
        workers: Trials trained at once. A proposal does not know of the latest ones
            before it, even if they have ended; how many, see `search.lag.lag_of`.
        pruner: What is not finished, see `search.pruners.registry`.
        n_rows: Rows of the training data used, None for all.
        backend: Keras backend.
        experiment: Name of the MLflow experiment.
        data_digest: SHA-256 of the training arrays.
        target_digest: SHA-256 of the training targets alone, which pipelines with
            other inputs may share; empty where a study was begun without it.
        data_source: Where they came from, in words.
        split_digest: Digest of all folds' row numbers.
        fold_sizes: Training and validation rows of each fold; empty where a study was
            begun without them.
        dummy: Mean over folds of each metric for a predictor that ignores its inputs.
        unit: Of a regression's target; empty for none.
        init_from: Run id of the rerun with whose weights all networks begin; None
            begins with fresh ones.
        init_digest: Digest of these weights, see `pipelines.transfer`.
        tags: The user's own tags.
    """

    name: str
    pipeline: str
    space_name: str
    space: Mapping[str, Any]
    engine: str
    sampler: str
    cv: str
    split_seed: int
    seed: int
    epochs: int
    metrics: tuple[str, ...]
    epoch: str
    workers: int
    n_rows: int | None
    backend: str
    experiment: str
    data_digest: str
    data_source: str
    split_digest: str
    objectives: tuple[str, ...] = ("score",)
    pruner: str = "none"
    max_parameters: int | None = None
    max_seconds: float | None = None
    max_memory: int | None = None
    groups: str | None = None
    target_digest: str = ""
    fold_sizes: tuple[tuple[int, int], ...] = ()
    dummy: Mapping[str, float] = field(default_factory=dict)
    unit: str = ""
    init_from: str | None = None
    init_digest: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
