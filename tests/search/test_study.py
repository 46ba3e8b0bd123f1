"""The loop of a study, with a fold that is computed instead of trained.

Nothing is mocked: journal, engines and threads are real; the slot calls `run_fold`
in its own thread, as `Slot` allows.
"""

import random
import shutil
import threading
import time
from collections import Counter
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pytest

from search.engines.random import GridEngine, RandomEngine
from search.errors import FatalError, SettingsError, TrialError
from search.events import fold_to_json, read_trials
from search.fold_jobs import JobMaker
from search.journal import Journal
from search.lag import lag_of
from search.limits import TIME_EXIT
from search.pruners.registry import TwoLevels, make_pruner
from search.rows import make_folds
from search.streaks import MAX_KNOWN
from search.study import Study
from search.types import (
    Budget,
    Done,
    FoldResult,
    Settings,
    Suggestion,
    TrialState,
    Wait,
)
from search.workers import NoPlaceError, WorkerDiedError
from spaces.params import Choice, Float, Int
from spaces.space import SearchSpace

LINE = SearchSpace({"x": Float(low=0.0, high=1.0)})
FEW = SearchSpace({"n": Int(low=1, high=5), "on": Choice(options=(False, True))})
TWO = SearchSpace({"on": Choice(options=(False, True))})
EPOCHS = 3
Y = np.arange(12) % 2
FOLDS = make_folds(Y, "kfold:3", split_seed=0, n_rows=None, stratified=True)


def run_fold(job):
    """A curve that climbs to a height given by parameters and fold."""
    height = random.Random(repr((job.params, job.fold, job.seed))).uniform(0.5, 1.0)
    accuracy = [height * (epoch + 1) / EPOCHS for epoch in range(job.epochs)]
    if job.floor is not None:
        below = [a < floor for a, floor in zip(accuracy, job.floor, strict=True)]
        accuracy = accuracy[: [*below, True].index(True) + 1]
    loss = [1 - a for a in accuracy]
    rows = FOLDS[job.fold].valid
    return FoldResult(
        fold=job.fold,
        curves={
            "loss": loss,
            "val_loss": loss,
            "objective": loss,
            "accuracy": accuracy,
            "val_accuracy": accuracy,
        },
        rows=rows,
        predictions=np.full((len(accuracy), len(rows), 2), height, dtype=np.float32),
        n_parameters=1,
        seconds=0.01,
        epoch_seconds=[0.0] * len(accuracy),
        measure_seconds=0.0,
        peak_memory_mb=1.0,
        ended=0.0,
    )


def with_nan(job):
    result = run_fold(job)
    curves = {**result.curves, "val_loss": [0.5, float("nan")]}
    return replace(result, curves=curves)


class HereSlot:
    """Calls the function in the calling thread; sleeps before and after if asked."""

    def __init__(self, *, sleeps: random.Random | None = None) -> None:
        self.calls: list[tuple[int, int]] = []
        self._sleeps = sleeps

    def is_ready(self):
        return True

    def run(self, function, job, *, trial):
        self.calls.append((trial, job.fold))
        self._sleep()
        try:
            return function(job)
        finally:
            self._sleep()

    def close(self):
        pass

    def _sleep(self):
        if self._sleeps is not None and self._sleeps.random() < 0.5:
            time.sleep(self._sleeps.uniform(0, 0.01))


class CopyingJournal(Journal):
    """Copies its folder before and after each event: what a crash would leave."""

    copies = 0

    def _append(self, event):
        self._copy()
        super()._append(event)
        self._copy()

    def _copy(self):
        if (self.folder / "journal.jsonl").exists():
            self._copy_to(self.folder.parent / f"copy-{self.copies:04}")
            self.copies += 1

    def _copy_to(self, to):
        shutil.copytree(self.folder, to)


class LosingJournal(CopyingJournal):
    """Its copies miss the lines that were not committed: as when the power fails.

    Files beside the journal are as they were at that moment: the worst case.
    """

    def _copy_to(self, to):
        for _ in range(9):  # another slot may be tidying up
            try:
                shutil.copytree(self.folder, to)
                break
            except shutil.Error:
                shutil.rmtree(to)
        lines = (to / "journal.jsonl").read_bytes().splitlines(keepends=True)
        (to / "journal.jsonl").write_bytes(b"".join(lines[: self._committed]))

    def drop_folds(self, number, folds):
        super().drop_folds(number, folds)
        if self._committed:
            self._copy()


