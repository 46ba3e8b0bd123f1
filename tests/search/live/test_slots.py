"""What slots say of what they train."""

import json

import pytest

from search.live.slots import hide, running_folds, show
from search.types import FoldJob

PARAMS = {"width_1": 64, "dropout": 0.3, "batch_norm": True, "l2": "off"}


def job(fold=0, **fields):
    return FoldJob(
        **{
            "pipeline": "digits",
            "data_digest": "",
            "n_rows": None,
            "params": PARAMS,
            "cv": "kfold:3",
            "split_seed": 0,
            "fold": fold,
            "rows_digest": "",
            "seed": 0,
            "epochs": 4,
            "metrics": ("accuracy", "log_loss"),
            "backend": "jax",
        }
        | fields
    )


class HereSlot:
    """Calls the function in the calling thread."""

    closed = False

    def is_ready(self):
        return True

    def run(self, function, job, *, trial):
        return function(job)

    def close(self):
        self.closed = True


def training(study, seen, *, epochs=((1, 0.5), (2, 0.75))):
    """Return a fold function that looks at what is said while it trains."""

    def run_fold(job, *, on_epoch=None):
        seen.append(running_folds(study))
        for epoch, accuracy in epochs:
            values = {"val_accuracy": accuracy, "val_loss": 9.0, "loss": 9.0}
            if on_epoch is not None:
                on_epoch(epoch, values)
            seen.append(running_folds(study))
        return "trained"

    return run_fold


def test_a_slot_says_what_it_trains_and_each_epoch_while_it_does(tmp_path):
    seen = []
    first, second = show([HereSlot(), HereSlot()], tmp_path)
    assert second.run(training(tmp_path, seen), job(2), trial=7) == "trained"
    began, after_one, after_two = seen
    [running] = began
    assert (running.slot, running.trial, running.fold, running.epochs) == (1, 7, 2, 4)
    assert running.params == PARAMS
    assert running.curve == ()
    assert after_one[0].curve == (0.5,)
    assert after_two[0].curve == (0.5, 0.75)
    assert running_folds(tmp_path) == []
    first.run(training(tmp_path, seen), job(metrics=("log_loss",)), trial=8)
    assert seen[-1][0].curve == (9.0, 9.0)  # the searched metric


def test_slots_stand_in_their_order(tmp_path):
    seen = []
    slots = show([HereSlot() for _ in range(12)], tmp_path)

    def inner(job, *, on_epoch=None):
        return slots[2].run(training(tmp_path, seen), job, trial=3)

    slots[10].run(inner, job(), trial=4)
    assert [(running.slot, running.trial) for running in seen[0]] == [(2, 3), (10, 4)]


def test_each_network_of_an_ensemble_begins_anew(tmp_path):
    seen = []
    [slot] = show([HereSlot()], tmp_path)
    epochs = [(1, 0.1), (2, 0.2), (1, 0.3)]
    slot.run(training(tmp_path, seen, epochs=epochs), job(), trial=0)
    assert seen[-1][0].curve == (0.3,)


def test_a_fold_that_fails_is_no_longer_shown(tmp_path):
    def fails(job, *, on_epoch=None):
        raise ValueError("no")

    [slot] = show([HereSlot()], tmp_path)
    with pytest.raises(ValueError, match="no"):
        slot.run(fails, job(), trial=0)
    assert running_folds(tmp_path) == []


def test_training_goes_on_where_nothing_can_be_written(tmp_path):
    seen = []
    [slot] = show([HereSlot()], tmp_path)
    hide(tmp_path)  # another machine does not have the folder
    assert slot.run(training(tmp_path, seen), job(), trial=0) == "trained"
    assert seen == [[], [], []]


def test_what_is_half_written_is_not_shown(tmp_path):
    folder = tmp_path / "slots"
    folder.mkdir()
    head = {"trial": 1, "fold": 0, "began": 1.0, "epochs": 3, "params": {}}
    (folder / "0.jsonl").write_text("")
    (folder / "1.jsonl").write_text(json.dumps(head)[:20])
    (folder / "2.jsonl").write_text(json.dumps(head) + "\n[1, 0.5]\n[2, 0.")
    [running] = running_folds(tmp_path)
    assert (running.slot, running.curve) == (2, (0.5,))


def test_what_a_killed_search_left_is_dropped(tmp_path):
    (tmp_path / "slots").mkdir()
    (tmp_path / "slots" / "0.jsonl").write_text("{}\n")
    show([], tmp_path)
    assert list((tmp_path / "slots").iterdir()) == []
    hide(tmp_path)
    assert not (tmp_path / "slots").exists()
    hide(tmp_path)


def test_closing_a_shown_slot_closes_the_slot(tmp_path):
    slot = HereSlot()
    [shown] = show([slot], tmp_path)
    shown.close()
    assert slot.closed
