"""A search on the curve table: what a study does, without training.

Ledger, engine, pruner and told values are those of a study; a fold is looked up, and
its seconds pass on a clock of the replay's own.
"""

import heapq
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from curve_table import CurveTable, TableEngine
from numpy.typing import NDArray

from search.fold_jobs import JobMaker
from search.lag import lag_of
from search.ledger import Ledger
from search.protocols import Engine
from search.pruners.registry import make_pruner
from search.types import Fold, FoldResult, Suggestion, Trial

FIXED_ROWS = np.arange(0, dtype=np.int64)


@dataclass(frozen=True, kw_only=True)
class Replayed:
    """How a replayed search went.

    Attributes:
        trials: Those that ended, in the order in which they did.
        rows: The table's row of each trial number.
        ended: When each trial ended, seconds from the start.
        fits: Folds that were begun.
        seconds: Of slots, in all.
    """

    trials: Sequence[Trial]
    rows: Sequence[int]
    ended: Sequence[float]
    fits: int
    seconds: float

    @property
    def best(self) -> float:
        """The best score of a complete trial."""
        return max(t.score for t in self.trials if t.score is not None)

    def found(self, score: float) -> float:
        """When a trial as good as a score was complete, seconds; inf for never."""
        good = (
            seconds
            for trial, seconds in zip(self.trials, self.ended, strict=True)
            if trial.score is not None and trial.score >= score
        )
        return min(good, default=np.inf)


def search(
    table: CurveTable,
    *,
    engine: str = "optuna",
    sampler: str,
    pruner: str,
    seed: int,
    n_trials: int,
    workers: int = 2,
    lag: int | None = None,
    until: float | None = None,
) -> Replayed:
    """Search the table.

    Args:
        table: What there is.
        engine: Who proposes.
        sampler: Its sampler; `random` draws rows of the table without replacement.
        pruner: As for `--pruner`.
        seed: Of the engine and of the order of folds.
        n_trials: At most as many as the table has rows.
        workers: Slots.
        lag: Trials that a proposal may not know; None for as many as a study has.
        until: Stop at the first complete trial that is as good; None never stops.
    """
    n_folds = table.accuracy.shape[1]
    proposes = TableEngine(table, engine=engine, sampler=sampler, seed=seed)
    settings = replace(table.settings, pruner=pruner, seed=seed, workers=workers)
    # Which fold comes first is chance: another one for each seed.
    order = np.random.default_rng([seed, 1]).permutation(n_folds)
    ledger = Ledger(
        _jobs(settings, n_folds),
        engine=proposes,
        pruner=make_pruner(settings, n_folds=n_folds),
        journal=_NoJournal(),  # type: ignore[arg-type]
        trackers=[],
        lag=lag_of(workers) if lag is None else lag,
    )
    free = list(range(workers))
    running: list[tuple[float, int, int, FoldResult]] = []  # end, slot, trial, result
    of_slot: dict[int, int] = {}
    ended: dict[int, float] = {}
    now, fits, busy = 0.0, 0, 0.0
    while True:
        for slot in list(free):
            mine = of_slot.get(slot)
            number = _choose(ledger, proposes, mine, n_trials, settings.epochs)
            if number is None:
                continue
            fold = ledger.open[number].waiting.popleft()
            floor = ledger.floor(number, fold)
            result = _train(table, proposes.rows[number], fold, int(order[fold]), floor)
            free.remove(slot)
            of_slot[slot] = number
            fits += 1
            busy += result.seconds
            heapq.heappush(running, (now + result.seconds, slot, number, result))
        if not running:
            break
        now, slot, number, result = heapq.heappop(running)
        free.append(slot)
        if ledger.fold_done(number, result):
            ledger.complete(number)
        for trial in ledger.ended:
            ended[trial.number] = now
            if until is not None and (trial.score or 0.0) >= until:
                running.clear()
                free.clear()
        ledger.ended.clear()
    return Replayed(
        trials=[ledger.trials[number] for number in ended],
        rows=proposes.rows,
        ended=list(ended.values()),
        fits=fits,
        seconds=busy,
    )


def _choose(
    ledger: Ledger, engine: Engine, mine: int | None, n_trials: int, epochs: int
) -> int | None:
    """As a study's slot: its own trial, a new one, an open fold of another."""
    if mine in ledger.open and ledger.open[mine].waiting:
        return mine
    number = len(ledger.trials)
    if number < n_trials and ledger.may_ask():
        ledger.tell_before_next()
        asked = engine.ask(number)
        assert isinstance(asked, Suggestion)
        ledger.begin(asked, epochs=epochs)
        return number
    return next((n for n, t in sorted(ledger.open.items()) if t.waiting), None)


def _train(
    table: CurveTable,
    row: int,
    fold: int,
    column: int,
    floor: Sequence[float] | None,
) -> FoldResult:
    curve = table.accuracy[row, column].astype(float)
    n = len(curve)
    if floor is not None:
        below = np.maximum.accumulate(curve) < np.array(floor)
        n = int(below.argmax()) + 1 if below.any() else n
    loss = table.log_loss[row, column, :n].astype(float).tolist()
    return FoldResult(
        fold=fold,
        curves={"val_accuracy": curve[:n].tolist(), "val_loss": loss, "loss": loss},
        rows=FIXED_ROWS,
        predictions=None,
        n_parameters=0,
        seconds=float(table.seconds[row] * n + table.beginning[row] * (fold == 0)),
        epoch_seconds=[],
        measure_seconds=0.0,
        peak_memory_mb=0.0,
        ended=0.0,
    )


def _jobs(settings: Any, n_folds: int) -> JobMaker:
    y = np.tile(np.arange(10), n_folds)  # a predictor that ignores its inputs has .1
    rows: NDArray[np.int64] = np.arange(len(y))
    parts = [(rows // 10 != fold) for fold in range(n_folds)]
    folds = [
        Fold(number=number, train=rows[part], valid=rows[~part])
        for number, part in enumerate(parts)
    ]
    return JobMaker(settings=settings, folds=folds, y=y, n_outputs=10)


class _NoJournal:
    """Takes what a ledger records and keeps nothing."""

    written = 0

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *words, **options: None