class SpyTracker:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.folds: list[tuple[int, int]] = []
        self.ended: list[int] = []

    def trial_begun(self, trial):
        assert trial.state is TrialState.RUNNING

    def fold_done(self, trial, result):
        assert result in trial.folds
        assert result.predictions is None
        self.folds.append((trial.number, result.fold))

    def trial_done(self, trial):
        assert trial.state is not TrialState.RUNNING
        self.ended.append(trial.number)

    def study_done(self, trials, *, finished):
        raise AssertionError("not the loop's to call")

    def close(self):
        raise AssertionError("not the loop's to call")


@dataclass
class Setup:
    """One study and all that it touches."""

    folder: Any
    space: SearchSpace = LINE
    workers: int = 1
    seed: int = 0
    engine: Any = None
    pruner: Any = "none"  # a name, or one that is made already
    budget: Any = None
    run_fold: Any = run_fold
    slots: Any = None
    journal_class: Any = Journal
    metrics: tuple[str, ...] = ("accuracy", "log_loss")
    max_seconds: float | None = None

    def __post_init__(self):
        self.slots = self.slots or [HereSlot()]
        self.budget = self.budget or Budget(trials=6)
        self.tracker = SpyTracker()
        self.settings = Settings(
            name=self.folder.name,
            pipeline="toy",
            space_name="toy",
            space=self.space.to_dict(),
            engine="random",
            sampler="random",
            cv="kfold:3",
            split_seed=0,
            seed=self.seed,
            epochs=EPOCHS,
            metrics=self.metrics,
            epoch="best",
            workers=self.workers,
            n_rows=None,
            backend="jax",
            experiment="tunefold",
            data_digest="d",
            data_source="made up",
            split_digest="e",
            max_seconds=self.max_seconds,
        )
        if isinstance(self.pruner, str):
            named = replace(self.settings, pruner=self.pruner)
            self.pruner = make_pruner(named, n_folds=3)
        if self.folder.exists():
            self.journal = self.journal_class.open(self.folder)
        else:
            self.journal = self.journal_class.create(self.folder, self.settings, {})
        if self.engine is None:
            self.engine = RandomEngine(self.space, seed=self.seed, sampler="random")
        self.study = Study(
            JobMaker(settings=self.settings, folds=FOLDS, y=Y, n_outputs=2),
            engine=self.engine,
            pruner=self.pruner,
            slots=self.slots,
            journal=self.journal,
            trackers=[self.tracker],
            budget=self.budget,
            run_fold=self.run_fold,
        )

    def run(self):
        """Run in a thread: a study that hangs fails its test and no other."""
        outcome = Future()

        def run():
            try:
                outcome.set_result(self.study.run())
            except BaseException as error:  # noqa: BLE001  (raised again below)
                outcome.set_exception(error)

        threading.Thread(target=run, daemon=True).start()
        try:
            return outcome.result(timeout=30)  # milliseconds, unless it hangs
        finally:
            self.journal.close()

    def fails(self, match):
        with pytest.raises(FatalError, match=match):
            self.run()
        return self

    @property
    def trials(self):
        return self.study.trials

    @property
    def calls(self):
        return sorted(call for slot in self.slots for call in slot.calls)

    @property
    def in_journal(self):
        return content(read_trials(self.journal.events()).values())

    def events(self, kind):
        return [e for e in self.journal.events() if e["event"] == kind]


def content(trials):
    """All that must not depend on timing or crashes."""
    return [
        (replace(trial, folds=()), [fold_to_json(f) for f in trial.folds])
        for trial in trials
    ]


def all_folds(numbers):
    return sorted((number, fold) for number in numbers for fold in range(3))


@pytest.fixture
def study(tmp_path):
    counter = iter(range(1000))

    def make(folder=None, **options):
        return Setup(folder or tmp_path / f"study-{next(counter)}", **options)

    return make


# Straight through


