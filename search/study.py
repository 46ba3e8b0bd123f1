"""The one loop of a search: ask, fold, fold, ..., tell.

Each slot has a thread that waits for its worker process. A slot goes on with the
trial it is on; without one it starts the next trial; and where it may not, it takes
an open fold of a running trial, so that no core waits while there is work.
"""

import threading
import time
from collections.abc import Callable, Sequence
from functools import partial

from search.clock import Clock
from search.errors import FatalError, ModelTooLargeError, TrialError
from search.fold_jobs import JobMaker
from search.journal import Journal
from search.lag import lag_of
from search.ledger import Ledger
from search.limits import reason_to_end
from search.protocols import Engine, Pruner, Tracker
from search.streaks import Streaks
from search.types import (
    Budget,
    Done,
    FoldJob,
    FoldResult,
    Suggestion,
    Trial,
    TrialState,
)
from search.workers import NoPlaceError, PlaceLostError, Slot, WorkerDiedError
from spaces.errors import TunefoldError

READY_SECONDS = 0.2
"""How often a slot without a place to train looks for one."""


class Study:
    """Runs a search until its budget is spent; see `run`.

    Args:
        jobs: Makes the jobs of the study's folds.
        engine: Proposes; fresh, also when the journal is not.
        pruner: Stops what is not worth finishing.
        slots: Where folds are trained.
        journal: Open for writing; what it holds is continued.
        trackers: Told of folds and trials as they end.
        budget: When to stop asking.
        run_fold: Trains one fold; runs in the slots.
    """

    def __init__(
        self,
        jobs: JobMaker,
        *,
        engine: Engine,
        pruner: Pruner,
        slots: Sequence[Slot],
        journal: Journal,
        trackers: Sequence[Tracker],
        budget: Budget,
        run_fold: Callable[[FoldJob], FoldResult],
    ) -> None:
        self._jobs = jobs
        self._engine = engine
        self._slots = slots
        self._journal = journal
        self._budget = budget
        self._run_fold = run_fold
        self._ledger = Ledger(
            jobs,
            engine=engine,
            pruner=pruner,
            journal=journal,
            trackers=trackers,
            lag=lag_of(jobs.settings.workers),
        )
        self._changed = threading.Condition()
        self._clock = Clock(budget)
        self._taken_up = False
        self._no_more: str | None = None  # why nothing is asked any more
        self._stopped: str | None = None  # why nothing at all is started any more
        self._fatal: TunefoldError | None = None
        self._streaks = Streaks(jobs.settings, budget)

    def take_up(self) -> None:
        """Take up what the journal holds, so that `trials` has it; `run` does it, too.

        Trackers hear of what this ends when the study runs.
        """
        if not self._taken_up:
            self._taken_up = True
            self._ledger.replay()

    def run(self) -> str:
        """Search, and return why it ended in one line.

        Raises:
            TunefoldError: The study could not go on; what is finished is kept.
        """
        self.take_up()
        self._clock = Clock(self._budget)
        with self._changed:
            just_now = {trial.number for trial in self._ledger.ended}
            self._streaks.take_up(self.trials, but=just_now)
            self._look_at_ended()
        self._ledger.news.settle()
        threads = [
            threading.Thread(target=self._work, args=(slot,), daemon=True)
            for slot in self._slots
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            while thread.is_alive():  # a join without timeout would block Ctrl-C
                thread.join(timeout=0.2)
        reason = str(self._fatal or self._stopped or self._no_more)
        try:
            self._journal.stopped(reason)
            self._ledger.news.settle()
        except TunefoldError as error:
            self._fatal = self._fatal or error
        if self._fatal is not None:
            raise self._fatal
        return reason

    def stop(self, reason: str) -> None:
        """Let running folds end and start nothing more; may be called anywhere."""
        with self._changed:
            self._stopped = self._stopped or reason
            self._changed.notify_all()

    @property
    def trials(self) -> list[Trial]:
        """All trials so far, in the order of their numbers."""
        return list(self._ledger.trials.values())

    def _work(self, slot: Slot) -> None:
        number: int | None = None
        try:
            while (
                self._wait_for(slot) and (task := self._next_fold(number)) is not None
            ):
                if self._ledger.news:
                    self._ledger.news.settle()
                number, fold = task
                self._train(slot, number, fold)
        except TunefoldError as error:
            self._give_up(error)
        except BaseException as error:
            self._give_up(FatalError(f"study: ended by a bug: {error!r}"))
            raise

    def _wait_for(self, slot: Slot) -> bool:
        """Wait until a slot could train; return False when there is nothing left to."""
        while not slot.is_ready():
            with self._changed:
                self._look_at_clock()
                done = self._no_more is not None and not self._ledger.open
                if done or self._fatal is not None or self._stopped is not None:
                    return False
            time.sleep(READY_SECONDS)
        return True

    def _give_up(self, error: TunefoldError) -> None:
        with self._changed:
            self._fatal = self._fatal or error
            self._changed.notify_all()

    def _next_fold(self, mine: int | None) -> tuple[int, int] | None:
        """Return the trial and fold a slot should train; None when all is done.

        A change wakes one of the slots that wait; what one finds to do, or that all is
        done, the next may find as well. So a thousand are not woken for one fold.
        """
        with self._changed:
            while True:
                self._look_at_clock()
                if self._fatal is not None or self._stopped is not None:
                    break
                number = self._choose_trial(mine)
                if number is not None:
                    self._changed.notify()
                    return number, self._ledger.open[number].waiting.popleft()
                if not self._ledger.open and self._no_more is not None:
                    break
                if self._fatal is None:
                    left = self._clock.seconds_left()
                    self._changed.wait(None if left is None else max(left, 1.0))
            self._changed.notify()
            return None

    def _look_at_clock(self) -> None:
        if self._clock.is_over():
            reason = f"the {self._budget.minutes:g} minutes are over"
            self._no_more = self._no_more or reason
            # Without any complete trial there would be nothing to show for the time.
            if self._ledger.any_complete:
                self._stopped = self._stopped or reason

    def _choose_trial(self, mine: int | None) -> int | None:
        open_trials = self._ledger.open
        if mine in open_trials and open_trials[mine].waiting:
            return mine
        while self._may_ask():
            asked = self._ask()
            if asked is None:  # until a trial has ended
                break
            if asked in open_trials:
                return asked
        return next((n for n, t in open_trials.items() if t.waiting), None)

    def _may_ask(self) -> bool:
        limit = self._budget.trials
        asked = len(self._ledger.trials)
        if self._no_more is None and limit is not None and asked >= limit:
            self._no_more = f"all {limit} trials are done"
        if self._no_more is None and not self._clock.fits_a_trial():
            self._no_more = f"the {self._budget.minutes:g} minutes are nearly over"
        if self._no_more or self._fatal or self._stopped:
            return False
        return self._ledger.may_ask()

    def _ask(self) -> int | None:
        """Ask for a trial and return its number; None when the engine has none.

        A trial whose folds are known has ended when this returns.
        """
        number = len(self._ledger.trials)
        self._ledger.tell_before_next()
        answer = self._engine.ask(number)
        if not isinstance(answer, Suggestion | Done) and not self._ledger.open:
            self._ledger.tell_all()
            answer = self._engine.ask(number)
        if isinstance(answer, Done):
            self._no_more = answer.reason
            return None
        if not isinstance(answer, Suggestion):
            if not self._ledger.open:
                raise FatalError("engine: waits although every trial has ended")
            return None
        epochs = answer.epochs or self._jobs.settings.epochs
        known = not self._ledger.begin(answer, epochs=epochs)
        self._no_more = self._streaks.proposed(known=known) or self._no_more
        return number

    def _train(self, slot: Slot, number: int, fold: int) -> None:
        trial = self._ledger.trials[number]
        floor = self._ledger.floor(number, fold)
        job = self._jobs.make(
            trial.params,
            fold,
            epochs=trial.epochs,
            floor=floor,
            seconds=sum(result.seconds for result in trial.folds),
        )
        ledger = self._ledger
        outcome: Callable[[], bool | None]
        try:
            result = slot.run(self._run_fold, job, trial=number)
        except NoPlaceError:
            # for a second a slot may believe that it has one
            time.sleep(READY_SECONDS)
            outcome = partial(ledger.postpone, number, fold)
        except PlaceLostError as error:
            outcome = partial(ledger.place_lost, number, fold, str(error))
        except WorkerDiedError as error:
            reason = reason_to_end(error.exitcode, self._jobs.settings)
            record = ledger.fail if reason else ledger.worker_died
            outcome = partial(record, number, fold, reason or str(error))
        except ModelTooLargeError as error:
            n_parameters = error.n_parameters
            outcome = partial(
                ledger.fail, number, fold, str(error), n_parameters=n_parameters
            )
        except TrialError as error:
            outcome = partial(ledger.fail, number, fold, str(error))
        except TunefoldError:
            raise
        except Exception as error:  # noqa: BLE001  (a model may fail in any way)
            reason = f"{type(error).__name__}: {_first_line(error)}"
            outcome = partial(ledger.fail, number, fold, reason)
        else:
            result = ledger.keep_fold(number, result)
            outcome = partial(ledger.fold_done, number, result)
        with self._changed:
            whole = outcome()
            self._look_at_ended()
            self._changed.notify()
        if whole:  # nobody else has a fold of it
            self._ledger.keep_trial(number)
            with self._changed:
                self._ledger.complete(number)
                self._look_at_ended()
                self._changed.notify()
        self._ledger.news.settle()  # finished work is durable before the next begins
        self._ledger.tidy(number)

    def _look_at_ended(self) -> None:
        for trial in self._ledger.ended:
            failed = self._streaks.trial_ended(trial)
            if failed is not None:
                self._fatal = FatalError(failed)
            if trial.state is TrialState.COMPLETE and trial.copy_of is None:
                self._clock.trial_took(sum(f.seconds for f in trial.folds))
        self._ledger.ended.clear()


def _first_line(error: Exception) -> str:
    return (str(error).strip() or "no message").splitlines()[0]
