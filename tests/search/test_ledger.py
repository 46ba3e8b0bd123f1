"""One step of the books at a time, with a real journal and no loop around it."""

import json
import math
from dataclasses import replace

import numpy as np
import pytest

from search import journal
from search.engines.random import GridEngine, RandomEngine
from search.errors import FatalError
from search.events import (
    fold_to_json,
    present_settings,
    read_trials,
    warm_to_json,
)
from search.fold_jobs import JobMaker
from search.journal import Journal
from search.ledger import MAX_LOST, Ledger
from search.pruners.registry import TwoLevels, make_pruner
from search.rows import make_folds
from search.types import FoldResult, Settings, Suggestion, TrialState
from spaces.params import Choice, Float
from spaces.space import SearchSpace

LINE = SearchSpace({"x": Float(low=0.0, high=1.0)})
Y = np.arange(12) % 2
FOLDS = make_folds(Y, "kfold:3", split_seed=0, n_rows=None, stratified=True)
SETTINGS = Settings(
    name="s",
    pipeline="toy",
    space_name="toy",
    space=LINE.to_dict(),
    engine="random",
    sampler="random",
    cv="kfold:3",
    split_seed=0,
    seed=0,
    epochs=2,
    metrics=("accuracy", "log_loss"),
    epoch="best",
    workers=1,
    n_rows=None,
    backend="jax",
    experiment="tunefold",
    data_digest="d",
    data_source="made up",
    split_digest="e",
)


def fold(number, *accuracy):
    """A fold with this validation accuracy per epoch."""
    values = list(accuracy or (0.5, 0.75))
    rows = FOLDS[number].valid
    return FoldResult(
        fold=number,
        curves=dict.fromkeys(("loss", "val_loss", "accuracy", "val_accuracy"), values),
        rows=rows,
        predictions=np.stack([np.full((len(rows), 2), v, np.float32) for v in values]),
        n_parameters=1,
        seconds=1.0,
        epoch_seconds=[0.5] * len(values),
        measure_seconds=0.0,
        peak_memory_mb=1.0,
        ended=0.0,
    )


class Notes:
    """A tracker and a pruner that write down what they see."""

    def __init__(self, *, stops=()):
        self.seen = []
        self._stops = stops

    def trial_begun(self, trial):
        assert trial.state is TrialState.RUNNING

    def fold_done(self, trial, result):
        self.seen.append(("fold", trial.number, result.fold))

    def trial_done(self, trial):
        self.seen.append(("trial", trial.number, trial.state.value))

    def study_done(self, trials, *, finished):
        raise AssertionError("not the ledger's to call")

    def close(self):
        raise AssertionError("not the ledger's to call")

    def floor(self, fold, epochs, known):
        self.seen.append(("floor", fold, [t.number for t in known]))

    def stop_after(self, trial, known):
        assert all(t.told is not None for t in known)
        self.seen.append(("after", trial.number, [t.number for t in known]))
        last = (trial.number, len(trial.folds))
        return f"stopped after {last[1]}" if last in self._stops else None


class Told(RandomEngine):
    """The random engine, which remembers whom it was told of."""

    def __init__(self):
        super().__init__(LINE, seed=0, sampler="random")
        self.told = []

    def tell(self, trial):
        assert math.isfinite(trial.told)
        self.told.append(trial.number)


OPENED = []  # journals, closed when a test ends


class Books:
    """A ledger with all around it; `again` is what the next process makes."""

    def __init__(self, folder, *, lag=0, pruner=None, engine=None, epoch="best"):
        settings = replace(SETTINGS, workers=lag + 1, epoch=epoch)
        self.options = {"lag": lag, "pruner": pruner, "epoch": epoch}
        self.engine = engine or Told()
        self.tracker = Notes()
        if folder.exists():
            self.journal = Journal.open(folder)
        else:
            self.journal = Journal.create(folder, settings, {})
        OPENED.append(self.journal)
        self.ledger = Ledger(
            JobMaker(settings=settings, folds=FOLDS, y=Y, n_outputs=2),
            engine=self.engine,
            pruner=pruner or TwoLevels(),
            journal=self.journal,
            trackers=[self.tracker],
            lag=lag,
        )
        self.ledger.replay()

    def again(self):
        self.journal.close()
        return Books(self.journal.folder, **self.options)

    def begin(self, x=None, *, epochs=2):
        number = len(self.ledger.trials)
        self.ledger.tell_before_next()
        asked = self.engine.ask(number)
        if x is not None:
            asked = Suggestion(number, {"x": x})
        return self.ledger.begin(asked, epochs=epochs)

    def train(self, number, *accuracy):
        """Train what is open of a trial."""
        while number in self.ledger.open:
            waiting = self.ledger.open[number].waiting.popleft()
            self.fold_done(number, fold(waiting, *accuracy))
        return self.ledger.trials[number]

    def fold_done(self, number, result):
        """All steps of a fold, as the study takes them."""
        stored = self.ledger.keep_fold(number, result)
        if self.ledger.fold_done(number, stored):
            self.ledger.keep_trial(number)
            self.ledger.complete(number)
        self.ledger.news.settle()
        self.ledger.tidy(number)

    def waiting(self, number):
        return list(self.ledger.open[number].waiting)

    def lines(self):
        """The journal in short: what happened to which trial."""
        return [
            (e["event"], e["number"]) for e in self.journal.events() if "number" in e
        ]