def test_a_study_asks_trains_and_tells(study):
    s = study()
    assert s.run() == s.events("stopped")[0]["reason"]
    assert "6 trials" in s.events("stopped")[0]["reason"]
    assert [t.number for t in s.trials] == list(range(6))
    assert s.calls == all_folds(range(6))
    for trial in s.trials:
        assert trial.state is TrialState.COMPLETE
        heights = [fold.curves["val_accuracy"][-1] for fold in trial.folds]
        assert trial.score == trial.told == np.mean(heights)
        assert trial.epoch == EPOCHS
        assert trial.params == s.engine.ask(trial.number).params
    assert s.in_journal == content(s.trials)
    assert s.tracker.folds == all_folds(range(6))
    assert s.tracker.ended == list(range(6))


def test_the_engine_is_told_before_each_proposal(study):
    s = study()
    s.run()
    order = [
        (e["event"], e["number"])
        for e in s.journal.events()
        if e["event"] in ("asked", "told")
    ]
    assert order == [
        pair
        for number in range(6)
        for pair in [("told", number - 1), ("asked", number)]
        if pair != ("told", -1)
    ]


def test_predictions_of_complete_trials_are_kept_at_the_common_epoch(study):
    s = study(budget=Budget(trials=2))
    s.run()
    for trial in s.trials:
        with np.load(s.journal.predictions.of_trial(trial.number)) as kept:
            assert sorted(kept["rows"]) == list(range(12))
            np.testing.assert_array_equal(kept["y"], Y[kept["rows"]])
            for fold in FOLDS:
                mine = kept["fold"] == fold.number
                np.testing.assert_array_equal(kept["rows"][mine], fold.valid)
                height = trial.folds[fold.number].curves["val_accuracy"][-1]
                np.testing.assert_allclose(
                    kept["predictions"][mine],
                    height,
                    rtol=1e-6,  # stored as float32
                )
    assert len(list((s.folder / "predictions").iterdir())) == 2


def test_a_loss_is_told_turned_round(study):
    s = study(metrics=("log_loss", "accuracy"))
    s.run()
    assert all(t.told == -t.score < 0 for t in s.trials)


# Budgets


@pytest.mark.parametrize("workers", [1, 3])
def test_a_budget_in_trials_is_kept_exactly(workers, study):
    slots = [HereSlot(sleeps=random.Random(n)) for n in range(workers)]
    s = study(budget=Budget(trials=7), workers=workers, slots=slots)
    s.run()
    assert len(s.trials) == 7
    assert all(t.state is TrialState.COMPLETE for t in s.trials)


def test_a_budget_in_trials_counts_what_the_journal_holds(study):
    s = study(budget=Budget(trials=2))
    s.run()
    more = study(s.folder, budget=Budget(trials=5))
    more.run()
    assert more.calls == all_folds((2, 3, 4))
    again = study(s.folder, budget=Budget(trials=5))
    again.run()
    assert again.calls == []


def slow_fold(job):
    time.sleep(0.05)
    return replace(run_fold(job), seconds=0.05)


def test_a_budget_in_minutes_starts_nothing_after_it(study):
    s = study(budget=Budget(minutes=0.5 / 60), run_fold=slow_fold)
    began = time.monotonic()
    reason = s.run()
    took = time.monotonic() - began
    assert "0.00833333 minutes are" in reason
    # A trial takes .15 s: at least one fits on any machine, and a fold may still run.
    assert 1 <= sum(t.state is TrialState.COMPLETE for t in s.trials) <= 4
    assert took < 3  # busy machine


def test_the_first_trial_is_finished_though_the_minutes_are_over(study):
    s = study(budget=Budget(minutes=0.01 / 60), run_fold=slow_fold)
    assert "minutes are over" in s.run()
    assert [t.state for t in s.trials] == [TrialState.COMPLETE]
    assert s.calls == all_folds([0])


def test_a_trial_that_would_not_fit_is_not_started(study):
    def long_fold(job):
        return replace(run_fold(job), seconds=100.0)  # a trial: 5 minutes

    s = study(budget=Budget(minutes=4), run_fold=long_fold)
    began = time.monotonic()
    assert "nearly over" in s.run()
    assert time.monotonic() - began < 30
    assert len(s.trials) == 1


def test_a_budget_needs_a_limit():
    with pytest.raises(SettingsError, match="--trials or --minutes"):
        Budget()
    for options in ({"trials": 0}, {"minutes": -1.0}, {"minutes": float("nan")}):
        with pytest.raises(SettingsError, match="got"):
            Budget(**options)


