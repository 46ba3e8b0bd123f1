import numpy as np
import pytest

from pipelines.set_aside import set_aside, set_latest_aside
from spaces.errors import DataError


def covers(cut, n):
    return sorted([*cut.train, *cut.test]) == list(range(n))


@pytest.mark.parametrize("n", [5, 6, 9, 101, 1000])
def test_a_fifth_is_drawn_and_always_the_same(n):
    cut = set_aside(np.zeros(n), stratified=False)
    assert covers(cut, n)
    assert len(cut.test) == n // 5
    assert np.array_equal(cut.test, set_aside(np.ones(n), stratified=False).test)


@pytest.mark.parametrize("sizes", [(80, 20), (500, 5), (2, 2, 2), (2,) * 30, (40, 2)])
def test_every_class_is_in_training(sizes):
    y = np.repeat(np.arange(len(sizes)), sizes)
    cut = set_aside(y, stratified=True)
    assert covers(cut, len(y))
    assert {*y[cut.train]} == {*y}
    share = np.bincount(y[cut.test], minlength=len(sizes)) / sizes
    # one row more or less, and half of the rows where classes have only two
    assert (np.abs(share - len(cut.test) / len(y)) <= 1 / np.array(sizes)).all()


@pytest.mark.parametrize("stratified", [True, False])
def test_groups_stay_whole(stratified):
    groups = np.arange(200) // 4
    y = np.arange(200) % 2
    cut = set_aside(y, stratified=stratified, groups=groups)
    assert covers(cut, 200)
    assert not {*groups[cut.train]} & {*groups[cut.test]}
    assert len(cut.test) == 40
    assert "10 of 50" in cut.words


def test_the_latest_are_cut_between_two_times():
    times = np.repeat(np.arange(10), 7)
    cut = set_latest_aside(times, "year")
    assert covers(cut, 70)
    assert times[cut.train].max() < times[cut.test].min()
    assert len(cut.test) == 14
    assert "year" in cut.words
    # no time lies on both sides, even if the share is another one then
    assert len(set_latest_aside(np.array([1] * 30 + [2] * 70), "year").test) == 70


def test_too_little_is_refused():
    with pytest.raises(DataError, match=r"at least 5 rows.*got 4"):
        set_aside(np.zeros(4), stratified=False)
    with pytest.raises(DataError, match=r"at least 2 groups.*got 1"):
        set_aside(np.zeros(9), stratified=False, groups=np.zeros(9))
    with pytest.raises(DataError, match="one time only"):
        set_latest_aside(np.zeros(9), "year")