@pytest.fixture(autouse=True)
def _close_journals():
    yield
    while OPENED:
        OPENED.pop().close()


@pytest.fixture
def books(tmp_path):
    def make(**options):
        return Books(tmp_path / "s", **options)

    return make


def content(trials):
    return [(replace(t, folds=()), [fold_to_json(f) for f in t.folds]) for t in trials]


def test_each_step_is_in_the_journal_when_it_returns(books):
    b = books()
    assert b.begin()
    assert b.lines() == [("asked", 0)]
    b.fold_done(0, fold(0))
    assert b.lines()[1:] == [("fold", 0)]
    b.fold_done(0, fold(1))
    b.fold_done(0, fold(2))
    assert b.lines()[1:] == [("fold", 0)] * 3 + [("ended", 0)]
    b.ledger.tell_before_next()
    assert b.lines()[5:] == [("told", 0)]
    assert content(read_trials(b.journal.events()).values()) == content(
        b.ledger.trials.values()
    )


def test_folds_may_end_in_any_order(books):
    b = books()
    b.begin()
    for number in (2, 0, 1):
        b.fold_done(0, fold(number, 0.5, 0.25 * (number + 1)))
    trial = b.ledger.trials[0]
    assert [f.fold for f in trial.folds] == [0, 1, 2]
    assert trial.state is TrialState.COMPLETE
    assert (trial.epoch, trial.score) == (1, 0.5)  # the mean curve is level: earliest
    with np.load(b.journal.predictions.of_trial(0)) as kept:
        assert sorted(kept["rows"]) == list(range(12))
        for row, number in zip(kept["rows"], kept["fold"], strict=True):
            assert row in FOLDS[number].valid


@pytest.mark.parametrize(
    ("rule", "epoch", "score"), [("best", 1, 0.75), ("last", 2, 0.5)]
)
def test_the_epoch_that_counts(rule, epoch, score, books):
    b = books(epoch=rule)
    b.begin()
    trial = b.train(0, 0.75, 0.5)
    assert (trial.epoch, trial.score, trial.told) == (epoch, score, score)
    with np.load(b.journal.predictions.of_trial(0)) as kept:
        assert set(kept["predictions"].ravel()) == {np.float32(score)}


# Who is asked and told when


@pytest.mark.parametrize("lag", [0, 1, 2])
def test_a_proposal_waits_for_all_but_the_latest(lag, books):
    b = books(lag=lag)
    for _ in range(lag + 1):
        assert b.ledger.may_ask()
        b.begin()
    assert not b.ledger.may_ask()
    for number in range(lag, 0, -1):  # the youngest end first: that helps nobody
        b.train(number)
        assert not b.ledger.may_ask()
    b.train(0)
    assert b.ledger.may_ask()
    assert b.engine.told == []
    b.begin()
    assert b.engine.told == [0]  # the others have ended as well
    b.train(lag + 1)
    b.ledger.tell_all()
    assert b.engine.told == list(range(lag + 2))
    b.ledger.tell_all()
    assert [n for event, n in b.lines() if event == "told"] == b.engine.told


def test_told_in_the_order_of_numbers(books):
    b = books(lag=2)
    for _ in range(3):
        b.begin()
    for number in (2, 0, 1):
        b.train(number)
    b.ledger.tell_all()
    assert b.engine.told == [0, 1, 2]


# What is told


def test_a_failed_trial_is_told_the_worst_it_could_know(books):
    b = books(lag=1)
    b.begin()
    b.begin()
    b.train(1, 0.1, 0.1)
    b.ledger.fail(0, 0, "out of memory")  # knows nobody: what ignoring the inputs gives
    assert b.ledger.trials[0].told == 0.5
    b.begin()  # 2 knows 0 only
    b.ledger.fail(2, 0, "out of memory")
    assert b.ledger.trials[2].told == 0.5
    b.begin()  # 3 knows 1 as well
    b.ledger.fail(3, 0, "out of memory")
    assert b.ledger.trials[3].told == pytest.approx(0.1)
    assert b.ledger.trials[3].reason == "out of memory"


