"""Long studies: samplers see a window of Optuna's storage."""

import random

import optuna
import pytest
from optuna.trial import TrialState, create_trial

from search.engines.optuna import WINDOWS
from search.engines.optuna_window import WindowStorage
from search.engines.registry import make_engine
from search.types import Trial
from search.types import TrialState as Ended
from spaces.dense import DENSE

N_BEST, N_LATEST = 10, 20


def rng_of(number):
    return random.Random(number)


def filled(values):
    """A study told of these values, in turn."""
    directions = ["maximize"] * len(values[0])
    study = optuna.create_study(
        storage=WindowStorage(n_best=N_BEST, n_latest=N_LATEST), directions=directions
    )
    for each in values:
        study.add_trial(create_trial(values=each))
    return study


def seen(study):
    return [trial.number for trial in study.get_trials(deepcopy=False)]


def test_a_short_study_is_seen_as_a_whole():
    values = [(rng_of(i).random(),) for i in range(N_LATEST)]
    assert seen(filled(values)) == list(range(N_LATEST))


def test_of_a_long_study_the_best_and_the_latest_are_seen():
    n = 5 * N_LATEST
    values = [(rng_of(i).random(),) for i in range(n)]
    best = sorted(range(n), key=lambda i: -values[i][0])[:N_BEST]
    assert seen(filled(values)) == sorted({*best, *range(n - N_LATEST, n)})


def test_several_values_share_the_places_of_the_best():
    n = 5 * N_LATEST
    values = [(float(-i), float(i % 2 == 0) + i / n) for i in range(n)]
    window = {*seen(filled(values))}
    assert window >= {*range(N_BEST // 2)}  # the best by the first value
    assert len(window) <= N_BEST + N_LATEST


def test_nothing_else_of_a_study_changes():
    study = filled([(float(i == 3),) for i in range(2 * N_LATEST)])
    assert study.best_trial.number == 3
    assert len(study.trials) == 2 * N_LATEST
    trial = study.ask()
    assert trial.number == 2 * N_LATEST
    assert seen(study)[-1] == trial.number  # running
    study.tell(trial, 2.0)
    assert study.best_trial.number == trial.number
    failed = study.ask()
    study.tell(failed, state=TrialState.FAIL)
    assert failed.number not in seen(study)


@pytest.mark.parametrize("sampler", list(WINDOWS))
@pytest.mark.parametrize("n", [1500, pytest.param(20_000, marks=pytest.mark.slow)])
def test_long_studies_can_be_replayed(sampler, n):
    rng = random.Random(0)
    points = [DENSE.sample(rng) for _ in range(n)]

    def proposals():
        made = make_engine("optuna", sampler, DENSE, seed=0, epochs=1)
        for number, params in enumerate(points):
            told = rng_of(number).random()
            made.tell(
                Trial(
                    number=number,
                    params=params,
                    state=Ended.COMPLETE,
                    epochs=1,
                    score=told,
                    told=told,
                )
            )
        assert len(seen(made._study)) <= sum(WINDOWS[sampler])
        return [made.ask(n + i).params for i in range(3)]

    found = proposals()
    assert found == proposals()
    assert all(DENSE.check(point) == point for point in found)
