"""How large parts are: as the study recorded it, less what a configuration left out."""

import pytest

from search.fold_sizes import valid_over_train


@pytest.fixture
def uneven(make_settings):
    return make_settings(cv="group:2", fold_sizes=((60, 40), (40, 60)))


def test_real_sizes_count(uneven):
    assert valid_over_train(uneven, [{}]) == pytest.approx([2 / 3, 3 / 2])


def test_fewer_training_rows_make_the_share_larger(uneven):
    found = valid_over_train(uneven, [{"rows": 50}])
    assert found == pytest.approx([40 / 50, 60 / 40])  # a fold has no more than it has
    several = [{}, {"rows": 30}, {"rows": 10}]
    assert valid_over_train(uneven, several) == pytest.approx([4, 6])


def test_a_study_that_recorded_none_is_read_by_its_splitter(make_settings):
    earlier = make_settings(cv="time-series:2")
    assert valid_over_train(earlier, [{"rows": 5}]) == [1, 1 / 2]