def test_a_stopped_trial_is_told_its_distance_to_the_best(books):
    b = books(pruner=Notes(stops={(2, 1)}))
    for number, accuracy in enumerate([(0.5, 0.75), (0.5, 0.5)]):
        b.begin()
        b.train(number, *accuracy)
    b.begin()
    stopped = b.train(2, 0.5, 0.625)
    assert stopped.state is TrialState.STOPPED
    assert stopped.reason == "stopped after 1"
    assert stopped.score is stopped.epoch is None
    assert stopped.told == 0.75 - 0.125  # exact in binary


def test_what_is_not_finite_fails_the_trial(books):
    b = books()
    b.begin()
    failed = b.train(0, 0.5, math.nan)
    assert failed.state is TrialState.FAILED
    assert "val_accuracy" in failed.reason or "loss" in failed.reason
    assert "not finite" in failed.reason
    assert len(failed.folds) == 1
    assert failed.told == 0.5
    assert list((b.journal.folder / "predictions").iterdir()) == []


def test_a_short_fold_fell_below_its_floor(books):
    b = books()
    b.begin()
    stopped = b.train(0, 0.1)
    assert stopped.state is TrialState.STOPPED
    assert stopped.reason == "fold 0 fell below its floor in epoch 1"
    b.begin(epochs=1)  # one epoch was all that was asked for
    assert b.train(1, 0.1).state is TrialState.COMPLETE


# Trials seen before


def test_a_known_trial_ends_at_once(books):
    b = books()
    b.begin(0.5)
    b.train(0)
    assert not b.begin(0.5)
    copy = b.ledger.trials[1]
    assert copy.copy_of == 0
    assert (copy.score, copy.told, copy.epoch) == (0.75, 0.75, 2)
    assert b.ledger.open == {}
    assert not b.journal.predictions.of_trial(1).exists()
    assert b.begin(0.5, epochs=1)  # fewer epochs are another trial
    b.train(2, 0.5)
    assert b.begin(0.25)
    b.ledger.fail(3, 0, "no")
    assert b.begin(0.25)  # a failed one is tried again


def test_only_trials_the_proposal_knew_are_copied(books):
    # Whether number 1 has ended when 2 is asked is a matter of luck.
    b = books(lag=1)
    b.begin(0.1)
    b.begin(0.5)
    b.train(0)
    b.train(1)
    assert b.begin(0.5)
    b.train(2)
    assert not b.begin(0.5)
    assert b.ledger.trials[3].copy_of == 1


# Workers that die


def test_a_fold_is_opened_once_more(books):
    b = books()
    b.begin()
    assert b.waiting(0) == [0, 1, 2]
    b.ledger.open[0].waiting.popleft()
    b.ledger.worker_died(0, 0, "killed")
    assert b.waiting(0) == [0, 1, 2]
    b.ledger.open[0].waiting.popleft()
    b.ledger.worker_died(0, 0, "killed")
    assert b.ledger.trials[0].state is TrialState.FAILED
    assert b.ledger.trials[0].reason == "fold 0: killed, twice"


def test_a_fold_that_loses_its_place_again_and_again_fails_its_trial(books):
    b = books()
    b.begin()
    for _ in range(MAX_LOST - 1):
        b.ledger.open[0].waiting.popleft()
        b.ledger.place_lost(0, 0, "worker w went away")
        assert b.waiting(0) == [0, 1, 2]
    b.ledger.place_lost(0, 0, "worker w went away")
    assert b.ledger.trials[0].reason == "fold 0: worker w went away, 4 times in all"


def test_what_comes_after_the_end_is_dropped(books):
    b = books()
    b.begin()
    b.ledger.fail(0, 0, "no")
    before = b.journal.events()
    b.fold_done(0, fold(1))
    b.ledger.fail(0, 0, "another reason")
    b.ledger.worker_died(0, 2, "killed")
    b.ledger.place_lost(0, 2, "worker w went away")
    b.ledger.postpone(0, 2)
    assert b.journal.events() == before
    assert b.ledger.trials[0].reason == "no"


# Trackers and pruners


def test_trackers_see_everything_once_and_after_the_journal(books):
    b = books()
    b.begin()
    b.train(0)
    assert b.tracker.seen == [
        ("fold", 0, 0),
        ("fold", 0, 1),
        ("fold", 0, 2),
        ("trial", 0, "complete"),
    ]


