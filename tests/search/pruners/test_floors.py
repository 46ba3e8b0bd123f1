import numpy as np
import pytest

from search.pruners.floors import FLOORS, FROM_RESULTS, Floors
from search.types import TrialState

EPOCHS = 9
HEIGHTS = np.linspace(0.5, 0.9, 9)


def rising(height):
    return [height * (1 - 0.5**epoch) for epoch in range(1, EPOCHS + 1)]


@pytest.fixture
def known(trial):
    return [
        trial(n, *[rising(height)] * 4, epochs=EPOCHS)
        for n, height in enumerate(HEIGHTS)
    ]


@pytest.mark.parametrize("rule", FLOORS)
def test_there_is_no_floor_in_later_folds_or_before_five_results(rule, known, accuracy):
    floors = Floors(accuracy, rule=rule)
    assert floors.floor(1, EPOCHS, known) is None
    assert floors.floor(0, EPOCHS, known[: FROM_RESULTS - 1]) is None
    assert floors.floor(0, EPOCHS, known[:FROM_RESULTS]) is not None
    assert floors.floor(0, EPOCHS + 1, known) is None  # others have fewer epochs


def test_the_median_is_the_floor_after_a_quarter_of_the_epochs(known, accuracy):
    floor = Floors(accuracy, rule="median").floor(0, EPOCHS, known)
    assert floor[:3] == (-np.inf,) * 3
    assert floor[3:] == pytest.approx(rising(0.7)[3:])


def test_one_of_three_goes_on_at_each_rung(known, accuracy):
    floor = Floors(accuracy, rule="asha").floor(0, EPOCHS, known)
    assert [epoch for epoch, value in enumerate(floor, 1) if value > -np.inf] == [1, 3]
    for rung in (1, 3):
        above = [rising(height)[rung - 1] >= floor[rung - 1] for height in HEIGHTS]
        assert sum(above) == 3


def test_stopped_trials_count_as_far_as_they_came(trial, known, accuracy):
    cut = [
        trial(9 + n, [0.0] * 4, numbers=[0], epochs=EPOCHS, state=TrialState.STOPPED)
        for n in range(20)
    ]
    floor = Floors(accuracy, rule="median").floor(0, EPOCHS, [*known, *cut])
    assert floor[3] == 0.0
    assert floor[4:] == pytest.approx(rising(0.7)[4:])


def test_a_curve_counts_by_its_best_so_far(trial, accuracy):
    dip = [0.8, 0.2] * 4 + [0.8]
    known = [trial(n, *[dip] * 4, epochs=EPOCHS) for n in range(FROM_RESULTS)]
    floor = Floors(accuracy, rule="median").floor(0, EPOCHS, known)
    assert floor[3:] == (0.8,) * 6


@pytest.mark.parametrize("rule", FLOORS)
def test_a_floor_depends_on_what_is_known_and_on_nothing_before(rule, known, accuracy):
    one = Floors(accuracy, rule=rule)
    for n in (9, 5, 7, 6, 9):
        fresh = Floors(accuracy, rule=rule).floor(0, EPOCHS, known[:n])
        assert one.floor(0, EPOCHS, known[:n]) == fresh
