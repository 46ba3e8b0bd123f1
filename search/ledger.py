"""What a study knows: its trials, which of their folds are open, who was told.

Not a loop: every method is one step, written to the journal before it returns. The
caller holds the study's lock, but for the methods that say otherwise: those write to
the disk. None takes longer the more trials there are.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import replace

from search.dummy import dummy_scores
from search.events import read_trials
from search.fold_jobs import JobMaker
from search.journal import Journal
from search.judging import Judge, OpenTrial
from search.known import Known, Repeats
from search.metrics import METRICS
from search.news import News
from search.objectives import told_also
from search.protocols import Engine, Pruner, Tracker
from search.scoring import Teller, common_epoch, mean_score
from search.telling import Telling
from search.trial_predictions import trial_predictions
from search.types import FoldResult, Suggestion, Trial, TrialState

MAX_LOST = 4
"""A fold that loses its place so often takes whole workers down."""


class Ledger:
    """The trials of a study and the only way to change them.

    Args:
        jobs: Knows folds and targets.
        engine: Told of ended trials.
        pruner: Decides what is not worth finishing.
        journal: Where each step is recorded first.
        trackers: Told of folds and ended trials.
        lag: Trials a proposal may not know; see `search.telling`.

    Attributes:
        trials: All trials by number, from 0.
        open: Those that are not complete, in the order of their numbers.
        ended: Those that have ended since the caller looked last.
        any_complete: Whether one is complete.
        news: What the trackers are to hear.
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
        self._telling = Telling(engine, journal, lag=lag)
        self._pruner = pruner
        self._judging = Judge(jobs.settings, pruner)
        self._journal = journal
        self.news = News(journal, trackers)
        self.any_complete = False
        self._repeats = Repeats()
        self._settings = jobs.settings
        self._epoch_rule = jobs.settings.epoch
        self._metric = METRICS[jobs.settings.metrics[0]]
        name = self._metric.name
        dummy = dummy_scores([name], jobs.y, jobs.folds, jobs.n_outputs)[name]
        self._teller = Teller(self._metric, dummy=dummy)

    def replay(self) -> None:
        """Take up what the journal holds; the engine is asked and told anew."""
        events = self._journal.events()
        trials = read_trials(events)
        self._telling.replay(events, trials)
        for trial in trials.values():
            if trial.state is not TrialState.RUNNING:
                self._take_in(trial)
            else:
                self._open(trial)
                if self._is_whole(trial.number):
                    self.keep_trial(trial.number)
                    self.complete(trial.number)
        self._journal.commit()
        self._journal.predictions.drop_folds_but_of(self.open)

    def may_ask(self) -> bool:
        """Say whether all trials the next proposal has to know have ended."""
        oldest = next(iter(self.open), None)
        n_before = self._telling.n_before(len(self.trials))
        return oldest is None or oldest >= n_before

    def tell_before_next(self) -> None:
        """Tell the engine what the next proposal has to know; see `may_ask`."""
        self._telling.tell(self._telling.n_before(len(self.trials)), self.trials)

    def tell_all(self) -> None:
        """Tell the engine of every trial: it waits and nothing is running."""
        self._telling.tell(len(self.trials), self.trials)

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

    def keep_fold(self, number: int, result: FoldResult) -> FoldResult:
        """Store what is large of a fold and return the rest; without the lock."""
        return self._journal.predictions.keep_fold(number, result)

    def fold_done(self, number: int, result: FoldResult) -> bool:
        """Record a fold that is kept; end its trial where there is a reason to.

        Returns:
            Whether it was the last: `keep_trial` and `complete` come next.
        """
        if number not in self.open:  # failed or stopped while this fold was running
            return False
        self._journal.fold(number, result)
        folds = sorted((*self.trials[number].folds, result), key=lambda f: f.fold)
        trial = replace(self.trials[number], folds=tuple(folds))
        self.trials[number] = trial
        self.news.fold_done(trial, result)
        self._judge(number)
        return self._is_whole(number)

    def keep_trial(self, number: int) -> None:
        """Store a whole trial's predictions at its common epoch; without the lock."""
        trial = self.trials[number]
        epoch = common_epoch(self._metric, trial.folds, self._epoch_rule)
        folds = [result.fold for result in trial.folds]
        predictions = trial_predictions(
            self._journal.predictions, self._jobs, number, folds=folds, epoch=epoch
        )
        self._journal.predictions.keep_trial(number, predictions)

    def complete(self, number: int) -> None:
        """End a whole trial whose predictions are kept."""
        self._end(self.trials[number])

    def tidy(self, number: int) -> None:
        """Drop what is large of a trial that has ended; without the lock.

        After `news.settle`: without its last line the trial would need it again.
        """
        if number not in self.open:
            self._journal.predictions.drop_folds(number, range(self._jobs.n_folds))

    def fail(
        self, number: int, fold: int, reason: str, *, n_parameters: int | None = None
    ) -> None:
        """End a trial as failed, unless a fold before this one ends it otherwise.

        Args:
            number: The trial's.
            fold: Which could not be trained; later ones are not begun any more.
            reason: Why, one line.
            n_parameters: Weights of the model where that is the reason.
        """
        if number not in self.open:
            return
        open_trial = self.open[number]
        open_trial.failures[fold] = reason, n_parameters
        open_trial.waiting = deque(n for n in open_trial.waiting if n < fold)
        self._judge(number)

    def worker_died(self, number: int, fold: int, reason: str) -> None:
        """Open the fold once more; the second time the trial fails."""
        if number not in self.open:
            return
        open_trial = self.open[number]
        if fold in open_trial.died:
            self.fail(number, fold, f"fold {fold}: {reason}, twice")
        else:
            open_trial.died.add(fold)
            open_trial.waiting.appendleft(fold)

    def postpone(self, number: int, fold: int) -> None:
        """Open a fold again that found no place and has not begun: no fault of it."""
        if number in self.open:
            self.open[number].waiting.appendleft(fold)

    def place_lost(self, number: int, fold: int, reason: str) -> None:
        """Open the fold again: workers may leave. One that drives all away fails."""
        if number not in self.open:
            return
        open_trial = self.open[number]
        open_trial.lost[fold] += 1
        if open_trial.lost[fold] >= MAX_LOST:
            self.fail(number, fold, f"fold {fold}: {reason}, {MAX_LOST} times in all")
        else:
            open_trial.waiting.appendleft(fold)

    def floor(self, number: int, fold: int) -> Sequence[float] | None:
        """Return the floor of an open trial's fold; see `search.protocols.Pruner`."""
        epochs = self.trials[number].epochs
        return self._pruner.floor(fold, epochs, self._known_to(number))

    def _known_to(self, number: int) -> Known:
        """Return the trials that a proposal knew, all ended."""
        return Known(self.trials, self._telling.n_before(number))

    def _open(self, trial: Trial) -> bool:
        """Open a trial and return True; end it when its folds are known."""
        self.trials[trial.number] = trial
        # Among those the proposal knew: later ones may have ended or not.
        equal = self._repeats.find(trial, self._telling.n_before(trial.number))
        if equal is not None:
            folds = self.trials[equal].folds
            self._end(replace(trial, copy_of=equal, folds=folds))
            return False
        done = {result.fold for result in trial.folds}
        waiting = deque(n for n in range(self._jobs.n_folds) if n not in done)
        self.open[trial.number] = OpenTrial(waiting)
        self.news.trial_begun(trial)
        self._judge(trial.number)  # a crash came between a fold and what it decides
        return True

    def _is_whole(self, number: int) -> bool:
        done = len(self.trials[number].folds)
        return number in self.open and done == self._jobs.n_folds

    def _judge(self, number: int) -> None:
        """End a trial where its folds show a reason to."""
        ended = self._judging.ended(
            self.trials[number], self.open[number], self._known_to(number)
        )
        if ended is not None:
            self._end(ended)

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
        # What is told depends on the trials its proposal knew: so it does not depend
        # on which slot was faster.
        known = self._known_to(trial.number)
        value = self._teller.value(trial, known)
        also = told_also(self._settings.objectives, self._metric, trial, known)
        trial = replace(trial, told=value, told_also=also)
        self._journal.ended(trial)
        self.news.trial_done(trial)
        self.open.pop(trial.number, None)
        self.ended.append(trial)
        self._take_in(trial)

    def _take_in(self, trial: Trial) -> None:
        self.trials[trial.number] = trial
        self._repeats.take_in(trial)
        self.any_complete = self.any_complete or trial.state is TrialState.COMPLETE