def test_trackers_hear_of_what_is_on_the_disk(books, monkeypatch):
    b = books()
    b.begin()
    stored = b.ledger.keep_fold(0, fold(0))
    b.ledger.fold_done(0, stored)
    assert b.ledger.news
    assert b.tracker.seen == []

    def fail(descriptor):
        raise OSError("no disk")

    with monkeypatch.context() as patch:
        patch.setattr(journal, "_sync", fail)
        with pytest.raises(FatalError, match="no disk"):
            b.ledger.news.settle()
    assert b.tracker.seen == []
    c = b.again()
    assert c.waiting(0) == [1, 2]


def test_predictions_are_there_when_a_trial_is_said_to_have_ended(books):
    b = books()
    seen = []
    b.tracker.trial_done = lambda trial: seen.append(
        b.journal.predictions.of_trial(trial.number).is_file()
    )
    b.begin()
    b.train(0)
    assert seen == [True]


def test_decisions_take_no_longer_the_more_trials_there_are(books):
    # In trials read, not in seconds: these depend on the machine.
    class Reads(dict):
        n = 0

        def __getitem__(self, number):
            self.n += 1
            return super().__getitem__(number)

        def values(self):
            raise AssertionError("reads all trials")

    settings = replace(SETTINGS, pruner="forgiving+median")
    b = books(pruner=make_pruner(settings, n_folds=3))
    reads = b.ledger.trials = Reads(b.ledger.trials)
    by_trial = []
    for number in range(60):
        before = reads.n
        b.begin()
        if number % 3:
            b.train(number, 0.5, 0.7 + 0.001 * (number * 7 % 13))
        else:
            b.ledger.fail(number, 0, "no")
        by_trial.append(reads.n - before)
    assert max(by_trial[40:]) <= max(by_trial[10:30])


def test_a_pruner_knows_what_the_proposal_knew(books):
    b = books(lag=1, pruner=Notes())
    for _ in range(2):
        b.begin()
    b.train(1)
    b.train(0)
    b.begin()
    b.ledger.floor(2, 0)
    b.train(2)
    seen = b.ledger._pruner.seen
    assert [known for kind, n, known in seen if (kind, n) == ("after", 1)] == [[]] * 3
    assert [known for kind, n, known in seen if (kind, n) == ("after", 2)] == [[0]] * 3
    assert ("floor", 0, [0]) in seen


# Replay


def test_a_replay_restores_engine_and_open_folds(books):
    b = books(lag=1)
    b.begin()
    b.begin()
    b.train(0)
    b.begin()
    b.fold_done(2, fold(1))
    asked = [t.params for t in b.ledger.trials.values()]
    c = b.again()
    assert [t.params for t in c.ledger.trials.values()] == asked
    assert c.engine.told == [0]
    assert c.waiting(1) == [0, 1, 2]
    assert c.waiting(2) == [0, 2]
    assert content(c.ledger.trials.values()) == content(b.ledger.trials.values())
    assert c.train(2).state is TrialState.COMPLETE


def test_a_replay_takes_the_decision_that_a_crash_prevented(books, tmp_path):
    b = books()
    b.begin(0.5)
    b.train(0)
    b.begin(0.5)  # a copy
    whole = (b.journal.folder / "journal.jsonl").read_bytes()
    lines = whole.splitlines(keepends=True)
    assert b'"ended"' in lines[-1]
    (b.journal.folder / "journal.jsonl").write_bytes(b"".join(lines[:-1]))
    c = b.again()
    assert c.ledger.open == {}
    assert (c.journal.folder / "journal.jsonl").read_bytes() == whole


def test_a_replay_tidies_up_predictions(books):
    b = books()
    b.begin()
    b.train(0)
    left = b.journal.predictions._fold(0, 2)
    left.write_bytes(b"the crash came before this was removed")
    b.again()
    assert not left.exists()


def test_an_engine_that_is_done_needs_no_ledger(books):
    space = SearchSpace({"x": Choice(options=(0.25, 0.5))})
    b = books(engine=GridEngine(space))
    for number in range(2):
        b.begin()
        b.train(number)
    assert [t.params["x"] for t in b.ledger.trials.values()] == [0.25, 0.5]


def test_a_journal_that_cannot_be_written_stops_the_step(books):
    b = books()
    b.begin()
    folder = b.journal.folder / "predictions"
    folder.rmdir()
    folder.write_text("a file in place of the folder")
    with pytest.raises(FatalError, match="cannot be written"):
        b.fold_done(0, fold(0))
    assert b.ledger.trials[0].folds == ()
    assert b.tracker.seen == []