# Nothing is trained twice, and every space has an end


@pytest.mark.parametrize("workers", [1, 3])
def test_equal_parameters_are_answered_from_the_journal(workers, study):
    s = study(space=FEW, budget=Budget(trials=30), workers=workers)
    s.run()
    first = {}
    for trial in s.trials:
        key = repr(trial.params)
        source = first.get(key)
        if trial.copy_of is None:
            unknown = trial.number - lag_of(workers)
            assert source is None or source.number >= unknown
            first.setdefault(key, trial)
        else:
            assert trial.copy_of == source.number
            assert trial.score == trial.told == source.score
            assert content([trial])[0][1] == content([source])[0][1]
    copies = {t.number for t in s.trials if t.copy_of is not None}
    assert len(copies) > 15  # ten points
    assert s.calls == all_folds(set(range(30)) - copies)
    assert s.in_journal == content(s.trials)
    assert s.tracker.ended == list(range(30))


def test_an_exhausted_space_ends_the_study(study):
    s = study(space=TWO, budget=Budget(trials=10_000))
    assert "the space is exhausted" in s.run()
    trained = [t.number for t in s.trials if t.copy_of is None]
    assert len(trained) == 2
    assert len(s.trials) == max(trained) + 1 + MAX_KNOWN


def test_a_grid_ends_the_study_when_it_is_covered(study):
    for workers in (1, 3):
        s = study(
            engine=GridEngine(FEW),
            budget=Budget(trials=100),
            workers=workers,
            slots=[HereSlot() for _ in range(workers)],
        )
        assert s.run() == "all 10 points of the grid are asked"
        assert [t.params for t in s.trials] == list(FEW.grid())
        assert all(t.state is TrialState.COMPLETE for t in s.trials)


# Failures


@dataclass
class FailFor:
    """Fails the trials whose numbers it has, in a way of one's own."""

    numbers: Any
    fail: Any

    def __post_init__(self):
        engine = RandomEngine(LINE, seed=0, sampler="random")
        self._bad = [engine.ask(number).params for number in self.numbers]

    def __call__(self, job):
        return self.fail(job) if job.params in self._bad else run_fold(job)


def raise_value_error(job):
    raise ValueError("too wide\nand a second line")


def raise_trial_error(job):
    raise TrialError("the network has no weights")


@pytest.mark.parametrize(
    ("fail", "reason"),
    [
        (with_nan, "fold 0: val_loss is not finite in epoch 2"),
        (raise_value_error, "ValueError: too wide"),
        (raise_trial_error, "the network has no weights"),
    ],
)
def test_a_trial_fails_with_its_reason_and_the_search_goes_on(fail, reason, study):
    s = study(run_fold=FailFor([0, 2, 3], fail))
    s.run()
    states = [t.state for t in s.trials]
    assert states == [
        TrialState.FAILED if n in (0, 2, 3) else TrialState.COMPLETE for n in range(6)
    ]
    for number in (0, 2, 3):
        failed = s.trials[number]
        assert failed.reason == reason
        assert failed.score is failed.epoch is None
        assert not s.journal.predictions.of_trial(number).exists()
    assert s.calls == sorted([(0, 0), (2, 0), (3, 0), *all_folds([1, 4, 5])])
    # Half of the rows are of each class: who ignores the inputs has .5; later on,
    # the worst of what was told.
    assert [s.trials[n].told for n in (0, 2, 3)] == [0.5, 0.5, 0.5]
    assert s.in_journal == content(s.trials)


def test_a_failed_trial_is_told_the_worst_value_so_far(study):
    s = study(run_fold=FailFor([3], raise_value_error))
    s.run()
    assert s.trials[3].told == min(t.told for t in s.trials[:3]) > 0.5


def test_five_failures_in_a_row_stop_the_study_with_the_reason(study):
    s = study(run_fold=FailFor(range(2, 20), with_nan), budget=Budget(trials=20))
    s.fails(
        r"study: 5 trials in a row failed, the last because fold 0: val_loss is not "
        r"finite in epoch 2; mend the cause, then 'tunefold resume study-0'"
    )
    assert len(s.trials) == 7
    assert "5 trials in a row failed" in s.events("stopped")[0]["reason"]
    mended = study(s.folder, budget=Budget(trials=9))
    mended.run()
    assert mended.calls == all_folds([7, 8])


