"""What may be compared, and what is refused and why."""

from pathlib import Path

import numpy as np
import pytest

from search.errors import SettingsError
from search.events import settings_from_json
from search.pairing import entrants
from search.recorder import Recorder

NONE = Path("no-predictions.npz")
TARGETS = "t" * 64


@pytest.fixture
def record(store, make_settings):
    """Return a function that records a study with these trials."""

    def record(name, *trials, **fields):
        settings = make_settings(name=name, **{"target_digest": TARGETS} | fields)
        recorder = Recorder(store, settings, began=1.0)
        recorder.begin({"keras": "3.15.0"})
        for trial in trials:
            recorder.trial(trial, NONE)

    return record


def refusal(store, *names, metric=None, every=False):
    with pytest.raises(SettingsError) as caught:
        entrants(store, names, metric=metric, every=every)
    message = str(caught.value)
    assert "\n" not in message
    return message


def test_the_best_trial_stands_for_its_study(store, record, make_trial):
    record("a", make_trial(0, height=0.8), make_trial(1, height=0.9))
    record("b", make_trial(0, height=0.7))
    metric, (a, b) = entrants(store, ["a", "b"], metric=None, every=False)
    assert metric.name == "accuracy"
    assert (a.trials[0].number, a.n_considered, b.n_considered) == (1, 2, 1)
    # validation accuracy is .05 lower, fold n lies n hundredths higher
    assert a.scores == pytest.approx((0.85, 0.86, 0.87))
    assert b.scores == pytest.approx((0.65, 0.66, 0.67))


def test_a_trial_can_be_named_and_another_metric_asked_for(store, record, make_trial):
    record("a", make_trial(0, height=0.8), make_trial(1, height=0.9))
    metric, (left, right) = entrants(
        store, ["a:0", "a:1"], metric="log_loss", every=False
    )
    assert metric.name == "log_loss"
    assert (left.trials[0].number, right.trials[0].number) == (0, 1)
    assert (left.n_considered, right.n_considered) == (1, 1)
    assert right.scores == pytest.approx((0.4, 0.39, 0.38))


def test_other_inputs_with_the_same_targets_are_compared(store, record, make_trial):
    record("a", make_trial(), data_digest="1" * 64)
    record("b", make_trial(), data_digest="2" * 64, pipeline="fashion_mnist_noise")
    _, sides = entrants(store, ["a", "b"], metric=None, every=False)
    assert [side.settings.pipeline for side in sides] == [
        "digits",
        "fashion_mnist_noise",
    ]


def test_equal_data_need_no_digest_of_the_targets(store, record, make_trial):
    record("a", make_trial(), target_digest="")
    record("b", make_trial())
    assert len(entrants(store, ["a", "b"], metric=None, every=False)[1]) == 2


def test_settings_from_before_targets_had_a_digest_are_read(make_settings):
    from dataclasses import asdict

    plain = asdict(make_settings())
    del plain["target_digest"]
    assert settings_from_json(plain).target_digest == ""


def test_other_folds_are_refused_with_what_differs(store, record, make_trial):
    record("a", make_trial())
    record("b", make_trial(), cv="kfold:5", split_seed=3, split_digest="f" * 64)
    record("c", make_trial(), split_digest="f" * 64)
    message = refusal(store, "a", "b")
    assert "'b' was not measured on the folds of 'a'" in message
    assert "--cv kfold:5 against kfold:3, --split-seed 3 against 0" in message
    assert "--rows" not in message
    assert "(other rows)" in refusal(store, "a", "c")


def test_other_targets_are_refused(store, record, make_trial):
    record("a", make_trial(), data_digest="1" * 64)
    record("b", make_trial(), data_digest="2" * 64, target_digest="u" * 64)
    record("old", make_trial(), data_digest="3" * 64, target_digest="")
    assert "must have the targets of 'a'" in refusal(store, "a", "b")
    assert "search it again" in refusal(store, "a", "old")
    assert "search it again" in refusal(store, "old", "a")


def test_epochs_chosen_by_other_metrics_are_refused(store, record, make_trial):
    record("a", make_trial())
    record("b", make_trial(metric="log_loss"), metrics=("log_loss", "accuracy"))
    assert "chose its epochs by log_loss, 'a' by accuracy" in refusal(store, "a", "b")
    assert "unknown metric 'los_loss'" in refusal(store, "a", "a:0", metric="los_loss")


def test_only_complete_trials_at_full_epochs_are_paired(store, record, make_trial):
    record(
        "a",
        make_trial(0),
        make_trial(1, state="stopped", n_folds=1),
        make_trial(2, rung=True, epochs=1),
        make_trial(3, state="failed"),
    )
    record("empty", make_trial(state="failed"))
    assert "trial 1 must be complete, it is stopped" in refusal(store, "a:0", "a:1")
    assert "trial 2 must be complete, it is at fewer" in refusal(store, "a:0", "a:2")
    assert "trial 3 must be complete, it is failed" in refusal(store, "a:0", "a:3")
    assert "has no trial 7" in refusal(store, "a:0", "a:7")
    assert "'empty' has no complete trial" in refusal(store, "a", "empty")


@pytest.mark.parametrize(
    ("names", "words"),
    [
        ([], "two names or more, got 0"),
        (["a"], "two names or more, got 1"),
        (["a", "a"], "'a' stands twice"),
        (["a", "a:x"], "a trial's number must follow the colon, got 'a:x'"),
        (["a", "a:"], "a trial's number must follow the colon, got 'a:'"),
    ],
)
def test_names_that_cannot_be_compared(names, words, store, record, make_trial):
    record("a", make_trial())
    assert words in refusal(store, *names)


def test_shared_configurations_are_paired_and_averaged(store, record, make_trial):
    small, large, alone = ({"width_1": width} for width in (8, 64, 128))
    record(
        "a",
        make_trial(0, params=large, height=0.9),
        make_trial(1, params=alone, height=0.99),
        make_trial(2, params=small, height=0.7),
    )
    record(
        "b",
        make_trial(0, params=small, height=0.6),
        make_trial(1, params=large, height=0.8),
        make_trial(2, params=small, height=0.6, copy_of=0),
    )
    _, (a, b) = entrants(store, ["a", "b"], metric=None, every=True)
    assert [t.params for t in a.trials] == [t.params for t in b.trials]
    assert [t.number for t in b.trials] == [1, 0]
    assert (a.n_left_out, b.n_left_out) == (1, 0)
    assert a.scores == pytest.approx(np.array([0.75, 0.76, 0.77]))  # .8 on average
    assert np.subtract(b.scores, a.scores) == pytest.approx([-0.1] * 3)


def test_studies_without_a_shared_configuration_are_refused(store, record, make_trial):
    record("a", make_trial(params={"width_1": 8}))
    record("b", make_trial(params={"width_1": 16}))
    assert "must share a configuration" in refusal(store, "a", "b", every=True)
    assert "takes whole studies, got 'b:0'" in refusal(store, "a", "b:0", every=True)