# Few epochs, other engines, what came before


def test_a_trial_at_fewer_epochs_is_a_rung_and_names_its_forerunner(books):
    b = books()
    b.begin(0.5, epochs=1)
    b.train(0, 0.9)
    b.ledger.begin(Suggestion(1, {"x": 0.5}, continues=0), epochs=2)
    full = b.train(1)
    rung = b.ledger.trials[0]
    assert (rung.rung, rung.epochs, rung.continues) == (True, 1, None)
    assert (full.rung, full.epochs, full.continues) == (False, 2, 0)
    assert full.copy_of is None  # other epochs are another measurement
    assert read_trials(b.journal.events())[1].continues == 0


def test_the_value_of_a_rung_is_for_the_engine_that_asked_for_it(books):
    b = books()
    b.begin(epochs=1)
    b.train(0, 0.9)
    b.begin()
    b.train(1)
    b.ledger.tell_before_next()
    assert b.engine.told == [0, 1]
    b.journal.engine("random", "random")
    c = b.again()
    assert c.engine.told == [1]  # 0 was another engine's
    c.begin(epochs=1)
    c.train(2, 0.5)
    c.ledger.tell_before_next()
    assert c.engine.told == [1, 2]
    assert c.again().engine.told == [1, 2]


class Counting(Told):
    """Counts what it is asked, as engines with a state of their own do."""

    def __init__(self):
        super().__init__()
        self.asked = []

    def ask(self, number):
        self.asked.append(number)
        return super().ask(number)


def test_an_engine_that_took_over_is_asked_only_for_its_own(books):
    b = books(engine=Counting())
    for number in range(3):
        b.begin()
        b.train(number)
    b.journal.engine("random", "random")
    b.journal.close()
    c = books(engine=Counting())
    assert (c.engine.asked, c.engine.told) == ([], [0, 1])
    c.begin()
    assert (c.engine.asked, c.engine.told) == ([3], [0, 1, 2])
    c.journal.close()
    d = books(engine=Counting())
    assert (d.engine.asked, d.engine.told) == ([3], [0, 1, 2])
    assert d.waiting(3) == [0, 1, 2]


def test_a_trial_keeps_the_engine_that_proposed_it(books):
    b = books()
    b.begin()
    trial = b.train(0)
    assert (trial.engine, trial.sampler) == ("random", "random")
    stored = read_trials(b.journal.events())[0]
    assert (stored.engine, stored.sampler) == ("random", "random")


def test_trials_of_another_study_are_told_first_and_are_none_of_this_one(tmp_path):
    b = Books(tmp_path / "other")
    b.begin(0.25)
    other = b.train(0)
    warm = [warm_to_json(replace(other, number=-place)) for place in (1, 2)]
    Journal.create(tmp_path / "s", SETTINGS, {"warm": warm}).close()
    c = Books(tmp_path / "s")
    assert c.engine.told == [-1, -2]
    assert list(c.ledger.trials) == []
    c.begin(0.25)
    assert c.train(0).copy_of is None  # another study's folds are not this one's
    c.begin()
    assert c.engine.told == [-1, -2, 0]
    assert c.again().engine.told == [-1, -2, 0]


def test_a_refused_model_keeps_its_size(books):
    b = books()
    b.begin()
    b.ledger.fail(0, 0, "too large", n_parameters=10**9)
    assert b.ledger.trials[0].n_parameters == 10**9
    assert read_trials(b.journal.events())[0].n_parameters == 10**9
    b.begin()
    assert b.train(1).n_parameters == 1


NEWER = {"rung", "continues", "engine", "sampler", "n_parameters", "told_also"}


def test_a_journal_from_before_some_fields_were_there_is_continued(books):
    b = books()
    b.begin(0.5)
    b.train(0)
    b.begin(0.75)
    path = b.journal.folder / "journal.jsonl"
    events = [json.loads(line) for line in path.read_text().splitlines()]
    for event in events:
        del event["crc"]
        for name in NEWER & set(event) if event["event"] != "fold" else ():
            del event[name]
    for name in ("objectives", "max_parameters", "groups", "dummy"):
        del events[0]["settings"][name]
    path.write_text("".join(json.dumps(event) + "\n" for event in events))
    c = b.again()
    assert c.ledger.trials[0].score == b.ledger.trials[0].score
    assert present_settings(c.journal.events()).objectives == ("score",)
    assert c.train(1).state is TrialState.COMPLETE
    c.begin()
    assert c.engine.told == [0, 1]