def test_four_failures_in_a_row_do_not(study):
    bad = FailFor([0, 1, 2, 3, 5, 6, 7, 8], with_nan)
    s = study(run_fold=bad, budget=Budget(trials=10))
    s.run()
    assert [t.number for t in s.trials if t.state is TrialState.COMPLETE] == [4, 9]


def test_an_error_that_is_no_trials_fault_stops_the_study(study):
    def other_data(job):
        raise FatalError("data: must have the digest d, got e")

    s = study(run_fold=other_data).fails("data: must have the digest")
    assert [t.state for t in s.trials] == [TrialState.RUNNING]
    assert s.events("stopped")[0]["reason"].startswith("data: must")


class Dying:
    """A slot whose process dies at some of its calls."""

    def __init__(self, at):
        self.calls = []
        self._at = at

    def is_ready(self):
        return True

    def run(self, function, job, *, trial):
        self.calls.append((trial, job.fold))
        if len(self.calls) - 1 in self._at:
            raise WorkerDiedError("the worker process died")
        return function(job)

    def close(self):
        pass


def test_a_fold_whose_worker_died_is_trained_once_more(study):
    quiet = study()
    quiet.run()
    s = study(slots=[Dying({1, 5})])
    s.run()
    assert content(s.trials) == content(quiet.trials)
    died = [call for call, times in Counter(s.calls).items() if times == 2]
    assert died == [(0, 1), (1, 1)]


def test_a_trial_whose_worker_died_twice_in_a_fold_fails(study):
    s = study(slots=[Dying({1, 2})])
    s.run()
    assert s.trials[0].state is TrialState.FAILED
    assert s.trials[0].reason == "fold 1: the worker process died, twice"
    assert [t.state for t in s.trials[1:]] == [TrialState.COMPLETE] * 5
    assert s.slots[0].calls[:4] == [(0, 0), (0, 1), (0, 1), (1, 0)]


class OverLimit:
    """A slot whose process ends itself in every job of some trials."""

    def __init__(self, trials):
        self.seconds = {}
        self._trials = trials

    def is_ready(self):
        return True

    def run(self, function, job, *, trial):
        self.seconds[trial, job.fold] = job.max_seconds
        if trial in self._trials:
            raise WorkerDiedError("the worker process died", TIME_EXIT)
        return function(job)

    def close(self):
        pass


def test_a_trial_over_a_limit_fails_at_once_and_the_search_goes_on(study):
    slot = OverLimit(range(6))
    s = study(slots=[slot], max_seconds=9.0, budget=Budget(trials=7))
    s.run()  # six failures in a row of this kind end no study
    assert [t.state for t in s.trials[:6]] == [TrialState.FAILED] * 6
    assert s.trials[0].reason.startswith("over a limit: its folds may take 9 s ")
    assert [key for key in slot.seconds if key[0] == 0] == [(0, 0)]  # no second try
    assert s.trials[6].state is TrialState.COMPLETE
    # what the trial's folds took is no longer left; each took .01 s
    left = [slot.seconds[6, fold] for fold in range(3)]
    assert left == pytest.approx([9.0, 8.99, 8.98])


def test_folds_side_by_side_share_the_seconds_of_their_trial(study):
    slots = [OverLimit(()) for _ in range(3)]
    s = study(slots=slots, workers=3, max_seconds=0.025, budget=Budget(trials=2))
    s.run()  # three folds of .01 s each
    assert [t.state for t in s.trials] == [TrialState.FAILED] * 2
    assert s.trials[0].reason.startswith("over a limit: its folds may take 0.025 s ")


def test_once_in_each_fold_is_not_twice(study):
    s = study(slots=[Dying({0, 2, 4})], budget=Budget(trials=1))
    s.run()
    assert s.slots[0].calls == [(0, 0), (0, 0), (0, 1), (0, 1), (0, 2), (0, 2)]
    assert s.trials[0].state is TrialState.COMPLETE


# Pruners


