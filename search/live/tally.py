"""Count what a study's trials do as they come, and say how it stands.

The search feeds it with what its trackers hear, who watches with what the journal says.
"""

import threading
from collections.abc import Sequence

from pipelines.spec import short_name
from search.configuration import describe
from search.live.slots import RunningFold
from search.live.snapshot import EndedTrial, RunningTrial, Snapshot
from search.live.time_left import Costs, TimeLeft, time_left
from search.metrics import METRICS, Metric
from search.pruners.saved import Saving
from search.scoring import common_epoch, mean_score
from search.types import Budget, FoldResult, Settings, Trial, TrialState

MAX_LATEST = 8
"""Ended trials that a snapshot holds."""


class Tally:
    """A study's trials, counted. Slots may call it while a screen draws.

    Args:
        settings: The study's.
        n_folds: Folds of a trial.
        budget: What it may use, None where that is not known.
        began: When this session of the study began, seconds since 1970.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        n_folds: int,
        budget: Budget | None,
        began: float,
    ) -> None:
        self.settings = settings
        self.best: Trial | None = None
        self._n_folds = n_folds
        self._metric = METRICS[settings.metrics[0]]
        self._lock = threading.Lock()
        # Counted as they come: a study may have thousands of trials.
        self._running: dict[int, Trial] = {}
        self._ended: set[int] = set()
        self._latest: list[Trial] = []
        self._folds_of: dict[int, int] = {}
        self._folds = 0
        self._costs = Costs(n_folds)
        self._saving = Saving()
        self.begin_session(budget, began=began)

    def begin_session(self, budget: Budget | None, *, began: float) -> None:
        """Let the clock begin anew: what is trained from now on tells the pace.

        Args:
            budget: What the study may use from now on, None where that is not known.
            began: Seconds since 1970.
        """
        self._max_trials = None if budget is None else budget.trials
        self._minutes = None if budget is None else budget.minutes
        self._began = began
        self._trained = 0.0

    def take_in(self, trial: Trial) -> None:
        """Take in a trial as it stands; the same one again changes nothing."""
        with self._lock:
            number = trial.number
            folds = 0 if trial.copy_of is not None else len(trial.folds)
            self._folds += folds - self._folds_of.get(number, 0)
            self._folds_of[number] = folds
            if trial.state is TrialState.RUNNING:
                self._running[number] = trial
            elif number not in self._ended:
                self._end(trial, folds)

    def fold_trained(self, result: FoldResult) -> None:
        """Take in how long a fold took that was trained in this session."""
        with self._lock:
            self._trained += result.seconds

    def left(self, now: float, slots: Sequence[RunningFold] = ()) -> TimeLeft | None:
        """Say how long the study still takes, None while too little is known.

        Args:
            now: Seconds since 1970.
            slots: What is trained now.
        """
        with self._lock:
            done = {number: len(t.folds) for number, t in self._running.items()}
            begun = {running.trial: 0 for running in slots} | done
            return time_left(
                self._costs,
                trials=self._max_trials,
                minutes=self._minutes,
                running=[n for number, n in begun.items() if number not in self._ended],
                in_progress=sum(max(0.0, now - running.began) for running in slots),
                gone=now - self._began,
                trained=self._trained,
            )

    def snapshot(
        self,
        now: float,
        slots: Sequence[RunningFold] = (),
        *,
        notes: Sequence[str] = (),
        outcome: str | None = None,
    ) -> Snapshot:
        """Return the study as it stands.

        Args:
            now: Seconds since 1970.
            slots: What is trained now.
            notes: What else there is to say, a line each.
            outcome: How the study ended; None while it runs.
        """
        left = None if outcome else self.left(now, slots)
        with self._lock:
            s = self.settings
            return Snapshot(
                study=s.name,
                about=about(s),
                metric=self._metric.name,
                epochs=s.epochs,
                n_folds=self._n_folds,
                n_trials=self._max_trials,
                n_ended=len(self._ended),
                folds_trained=self._folds,
                gone=None if outcome else now - self._began,
                left=left,
                saved=self._saving.describe(self._n_folds),
                best=None if self.best is None else _ended(self._metric, self.best),
                running=self._rows(now, slots),
                latest=tuple(_ended(self._metric, trial) for trial in self._latest),
                notes=tuple(notes),
                outcome=outcome,
            )

    def _end(self, trial: Trial, folds: int) -> None:
        self._ended.add(trial.number)
        self._running.pop(trial.number, None)
        self._latest = [*self._latest, trial][-MAX_LATEST:]
        seconds = sum(fold.seconds for fold in trial.folds) if folds else 0.0
        self._costs.add(folds=folds, seconds=seconds)
        self._saving = self._saving.after(trial)
        if trial.score is not None and not trial.rung and self._is_best(trial.score):
            self.best = trial

    def _is_best(self, score: float) -> bool:
        sign = self._metric.sign
        return self.best is None or sign(score) > sign(self.best.score or 0.0)

    def _rows(
        self, now: float, slots: Sequence[RunningFold]
    ) -> tuple[RunningTrial, ...]:
        rows = []
        for running in slots:
            trial = self._running.get(running.trial)
            rows.append(
                RunningTrial(
                    number=running.trial,
                    configuration=describe(running.params),
                    folds_done=len(trial.folds) if trial else 0,
                    mean=self._mean(trial),
                    slot=running.slot,
                    fold=running.fold,
                    seconds=max(0.0, now - running.began),
                    curve=running.curve,
                )
            )
        trained = {running.trial for running in slots}
        for number in sorted(self._running.keys() - trained):
            trial = self._running[number]
            rows.append(
                RunningTrial(
                    number=number,
                    configuration=describe(trial.params),
                    folds_done=len(trial.folds),
                    mean=self._mean(trial),
                    curve=mean_curve(self._metric, trial.folds),
                )
            )
        return tuple(rows)

    def _mean(self, trial: Trial | None) -> float | None:
        if trial is None or len({len(f.curves["loss"]) for f in trial.folds}) != 1:
            return None
        epoch = common_epoch(self._metric, trial.folds, self.settings.epoch)
        return mean_score(self._metric, trial.folds, epoch)


def about(settings: Settings) -> str:
    """Say in a few words what a study searches and how."""
    s = settings
    parts = [short_name(s.pipeline), s.cv, f"{s.engine} {s.sampler}"]
    if s.pruner != "none":
        parts.append(f"pruner {s.pruner}")
    return ", ".join(parts)


def mean_curve(metric: Metric, folds: Sequence[FoldResult]) -> tuple[float, ...]:
    """Return the mean over folds of the validation values, as far as all have one."""
    curves = [fold.curves[f"val_{metric.curve}"] for fold in folds]
    return tuple(sum(values) / len(values) for values in zip(*curves, strict=False))


def _ended(metric: Metric, trial: Trial) -> EndedTrial:
    return EndedTrial(
        number=trial.number,
        state=trial.state.value,
        configuration=describe(trial.params),
        score=trial.score,
        curve=mean_curve(metric, trial.folds),
    )
