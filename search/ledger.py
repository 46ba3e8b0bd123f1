"""What a study knows: its trials, which of their folds are open, who was told.

Not a loop: every method is one step, made durable in the journal before it returns.
The caller holds the study's lock.
"""

import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from search.dummy import dummy_scores
from search.events import read_trials, taken_over, warm_trials
from search.fold_jobs import JobMaker
from search.journal import Journal
from search.metrics import METRICS
from search.objectives import told_also
from search.protocols import Engine, Pruner, Tracker
from search.scoring import common_epoch, failure_reason, mean_score, told_value
from search.types import FoldResult, Suggestion, Trial, TrialState


@dataclass
class OpenTrial:
    """A trial that is not complete.

    Attributes:
        number: The trial's number.
        waiting: Folds nobody trains yet, in order.
        died: Folds whose worker died once.
        began: When it was opened in this process, `time.monotonic` seconds.
    """

    number: int
    waiting: deque[int]
    died: set[int] = field(default_factory=set)
    began: float = field(default_factory=time.monotonic)


class Ledger:
    """The trials of a study and the only way to change them.

    Args:
        jobs: Knows folds and targets.
        engine: Told of ended trials.
        pruner: Decides what is not worth finishing.
        journal: Where each step is recorded first.
        trackers: Told of folds and ended trials.
        lag: Trials a proposal may not know: ask k follows the tells of exactly the
            trials numbered below k - lag, in the order of their numbers.
    """

    def __init__(
        self,
        jobs: JobMaker,
        *,
        engine: Engine,
        pruner: Pruner,
        journal: Journal,
        trackers: Sequence[Tracker],
        lag: int,
    ) -> None:
        self.trials: dict[int, Trial] = {}
        self.open: dict[int, OpenTrial] = {}
        self.ended: list[Trial] = []
        self._jobs = jobs
        self._engine = engine
        self._pruner = pruner
        self._journal = journal
        self._trackers = trackers
        self._lag = lag
        self._told: set[int] = set()
        self._of_others: set[int] = set()  # asked before the present engine took over
        self._settings = jobs.settings
        self._epoch_rule = jobs.settings.epoch
        self._metric = METRICS[jobs.settings.metrics[0]]
        name = self._metric.name
        self._dummy = dummy_scores([name], jobs.y, jobs.folds, jobs.n_outputs)[name]

    def replay(self) -> None:
        """Take up what the journal holds; the engine is asked and told anew.

        Of what was asked before the present engine took over it is told only, as of
        the trials a study was started from.
        """
        events = self._journal.events()
        trials = read_trials(events)
        took_over = taken_over(events)
        for trial in warm_trials(events):
            self._engine.tell(trial)
        for place, event in enumerate(events):
            match event["event"]:
                case "asked" if place < took_over:
                    self._of_others.add(event["number"])
                case "asked":
                    self._engine.ask(event["number"])
                case "told":
                    self._tell_engine(trials[event["number"]])
                    self._told.add(event["number"])
        for trial in trials.values():
            if trial.state is TrialState.RUNNING:
                self._open(trial)
            else:
                self.trials[trial.number] = trial
                self._journal.drop_fold_predictions(trial.number)

    def may_ask(self) -> bool:
        """Say whether all trials the next proposal has to know have ended."""
        return not any(n in self.open for n in self._before(len(self.trials)))

    def tell_before_next(self) -> None:
        """Tell the engine what the next proposal has to know."""
        self._tell(self._before(len(self.trials)))

    def tell_all(self) -> None:
        """Tell the engine of every ended trial: it waits and nothing is running."""
        self._tell(range(len(self.trials)))

    def begin(self, suggestion: Suggestion, *, epochs: int) -> bool:
        """Open the suggested trial, or end it at once when its folds are known.

        Returns:
            Whether there is something to train.
        """
        trial = Trial(
            number=suggestion.number,
            params=suggestion.params,
            state=TrialState.RUNNING,
            epochs=epochs,
            rung=epochs < self._settings.epochs,
            continues=suggestion.continues,
            engine=self._settings.engine,
            sampler=self._settings.sampler,
            tags=suggestion.tags,
        )
        self._journal.asked(trial)
        return self._open(trial)

    def fold_done(self, number: int, result: FoldResult) -> None:
        """Record a fold; end its trial when it was the last or shows a reason to."""
        if number not in self.open:  # failed or stopped while this fold was running
            return
        stored = self._journal.fold(number, result)
        folds = sorted((*self.trials[number].folds, stored), key=lambda f: f.fold)
        trial = replace(self.trials[number], folds=tuple(folds))
        self.trials[number] = trial
        for tracker in self._trackers:
            tracker.fold_done(trial, stored)
        self._end_if_decided(trial)

    def fail(
        self, number: int, reason: str, *, n_parameters: int | None = None
    ) -> None:
        """End a trial as failed.

        Args:
            number: The trial's.
            reason: Why, one line.
            n_parameters: Weights of the model where that is the reason.
        """
        if number in self.open:
            self._end(
                replace(
                    self.trials[number],
                    state=TrialState.FAILED,
                    reason=reason,
                    n_parameters=n_parameters,
                )
            )

    def worker_died(self, number: int, fold: int, reason: str) -> None:
        """Open the fold once more; the second time the trial fails."""
        if number not in self.open:
            return
        open_trial = self.open[number]
        if fold in open_trial.died:
            self.fail(number, f"fold {fold}: {reason}, twice")
        else:
            open_trial.died.add(fold)
            open_trial.waiting.appendleft(fold)

    def floor(self, number: int, fold: int) -> Sequence[float] | None:
        """Return the floor of an open trial's fold; see `search.protocols.Pruner`."""
        epochs = self.trials[number].epochs
        return self._pruner.floor(fold, epochs, self._known_to(number))

    def _known_to(self, number: int) -> list[Trial]:
        """Return the trials that a proposal knew, all ended."""
        return [self.trials[n] for n in self._before(number)]

    def _before(self, number: int) -> range:
        return range(max(0, number - self._lag))

    def _tell(self, numbers: range) -> None:
        for number in numbers:
            if number not in self._told and number not in self.open:
                self._tell_engine(self.trials[number])
                self._journal.told(number)
                self._told.add(number)

    def _tell_engine(self, trial: Trial) -> None:
        # What a trial at few epochs is worth, only the engine knows that asked for it.
        if not (trial.rung and trial.number in self._of_others):
            self._engine.tell(trial)

    def _find_known(self, trial: Trial) -> Trial | None:
        """Return a complete trial with equal parameters: its scores are equal too.

        Among those the proposal knew: later ones may have ended or not.
        """
        for number in self._before(trial.number):
            other = self.trials[number]
            complete = other.state is TrialState.COMPLETE
            if complete and (other.params, other.epochs) == (
                trial.params,
                trial.epochs,
            ):
                return other
        return None

    def _open(self, trial: Trial) -> bool:
        """Open a trial and return True; end it when its folds are known."""
        self.trials[trial.number] = trial
        known = self._find_known(trial)
        if known is not None:
            self._end(replace(trial, copy_of=known.number, folds=known.folds))
            return False
        done = {result.fold for result in trial.folds}
        waiting = deque(n for n in range(self._jobs.n_folds) if n not in done)
        self.open[trial.number] = OpenTrial(trial.number, waiting)
        if trial.folds:  # a crash may have come between a fold and what it decides
            self._end_if_decided(trial)
        return True

    def _end_if_decided(self, trial: Trial) -> None:
        failed = failure_reason(trial.folds)
        stopped = _below_floor(trial) or self._pruner.stop_after(
            trial, self._known_to(trial.number)
        )
        if failed:
            self._end(replace(trial, state=TrialState.FAILED, reason=failed))
        elif stopped:
            self._end(replace(trial, state=TrialState.STOPPED, reason=stopped))
        elif len(trial.folds) == self._jobs.n_folds:
            self._end(trial)

    def _end(self, trial: Trial) -> None:
        if trial.folds:
            trial = replace(trial, n_parameters=trial.folds[0].n_parameters)
        if trial.state is TrialState.RUNNING:
            epoch = common_epoch(self._metric, trial.folds, self._epoch_rule)
            trial = replace(
                trial,
                state=TrialState.COMPLETE,
                epoch=epoch,
                score=mean_score(self._metric, trial.folds, epoch),
            )
            self._keep_predictions(trial)
        # What is told depends on the trials its proposal knew: so it does not depend
        # on which slot was faster.
        known = self._known_to(trial.number)
        value = told_value(self._metric, trial, known, dummy=self._dummy)
        also = told_also(self._settings.objectives, self._metric, trial, known)
        trial = replace(trial, told=value, told_also=also)
        self._journal.ended(trial)
        self._journal.drop_fold_predictions(trial.number)
        self.trials[trial.number] = trial
        self.open.pop(trial.number, None)
        self.ended.append(trial)
        for tracker in self._trackers:
            tracker.trial_done(trial)

    def _keep_predictions(self, trial: Trial) -> None:
        if trial.copy_of is not None:
            return
        assert trial.epoch is not None  # it is complete
        folds = [self._jobs.folds[result.fold] for result in trial.folds]
        of_epoch = [
            self._journal.fold_predictions(trial.number, fold.number)[trial.epoch - 1]
            for fold in folds
        ]
        rows = np.concatenate([fold.valid for fold in folds])
        self._journal.keep_predictions(
            trial.number,
            {
                "rows": rows,
                "fold": np.repeat(
                    [fold.number for fold in folds], [len(f.valid) for f in folds]
                ),
                "y": self._jobs.y[rows],
                "predictions": np.concatenate(of_epoch),
            },
        )


def _below_floor(trial: Trial) -> str | None:
    for fold in trial.folds:
        reached = len(fold.curves["loss"])
        if reached < trial.epochs:
            return f"fold {fold.fold} fell below its floor in epoch {reached}"
    return None