@dataclass
class StopBelow:
    """Stops a trial after a fold that scores less than the limit."""

    limit: float

    def floor(self, fold, epochs, known):
        return None

    def stop_after(self, trial, known):
        low = [f.fold for f in trial.folds if f.curves["accuracy"][-1] < self.limit]
        return f"fold {low[0]} is below {self.limit}" if low else None


def test_a_pruner_stops_trials_after_a_fold(study):
    s = study(pruner=StopBelow(0.7), budget=Budget(trials=12))
    s.run()
    stopped = [t for t in s.trials if t.state is TrialState.STOPPED]
    early = [t for t in stopped if len(t.folds) < 3]
    assert early
    assert len(stopped) < 12
    for trial in stopped:
        assert trial.reason == f"fold {trial.folds[-1].fold} is below 0.7"
        assert trial.score is None
        assert np.isfinite(trial.told)
    trained = [(t.number, fold.fold) for t in s.trials for fold in t.folds]
    assert s.calls == trained == s.tracker.folds
    kept = {p.name for p in (s.folder / "predictions").iterdir()}
    complete = [t for t in s.trials if t.state is TrialState.COMPLETE]
    assert kept == {s.journal.predictions.of_trial(t.number).name for t in complete}


class Floor(TwoLevels):
    """In the first fold only."""

    def floor(self, fold, epochs, known):
        return [0.25] * epochs if fold == 0 else None


def test_a_fold_below_its_floor_stops_its_trial(study):
    s = study(pruner=Floor(), budget=Budget(trials=12))
    s.run()
    for trial in s.trials:
        height = random.Random(
            repr((trial.params, 0, s.study._jobs.make({}, 0, epochs=1).seed))
        ).uniform(0.5, 1.0)
        if height / EPOCHS < 0.25:
            assert trial.state is TrialState.STOPPED
            assert trial.reason == "fold 0 fell below its floor in epoch 1"
            assert [len(f.curves["loss"]) for f in trial.folds] == [1]
            assert np.isfinite(trial.told)
        else:
            assert trial.state is TrialState.COMPLETE
    assert {t.state for t in s.trials} == {TrialState.STOPPED, TrialState.COMPLETE}


# Engines that wait or end


@dataclass
class Rungs:
    """Proposes four, waits for all that it was asked, proposes four more, ends."""

    asked: int = 0
    told: Any = field(default_factory=list)
    waited: int = 0

    def ask(self, number):
        if number == 8:
            return Done("both rungs are done")
        if number == 4 and len(self.told) < 4:
            self.waited += 1
            return Wait()
        if number == 4:
            assert self.told == [0, 1, 2, 3]
        x = random.Random(repr((number, self.told[:4]))).random()
        return Suggestion(number, {"x": x}, epochs=1 if number < 4 else None)

    def tell(self, trial):
        self.told.append(trial.number)


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_an_engine_may_wait_and_end(workers, study):
    s = study(
        engine=Rungs(),
        workers=workers,
        slots=[HereSlot(sleeps=random.Random(n)) for n in range(workers)],
        budget=Budget(trials=100),
    )
    assert s.run() == "both rungs are done"
    assert [t.epochs for t in s.trials] == [1] * 4 + [EPOCHS] * 4
    assert [len(t.folds[0].curves["loss"]) for t in s.trials] == [1] * 4 + [3] * 4
    assert s.calls == all_folds(range(8))
    assert s.engine.waited >= (workers > 1)


class AlwaysWaiting:
    def ask(self, number):
        return Wait() if number else Suggestion(0, {"x": 0.5})

    def tell(self, trial):
        pass


def test_an_engine_that_waits_for_nothing_is_a_bug(study):
    s = study(engine=AlwaysWaiting())
    s.fails("engine: waits although every trial has ended")
    assert [t.state for t in s.trials] == [TrialState.COMPLETE]


# Several slots


def fail_some(job):
    if job.params["n"] == 3 and job.fold > 0:
        raise ValueError("three")
    return run_fold(job)


