import math
from types import SimpleNamespace

import pytest

from search.plan import PROBE_EPOCHS, PROBE_ROWS, Plan, probe
from search.types import Budget
from spaces.params import Choice, Float
from spaces.space import SearchSpace


def plan(**fields):
    usual = {
        "n_folds": 3,
        "epochs": 10,
        "epoch_seconds": 0.5,
        "start_seconds": 2.0,
        "workers": 1,
    }
    return Plan(**usual | fields)


def test_a_trial_is_its_folds_and_one_start():
    assert plan().trial_seconds == 2.0 + 3 * 10 * 0.5


@pytest.mark.parametrize(
    ("budget", "workers", "words"),
    [
        (Budget(trials=12), 1, "12 trials in about 3 min"),  # 12 x 17 s
        (Budget(trials=4), 1, "4 trials in about 68 s"),
        (Budget(trials=4), 2, "2 at a time: 4 trials in about 34 s"),
        (Budget(trials=5), 2, "5 trials in about 51 s"),  # three rounds
        (Budget(minutes=10), 1, "about 35 trials in 10 minutes"),
        (Budget(minutes=10), 2, "about 70 trials in 10 minutes"),
        (Budget(minutes=0.1), 1, "about 1 trial in 0.1 minutes"),
        (Budget(trials=12, minutes=10), 1, "12 trials in about 3 min"),
        (Budget(trials=100, minutes=10), 1, "about 35 trials in 10 minutes"),
    ],
)
def test_the_budget_that_ends_first_is_told(budget, workers, words):
    text = plan(workers=workers).describe(budget)
    assert text.endswith(words)
    assert text.startswith("3 folds x 10 epochs x 0.5 s + 2 s to start = about 17 s")


def test_one_worker_is_not_worth_a_word():
    assert "at a time" not in plan().describe(Budget(trials=1))


def test_one_fold_of_one_epoch_is_no_plural():
    words = plan(n_folds=1, epochs=1).describe(Budget(trials=1))
    assert words.startswith("1 fold x 1 epoch x ")
    assert ": 1 trial in about " in words


# The probe


def folds_of(n_training_rows):
    return [SimpleNamespace(train=range(n_training_rows))]


@pytest.mark.parametrize(
    ("params", "rows", "timed"),
    [
        ({}, 900, None),
        ({}, PROBE_ROWS, None),
        ({}, 10 * PROBE_ROWS, PROBE_ROWS),
        ({"rows": Choice(options=(100,))}, 10 * PROBE_ROWS, 100),
        ({"rows": Choice(options=(2 * PROBE_ROWS,))}, 10 * PROBE_ROWS, PROBE_ROWS),
    ],
)
def test_a_probe_trains_few_rows_and_counts_all(
    make_fold, make_settings, params, rows, timed
):
    asked = []

    def run(function, job, *, trial):
        return make_fold(seconds=8.0, epoch_seconds=[3.0, 1.0], measure_seconds=0.5)

    jobs = SimpleNamespace(
        settings=make_settings(),
        n_folds=3,
        make=lambda params, fold, *, epochs: asked.append(params),
        folds=folds_of(rows),
    )
    result = probe(SimpleNamespace(run=run), jobs, SearchSpace(params), "run_fold")
    assert asked == [{} if timed is None else {"rows": timed}]
    wanted = params["rows"].options[0] if params else rows
    assert result.epoch_seconds == 1.0 * wanted / (timed or rows) + 0.25
    assert result.start_seconds == 8.0 - 2 * 1.25


def test_the_probe_times_two_epochs_of_one_fold(make_fold, make_settings):
    space = SearchSpace({"x": Float(low=0.0, high=1.0)})
    asked = {}
    settings = make_settings(workers=2)

    def make(params, fold, *, epochs):
        asked.update(params=params, fold=fold, epochs=epochs)
        return "job"

    def run(function, job, *, trial):
        assert (function, job) == ("run_fold", "job")
        asked["trial"] = trial
        return make_fold(seconds=10.0, epoch_seconds=[6.0, 1.0], measure_seconds=0.5)

    jobs = SimpleNamespace(settings=settings, n_folds=3, make=make, folds=folds_of(900))
    result = probe(SimpleNamespace(run=run), jobs, space, "run_fold")
    # no trial of the study: the slot gives it a process of its own
    assert asked == {"params": {"x": 0.5}, "fold": 0, "epochs": 2, "trial": -1}
    assert PROBE_EPOCHS == 2
    assert (result.n_folds, result.epochs, result.workers) == (3, 4, 2)
    assert result.epoch_seconds == 1.25  # the second one and its measuring
    assert result.start_seconds == 7.5
    assert math.isclose(result.trial_seconds, 7.5 + 3 * 4 * 1.25)


def test_a_start_never_takes_less_than_nothing(make_fold, make_settings):
    fast = make_fold(seconds=1.0, epoch_seconds=[0.1, 0.8], measure_seconds=0.0)
    jobs = SimpleNamespace(
        settings=make_settings(),
        n_folds=2,
        make=lambda *_, epochs: None,
        folds=folds_of(100),
    )
    slot = SimpleNamespace(run=lambda *_, trial: fast)
    space = SearchSpace({"x": Float(low=0.0, high=1.0)})
    assert probe(slot, jobs, space, None).start_seconds == 0.0
