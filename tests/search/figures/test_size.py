import pytest

from search.figures.figure import NothingToShowError
from search.figures.size import compute


@pytest.fixture
def trial_of(make_trial, make_fold):
    def trial(number, n_parameters, height):
        folds = tuple(
            make_fold(fold, height=height, n_parameters=n_parameters)
            for fold in range(3)
        )
        return make_trial(number, folds=folds)

    return trial


def test_the_front_holds_what_nothing_beats(make_study, trial_of):
    trials = [
        trial_of(0, 1000, 0.9),
        trial_of(1, 100, 0.8),
        trial_of(2, 500, 0.7),  # beaten by 1
        trial_of(3, 5000, 0.9),  # as good as 0, larger
    ]
    sizes = compute(make_study(trials=trials))
    assert sizes.on_front == [True, True, False, False]
    assert [(size, number) for size, _, number in sizes.front] == [(100, 1), (1000, 0)]


def test_networks_of_one_size_are_not_drawn(make_study, make_trial):
    trials = [make_trial(0), make_trial(1, height=0.8)]
    with pytest.raises(NothingToShowError, match="all networks have 1,234 weights"):
        compute(make_study(trials=trials))
