"""What is read back from the store equals what was searched."""

from dataclasses import asdict, replace
from pathlib import Path

import pytest

from search.errors import TrackingError
from search.events import fold_to_json
from search.recorder import Recorder
from search.results import best_trials, every_trial, load_study, load_trial, rows_of
from search.store import KEY

FACTS = {"keras": "3.15.0"}
NONE = Path("no-predictions.npz")


@pytest.fixture
def record(store, make_settings):
    """Return a function that records a study with these trials."""

    def record(*trials, name="a", began=1.0, **fields):
        recorder = Recorder(store, make_settings(name=name, **fields), began=began)
        recorder.begin(FACTS)
        for trial in trials:
            for result in trial.folds:
                recorder.fold(trial, result)
            recorder.trial(trial, NONE)
        return recorder

    return record


def plain(trial):
    """A trial as data that can be compared: folds hold arrays."""
    return asdict(replace(trial, folds=())), [fold_to_json(f) for f in trial.folds]


def refusal(function, *arguments):
    with pytest.raises(TrackingError) as caught:
        function(*arguments)
    message = str(caught.value)
    assert "\n" not in message
    return message


def test_a_study_reads_back_as_it_was(store, make_settings, record):
    recorder = record(n_rows=500)
    study = load_study(store, "a")
    assert study.settings == make_settings(n_rows=500)
    assert isinstance(study.settings.metrics, tuple)
    assert study.facts == FACTS
    assert (study.run_id, study.experiment_id) == (
        recorder.run_id,
        recorder.experiment_id,
    )


def test_a_trial_reads_back_as_it_was_with_its_types(store, record, make_trial):
    trial = make_trial(height=1 / 3)
    record(trial)
    recorded = load_trial(store, "a")
    assert plain(recorded.trial) == plain(trial)  # floats to the last bit
    types = {name: type(value) for name, value in recorded.trial.params.items()}
    assert types == {"width_1": int, "dropout": float, "batch_norm": bool, "l2": str}
    assert recorded.trial.folds[0].predictions is None


def test_a_copy_reads_back_with_its_folds(store, record, make_trial):
    record(make_trial(0, height=0.5), make_trial(1), make_trial(4, copy_of=1))
    one, four, zero = best_trials(store, load_study(store, "a"), 9)
    assert [t.trial.number for t in (one, four, zero)] == [1, 4, 0]
    assert four.trial.copy_of == 1
    assert plain(four.trial)[1] == plain(one.trial)[1]


def test_the_best_come_first_the_earlier_one_on_ties(store, record, make_trial):
    record(
        make_trial(0, height=0.7),
        make_trial(3, height=0.9),
        make_trial(1, state="failed"),
        make_trial(2, height=0.9),
        make_trial(4, state="stopped"),
        make_trial(5, height=0.8),
        make_trial(6, state="running", n_folds=1),
    )
    study = load_study(store, "a")
    best = best_trials(store, study, 9)
    assert [recorded.trial.number for recorded in best] == [2, 3, 5, 0]
    assert [row.number for row in rows_of(study, best)] == [2, 3, 5, 0]
    assert [r.trial.number for r in best_trials(store, study, 2)] == [2, 3]


def test_a_low_loss_is_the_best_one(store, record, make_trial):
    trials = [
        make_trial(number, height=height, metric="log_loss")
        for number, height in enumerate((0.7, 0.9, 0.8))
    ]
    record(*trials, metrics=("log_loss", "accuracy"))
    study = load_study(store, "a")
    assert [r.trial.number for r in best_trials(store, study, 9)] == [1, 2, 0]


def test_a_trial_is_found_by_run_id_by_study_and_by_latest(store, record, make_trial):
    record(make_trial(0, height=0.9), make_trial(1, height=0.5))
    record(make_trial(0, height=0.6), name="later", began=2.0)
    record(make_trial(0, height=0.4), name="before", began=0.5)
    assert load_trial(store, "a").trial.number == 0
    assert load_trial(store, None).study.settings.name == "later"
    run_id = store.find("a/1").info.run_id
    by_id = load_trial(store, run_id)
    assert (by_id.run_id, by_id.trial.number) == (run_id, 1)
    assert by_id.study.settings.name == "a"


def test_a_study_may_have_a_name_as_long_as_a_run_id(store, record, make_trial):
    name = "s" * 32
    record(make_trial(), name=name)
    assert load_trial(store, name).study.settings.name == name


def test_what_is_neither_study_nor_trial_is_refused(store, record, make_trial):
    assert "holds no study" in refusal(load_trial, store, None)
    recorder = record(make_trial())
    assert "unknown study 'b'" in refusal(load_trial, store, "b")
    assert "unknown study" in refusal(load_trial, store, "f" * 32)
    assert "unknown study" in refusal(load_trial, store, recorder.run_id)


def test_a_study_without_a_complete_trial_says_how_to_go_on(store, record, make_trial):
    record(make_trial(state="failed"))
    message = refusal(load_trial, store, "a")
    assert "no complete trial" in message
    assert "tunefold resume a" in message


@pytest.mark.parametrize("content", ["[]", "{}", '{"settings": {"name": "a"}}', "{"])
def test_a_damaged_study_is_one_line(store, record, content):
    recorder = record()
    store.client.log_text(recorder.run_id, content, "study.json")
    message = refusal(load_study, store, "a")
    assert message.startswith(f"run {recorder.run_id}: study.json must")


@pytest.mark.parametrize(
    "content", ["[]", "{}", '[{"event": "fold", "number": 0}]', '[{"number": 0}]', "["]
)
def test_a_damaged_trial_is_one_line(store, record, make_trial, content):
    record(make_trial())
    run = store.find("a/0")
    assert run.data.tags[KEY] == "a/0"
    store.client.log_text(run.info.run_id, content, "trial.json")
    message = refusal(load_trial, store, run.info.run_id)
    assert message.startswith(f"run {run.info.run_id}: trial.json must")


def test_every_trial_is_read_whatever_its_state(store, record, make_trial):
    trials = [
        make_trial(2),
        make_trial(0, state="stopped", n_folds=1),
        make_trial(3, state="failed", folds=()),
        make_trial(1, state="running", n_folds=2),
        make_trial(4, rung=True, epochs=2),
    ]
    record(*trials)
    read = every_trial(store, load_study(store, "a"))
    expected = sorted(trials, key=lambda trial: trial.number)
    assert [plain(trial) for trial in read] == [plain(trial) for trial in expected]


def test_a_copy_is_read_with_its_folds(store, record, make_trial):
    original = make_trial(0)
    record(original, replace(original, number=1, copy_of=0))
    first, copy = every_trial(store, load_study(store, "a"))
    assert copy.copy_of == 0
    assert plain(copy)[1] == plain(first)[1]


def test_a_local_trial_is_read_where_it_lies(store, record, make_trial, monkeypatch):
    record(make_trial(0), make_trial(1))
    study = load_study(store, "a")

    def copied(*arguments):
        raise AssertionError("MLflow was asked for a copy")

    monkeypatch.setattr(type(store.client), "download_artifacts", copied)
    assert [trial.number for trial in every_trial(store, study)] == [0, 1]
