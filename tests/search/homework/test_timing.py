from dataclasses import replace

import pytest

from search.homework.timing import read_cost

FLAT = [1.0, 0.9, 0.8]


def trial(curved_trial, *folds):
    """A trial whose folds took so many seconds and compiled in the first epoch."""
    made = curved_trial(0, *([FLAT] * len(folds)))
    timed = [
        replace(
            fold,
            seconds=total,
            epoch_seconds=[first, epoch, epoch],
            measure_seconds=0.5,
        )
        for fold, (total, first, epoch) in zip(made.folds, folds, strict=True)
    ]
    return replace(made, folds=tuple(timed))


def test_compilation_is_apart_from_the_epochs(curved_trial):
    slow = trial(curved_trial, (20.0, 15.0, 1.0), (4.0, 1.0, 1.0))
    quick = trial(curved_trial, (9.5, 6.0, 1.0), (3.5, 1.0, 1.0))
    cost = read_cost(quick, [slow, quick], n_train=100, workers=2)
    # 9.5 s but for three epochs of one second and the measuring
    assert cost.start == pytest.approx(6.0)
    assert cost.per_row == pytest.approx(0.035)
    assert cost.workers == 2
