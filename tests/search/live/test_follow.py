"""A journal read while another process writes it."""

import json
import time
from dataclasses import asdict

import pytest

from search.errors import FatalError, SettingsError
from search.journal import Journal
from search.live.follow import JournalReader, JournalView
from search.types import Budget

BUDGET = Budget(trials=4)
DAY = 86_400.0


@pytest.fixture
def journal(tmp_path, make_settings):
    facts = {"began": time.time(), "budget": asdict(BUDGET), "facts": {}}
    journal = Journal.create(tmp_path / "a", make_settings(), facts)
    yield journal
    journal.close()


def write(journal, trial):
    """Write a trial as a search does."""
    journal.asked(trial)
    for fold in trial.folds:
        journal.fold(trial.number, fold)
    if trial.state != "running":
        journal.ended(trial)
        journal.told(trial.number)


def append(journal, text):
    with (journal.folder / "journal.jsonl").open("a") as file:
        file.write(text)


def look(view):
    return view.look(time.time())


# The reader


def test_each_line_is_read_once(journal, make_trial):
    reader = JournalReader(journal.folder / "journal.jsonl")
    assert [e["event"] for e in reader.new_events()] == ["study"]
    assert reader.new_events() == []
    write(journal, make_trial(n_folds=1))
    kinds = [e["event"] for e in reader.new_events()]
    assert kinds == ["asked", "fold", "ended", "told"]
    assert reader.new_events() == []


def test_a_torn_last_line_is_read_when_it_is_whole(journal):
    reader = JournalReader(journal.folder / "journal.jsonl")
    reader.new_events()
    line = json.dumps({"event": "told", "number": 3}) + "\n"
    for end in range(1, len(line)):
        append(journal, line[end - 1 : end])
        assert reader.new_events() == []
    append(journal, "\n")
    assert reader.new_events() == [{"event": "told", "number": 3}]


def test_a_torn_line_that_a_resume_cut_off_is_never_seen(journal):
    reader = JournalReader(journal.folder / "journal.jsonl")
    reader.new_events()
    append(journal, '{"event":"to')
    assert reader.new_events() == []
    journal.close()
    again = Journal.open(journal.folder)
    again.told(5)
    assert reader.new_events() == [{"event": "told", "number": 5}]
    again.close()


def test_a_damaged_line_is_named(journal):
    append(journal, '{"event":"told","number":0}\nnothing\n')
    reader = JournalReader(journal.folder / "journal.jsonl")
    with pytest.raises(FatalError, match=r"line 3 must be an event .*, got b'noth"):
        reader.new_events()


# The study


def test_a_view_grows_with_its_journal(journal, make_trial):
    view = JournalView(journal.folder)
    snapshot = look(view)
    assert (snapshot.study, snapshot.metric) == ("a", "accuracy")
    assert (snapshot.n_ended, snapshot.n_trials, snapshot.n_folds) == (0, 4, 3)
    assert snapshot.best is None
    assert snapshot.outcome is None

    write(journal, make_trial(0, height=0.7))
    write(journal, make_trial(1, state="running", n_folds=2))
    snapshot = look(view)
    assert (snapshot.n_ended, snapshot.folds_trained) == (1, 5)
    assert snapshot.best.number == 0
    assert snapshot.best.score == pytest.approx(0.66)
    assert [t.number for t in snapshot.latest] == [0]
    [running] = snapshot.running
    assert (running.number, running.folds_done, running.slot) == (1, 2, None)

    write(journal, make_trial(2, height=0.9))
    write(journal, make_trial(3, state="stopped", n_folds=1))
    snapshot = look(view)
    assert snapshot.best.number == 2
    assert [(t.number, t.state) for t in snapshot.latest] == [
        (0, "complete"),
        (2, "complete"),
        (3, "stopped"),
    ]
    assert len(snapshot.latest[-1].curve) == 4
    assert snapshot.saved == "stopped 1 of 3 trials and saved 2 of 9 folds (22%)"


def test_a_view_that_begins_late_shows_the_same(journal, make_trial):
    early = JournalView(journal.folder)
    for number in range(12):
        write(journal, make_trial(number, height=0.5 + 0.01 * number))
        early.look(0.0)
    journal.asked(make_trial(12, state="running", n_folds=0))
    late = JournalView(journal.folder)
    assert late.look(DAY) == early.look(DAY)


def test_a_study_that_ended_says_how(journal):
    view = JournalView(journal.folder)
    journal.stopped("all 4 trials are done")
    snapshot = look(view)
    assert snapshot.outcome == "all 4 trials are done"
    assert snapshot.left is None


def test_a_killed_search_is_told_from_one_that_trains_long(journal):
    view = JournalView(journal.folder)
    assert look(view).outcome is None
    said = (journal.folder / "running.json").read_bytes()
    journal.close()
    (journal.folder / "running.json").write_bytes(said)  # as when it was killed
    assert look(view).outcome == (
        "its process is gone; go on with it: tunefold resume a"
    )


def test_a_resumed_study_goes_on_with_the_new_budget(journal, make_trial):
    began = time.time()
    journal.session(BUDGET, began=began - DAY)
    write(journal, make_trial(0))
    journal.stopped("interrupted by Ctrl-C")
    journal.engine("random", "random")
    journal.session(Budget(trials=20, minutes=10), began=began)
    write(journal, make_trial(1))
    snapshot = JournalView(journal.folder).look(began + 30)
    assert snapshot.outcome is None
    assert snapshot.n_trials == 20
    assert snapshot.gone == pytest.approx(30)
    assert "random random" in snapshot.about
    assert snapshot.left.seconds == pytest.approx(570)  # two trials say nothing yet
    assert snapshot.left.at_most


def test_a_journal_that_is_gone_is_one_line(journal):
    view = JournalView(journal.folder)
    (journal.folder / "journal.jsonl").unlink()
    with pytest.raises(SettingsError, match="cannot be read any more"):
        look(view)