@pytest.mark.parametrize("pruner", ["none", "forgiving", "forgiving+median"])
@pytest.mark.parametrize("space", [LINE, FEW], ids=["line", "few"])
@pytest.mark.parametrize("workers", [2, 3])
def test_any_timing_gives_the_same_trials(workers, space, pruner, study):
    def run(sleeps):
        slots = [
            HereSlot(
                sleeps=None if sleeps is None else random.Random(repr((sleeps, n)))
            )
            for n in range(workers)
        ]
        s = study(
            space=space,
            workers=workers,
            slots=slots,
            run_fold=fail_some if space is FEW else run_fold,
            pruner=pruner,
            budget=Budget(trials=16, max_failures=100),
            engine=Learning(space),
        )
        s.run()
        assert not s.study._ledger.open
        assert max(Counter(s.calls).values()) == 1
        assert s.in_journal == content(s.trials)
        return content(s.trials), [e["number"] for e in s.events("told")]

    first = run(None)
    for sleeps in range(3):
        assert run(sleeps) == first


def test_a_space_is_exhausted_after_the_same_trials_for_any_timing(study):
    def run(sleeps):
        slots = [HereSlot(sleeps=random.Random(repr((sleeps, n)))) for n in range(3)]
        s = study(space=TWO, workers=3, slots=slots, budget=Budget(trials=1000))
        assert "exhausted" in s.run()
        return content(s.trials)

    assert run(0) == run(1) == run(2)


class Learning:
    """Proposes what depends on everything told so far, in its order."""

    def __init__(self, space):
        self._space = space
        self._told = []

    def ask(self, number):
        rng = random.Random(repr((number, self._told)))
        return Suggestion(number, self._space.sample(rng))

    def tell(self, trial):
        self._told.append((trial.number, trial.params, trial.told))


def test_a_slot_alone_knows_all_and_many_have_room_for_two_trials_each():
    assert [lag_of(workers) for workers in (1, 2, 15, 16, 1000)] == [0, 3, 16, 31, 1999]


def test_a_free_slot_helps_with_the_folds_of_a_running_trial(study):
    meet = threading.Barrier(3, timeout=20)  # only passed when three train at once

    def meeting(job):
        meet.wait()
        return run_fold(job)

    s = study(
        slots=[HereSlot() for _ in range(3)],
        run_fold=meeting,
        budget=Budget(trials=2),
    )
    s.run()
    assert s.calls == all_folds(range(2))
    assert all(t.state is TrialState.COMPLETE for t in s.trials)


def test_what_ends_after_its_trial_failed_is_dropped(study):
    failed = threading.Event()

    def first_fails(job):
        if job.fold == 0:
            failed.set()
            raise ValueError("no")
        assert failed.wait(20)
        time.sleep(0.05)
        return run_fold(job)

    s = study(
        slots=[HereSlot(), HereSlot()], run_fold=first_fails, budget=Budget(trials=1)
    )
    s.run()
    [trial] = s.trials
    assert (trial.state, trial.folds) == (TrialState.FAILED, ())
    assert s.in_journal == content(s.trials)
    assert list((s.folder / "predictions").iterdir()) == []


# Stopped or killed, and continued


class StopTwos(TwoLevels):
    def stop_after(self, trial, known):
        if trial.params["n"] == 2 and len(trial.folds) == 2:
            return "a two"
        return None


def nan_for_fours(job):
    return with_nan(job) if job.params["n"] == 4 else run_fold(job)


def eventful(study, folder=None, *, workers=1, trials=10, **options):
    """Complete, copied, stopped and failed trials."""
    return study(
        folder,
        space=FEW,
        workers=workers,
        engine=Learning(FEW),
        pruner=StopTwos(),
        run_fold=nan_for_fours,
        budget=Budget(trials=trials),
        **options,
    )


def test_the_eventful_study_has_everything(study):
    for workers in (1, 3):
        s = eventful(study, workers=workers)
        s.run()
        states = {t.state for t in s.trials}
        assert states == set(TrialState) - {TrialState.RUNNING}
        assert any(t.copy_of is not None for t in s.trials)


