import numpy as np
import pytest

from search.metrics import METRICS
from search.pruners.racing import FROM_TRIALS, RULES, Racing
from search.types import TrialState

BEST = (0.90, 0.80, 0.88, 0.86)  # its worst fold .80, its mean .86


@pytest.fixture
def race(accuracy):
    def make(rule="forgiving", **options):
        return Racing(accuracy, epoch_rule="best", n_folds=4, rule=rule, **options)

    return make


@pytest.mark.parametrize(
    ("rule", "folds", "stops"),
    [
        ("forgiving", (0.81,), False),
        ("forgiving", (0.80,), True),  # no better
        ("forgiving", (0.79,), True),
        ("forgiving", (0.85, 0.76), False),  # a mean, not each fold
        ("aggressive", (0.87,), False),
        ("aggressive", (0.86,), True),
        ("aggressive", (0.81,), True),
    ],
)
def test_a_trial_ends_by_its_rule(trial, race, rule, folds, stops):
    reason = race(rule).stop_after(trial(1, *folds), [trial(0, *BEST)])
    assert (reason is not None) == stops
    if stops:
        assert "of trial 0" in reason
        assert f"after {len(folds)} of 4 folds" in reason


@pytest.mark.parametrize("rule", RULES)
def test_nothing_ends_without_a_rival_or_without_a_fold_or_when_complete(
    trial, race, rule
):
    best = trial(0, *BEST)
    bad = (0.1, 0.1, 0.1)
    assert race(rule).stop_after(trial(1, *bad), []) is None
    assert race(rule).stop_after(trial(1), [best]) is None
    assert race(rule).stop_after(trial(1, *bad, 0.1), [best]) is None
    stopped = trial(0, 0.9, state=TrialState.STOPPED)
    assert race(rule).stop_after(trial(1, *bad), [stopped]) is None
    failed = trial(0, state=TrialState.FAILED)
    assert race(rule).stop_after(trial(1, *bad), [failed]) is None


def test_hard_folds_are_no_disadvantage_once_three_trials_are_known(trial, race):
    hard = [0.5, 0.9, 0.9, 0.9]  # the first fold
    known = [trial(n, *(np.array(hard) - 0.01 * n)) for n in range(FROM_TRIALS)]
    good = trial(3, 0.52)
    assert race().stop_after(good, known) is None
    bad = trial(3, 0.89, numbers=[1])  # looks better, but on an easy fold
    assert race().stop_after(bad, known) is not None
    # Of two trials nothing is known about folds.
    assert race().stop_after(trial(2, 0.49), known[:2]) is not None
    assert race().stop_after(trial(2, 0.51), known[:2]) is None


def test_a_loss_is_raced_downwards(trial):
    race = Racing(METRICS["log_loss"], epoch_rule="best", n_folds=4, rule="forgiving")
    best = trial(0, *BEST)
    assert race.stop_after(trial(1, 0.79), [best]) is not None
    assert race.stop_after(trial(1, 0.81), [best]) is None


def test_only_trials_of_as_many_epochs_race(trial, race):
    best = trial(0, *BEST, epochs=3)
    assert race().stop_after(trial(1, 0.1, epochs=1), [best]) is None
    assert race().stop_after(trial(1, 0.1, epochs=3), [best]) is not None


def test_a_trial_is_read_at_its_best_common_epoch_so_far(trial, race, accuracy):
    best = trial(0, *BEST, epochs=2)
    rising, falling = [0.1, 0.85], [0.85, 0.1]
    for curve in (rising, falling):
        assert race().stop_after(trial(1, curve, epochs=2), [best]) is None
    last = Racing(accuracy, epoch_rule="last", n_folds=4, rule="forgiving")
    assert last.stop_after(trial(1, falling, epochs=2), [best]) is not None


def test_a_smaller_trial_is_not_stopped_by_a_larger_one(trial, race):
    best, small = trial(0, *BEST, size=100), trial(1, 0.3, 0.3, 0.3, 0.3, size=10)
    by_size = race(by_size=True)
    assert by_size.stop_after(trial(2, 0.5, size=50), [best, small]) is None
    assert by_size.stop_after(trial(2, 0.2, size=50), [best, small]) is not None
    assert by_size.stop_after(trial(2, 0.5, size=100), [best, small]) is not None
    assert race().stop_after(trial(2, 0.5, size=50), [best, small]) is not None


def test_wilcoxon_asks_optuna(trial):
    race = Racing(METRICS["accuracy"], epoch_rule="best", n_folds=4, rule="wilcoxon")
    best = trial(0, *BEST)
    worse = [value - 0.05 for value in BEST]
    # the smallest p after n folds is 2**-n, and .1 is asked for
    assert race.stop_after(trial(1, *worse[:3]), [best]) is None
    five = Racing(METRICS["accuracy"], epoch_rule="best", n_folds=5, rule="wilcoxon")
    best = trial(0, *BEST, 0.84, score=0.856, epoch=1, n_parameters=10)
    assert five.stop_after(trial(1, *worse, epoch=None, score=None), [best]) is not None
    better = [value + 0.05 for value in BEST]
    assert five.stop_after(trial(1, *better, epoch=None, score=None), [best]) is None


@pytest.mark.parametrize("rule", RULES)
def test_a_decision_depends_on_what_is_known_and_on_nothing_before(trial, race, rule):
    rng = np.random.default_rng(0)
    known = [trial(n, *rng.uniform(0.7, 0.9, 4)) for n in range(90)]
    running = [trial(90, *rng.uniform(0.7, 0.9, 1 + n % 3)) for n in range(30)]
    asked = [(each, known[: rng.integers(90)]) for each in running]
    one = race(rule)
    forth = [one.stop_after(each, before) for each, before in asked]
    back = [one.stop_after(each, before) for each, before in reversed(asked)]
    fresh = [race(rule).stop_after(each, before) for each, before in asked]
    assert forth == back[::-1] == fresh
    if rule != "wilcoxon":
        assert len({reason is None for reason in fresh}) == 2