@pytest.mark.parametrize(
    ("workers", "journal_class"),
    [
        (1, CopyingJournal),
        pytest.param(1, LosingJournal, marks=pytest.mark.slow),
        pytest.param(3, CopyingJournal, marks=pytest.mark.slow),
        pytest.param(3, LosingJournal, marks=pytest.mark.slow),
    ],
)
def test_a_killed_study_goes_on_as_if_nothing_had_happened(
    workers, journal_class, study, tmp_path
):
    whole = eventful(study, workers=workers, journal_class=journal_class)
    whole.run()
    copies = sorted(tmp_path.glob("copy-*"))
    assert len(copies) >= 2 * len(whole.journal.events()) - 1
    for copy in [c for c in copies if (c / "journal.jsonl").read_bytes()]:
        before = Journal(copy)
        finished = [(e["number"], e["fold"]) for e in events_of(before, "fold")]
        resumed = eventful(study, copy, workers=workers)
        resumed.run()
        assert resumed.in_journal == content(resumed.trials) == whole.in_journal
        assert sorted([*finished, *resumed.calls]) == whole.calls
        assert kept_predictions(resumed) == kept_predictions(whole)
        told = [e["number"] for e in resumed.events("told")]
        assert told == [e["number"] for e in whole.events("told")]
        assert sorted({*resumed.tracker.ended, *ended(before)}) == list(range(10))


def events_of(journal, kind):
    return [e for e in journal.events() if e["event"] == kind]


def ended(journal):
    return [e["number"] for e in events_of(journal, "ended")]


def kept_predictions(setup):
    return {
        path.name: {name: array.tolist() for name, array in np.load(path).items()}
        for path in (setup.folder / "predictions").iterdir()
    }


@pytest.mark.parametrize("workers", [1, 3])
def test_a_stopped_study_goes_on_as_if_nothing_had_happened(workers, study):
    whole = eventful(study, workers=workers)
    whole.run()
    for after in range(1, len(whole.calls), 2):
        s = eventful(study, workers=workers)
        s.study._run_fold = StopAfter(after, s.study)
        assert s.run() == "Ctrl-C"
        assert len(s.calls) == after  # the running fold ended, no other began
        resumed = eventful(study, s.folder, workers=workers)
        resumed.run()
        assert resumed.in_journal == whole.in_journal
        assert sorted(s.calls + resumed.calls) == whole.calls


class StopAfter:
    """Stops the study in the middle of its n-th fold."""

    def __init__(self, n, study):
        self._left = n
        self._study = study

    def __call__(self, job):
        self._left -= 1
        if self._left == 0:
            self._study.stop("Ctrl-C")
            self._study.stop("a second reason does not count")
        return nan_for_fours(job)


def test_stopped_before_it_began(study):
    s = study()
    s.study.stop("no")
    assert s.run() == "no"
    assert s.trials == []
    assert s.calls == []


def cut(setup, n):
    """A copy of a study's folder that ends after its n-th event."""
    to = setup.folder.with_name(f"{setup.folder.name}-cut-{n}")
    shutil.copytree(setup.folder, to)
    lines = (to / "journal.jsonl").read_bytes().splitlines(keepends=True)
    (to / "journal.jsonl").write_bytes(b"".join(lines[:n]))
    return to


class CrowdedSlot(HereSlot):
    """Says that it is ready, and has then no place, a dozen times for each fold."""

    def run(self, function, job, *, trial):
        self.calls.append((trial, job.fold))
        if self.calls.count((trial, job.fold)) <= 12:
            raise NoPlaceError("no worker has a place for the fold")
        return function(job)


def test_a_fold_that_finds_no_place_waits_and_is_not_to_blame(study, monkeypatch):
    monkeypatch.setattr("search.study.READY_SECONDS", 0.0)
    s = study(slots=[CrowdedSlot()], budget=Budget(trials=3))
    s.run()
    undisturbed = study(budget=Budget(trials=3))
    undisturbed.run()
    assert content(s.trials) == content(undisturbed.trials)


def test_a_crash_among_known_proposals_does_not_lengthen_the_study(study):
    options = {"space": TWO, "budget": Budget(trials=1000)}
    whole = study(**options)
    whole.run()
    for n in range(40, len(whole.journal.events()) - 3, 25):
        resumed = study(cut(whole, n), **options)
        assert "exhausted" in resumed.run()
        assert resumed.in_journal == whole.in_journal


def test_a_crash_among_failures_does_not_lengthen_their_row(study):
    options = {
        "run_fold": FailFor(range(1, 20), with_nan),
        "budget": Budget(trials=20),
    }
    whole = study(**options).fails("5 trials in a row")
    for n in range(7, len(whole.journal.events()) - 1):
        resumed = study(cut(whole, n), **options).fails("5 trials in a row")
        assert resumed.in_journal == whole.in_journal
