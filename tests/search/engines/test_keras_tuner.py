"""What is particular to Keras Tuner's oracles; what every engine keeps is a contract
of its own (`test_contract.py`).
"""

import threading
import tracemalloc
from itertools import pairwise

import keras_tuner
import numpy as np
import pytest
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import Matern

from search.engines.keras_tuner import KerasTunerEngine, OracleEngine
from search.engines.keras_tuner_bayesian import N_RANDOM, _QuickRegressor
from search.types import Done, Suggestion, Trial, TrialState
from spaces.dense import DENSE
from spaces.errors import SpaceError
from spaces.params import Choice, Float, Int
from spaces.space import SearchSpace

BOX = SearchSpace({name: Float(low=0.0, high=1.0) for name in "xy"})
EPOCHS = 9


def make(sampler, space=BOX, *, seed=0, epochs=EPOCHS):
    return KerasTunerEngine(space, seed=seed, sampler=sampler, epochs=epochs)


def value_of(params):
    return -((params["x"] - 0.3) ** 2) - (params["y"] - 0.8) ** 2


def ended(number, params, *, told, state=TrialState.COMPLETE):
    return Trial(number=number, params=params, state=state, epochs=1, told=told)


def judge(number, params):
    """Seven of ten end early: right of .75 they fail, elsewhere they are stopped."""
    value = value_of(params)
    if number % 10 >= 7:
        return ended(number, params, told=value)
    if params["x"] > 0.75:
        return ended(number, params, told=-1.0, state=TrialState.FAILED)
    return ended(number, params, told=value - 0.02, state=TrialState.STOPPED)


def run(engine, numbers):
    """Ask and tell one after the other; return what was suggested."""
    suggestions = []
    for number in numbers:
        suggestion = engine.ask(number)
        assert isinstance(suggestion, Suggestion)
        suggestions.append(suggestion)
        engine.tell(judge(number, suggestion.params))
    return suggestions


# Spaces


class AtTheEnd(keras_tuner.Oracle):
    """Proposes one end of every range: the last probability there is, or the first."""

    prob = 0.0

    def populate_space(self, trial_id):
        point = self.get_space()
        point.values = {}
        for hp in point.space:
            if point.is_active(hp):
                point.values[hp.name] = hp.prob_to_value(self.prob)
        return {"status": "RUNNING", "values": point.values}


@pytest.mark.parametrize("prob", [0.0, np.nextafter(1.0, 0.0), np.float64(1 - 1e-9)])
def test_the_ends_of_every_range_lie_in_it(prob):
    space = SearchSpace(
        {
            f"{kind}_{low:g}_{high:g}": made
            for low, high in [(1, 3), (1e-7, 1e-4), (0.1, 0.7), (3e-3, 0.3)]
            for kind, made in {
                "log": Float(low=low, high=high, log=True),
                "linear": Float(low=low, high=high),
            }.items()
        }
        | {f"width_{n}": Int(low=16, high=n, log=True) for n in (17, 512, 1023)}
        | {
            "n": Int(low=2, high=10, step=2),
            "step": Float(low=0.1, high=0.7, step=0.1),
            "text": Choice(options=("b", "a")),
            "numbers": Choice(options=(0.5, 0.1)),
            "off": Choice(options=(True, False)),
        }
    )
    engine = OracleEngine(space, seed=0, make_oracle=AtTheEnd, epochs=1)
    engine._oracle.prob = prob
    point = engine.ask(0).params
    assert space.check(point) == point
    assert {type(value) for value in point.values()} == {bool, int, float, str}
    low = prob == 0.0
    assert point["n"] == (2 if low else 10)
    assert point["width_512"] == (16 if low else 512)
    assert point["step"] == (0.1 if low else 0.7)


def test_the_best_end_of_a_range_opens_its_condition():
    # The optimum of the model lies at coordinate 1, where Keras Tuner's whole numbers
    # on a log scale are one too large: clamped, they would lack what they open.
    space = SearchSpace(
        {
            "width": Int(low=1, high=64, log=True),
            "wide": Choice(options=("a", "b"), when=("width", (64,))),
        }
    )
    engine = make("bayesian", space)
    for number, width in enumerate([1, 2, 4, 6, 8, 12, 16, 24, 32, 48]):
        engine.tell(ended(number, {"width": width}, told=float(number)))
    point = engine.ask(N_RANDOM).params
    assert space.check(point)["width"] == 64


@pytest.mark.parametrize("sampler", ["random", "bayesian", "hyperband", "grid"])
def test_steps_end_where_the_space_ends_them(sampler):
    # 0.3 // 0.1 is 2: Keras Tuner's own steps would never reach the last value.
    param = Float(low=0.0, high=0.3, step=0.1)
    space = SearchSpace({"noise": param, "flag": Choice(options=(True, False))})
    engine = make(sampler, space, epochs=1)
    seen = {engine.ask(number).params["noise"] for number in range(8)}
    assert seen == set(param.values()) == {0.0, 0.1, 0.2, 0.3}


def test_a_value_that_differs_in_the_last_digit_is_taken_in():
    space = SearchSpace({"noise": Float(low=0.0, high=0.7, step=0.1)})
    engine = make("bayesian", space)
    for number in range(N_RANDOM):
        params = {"noise": number % 4 * 0.1}  # three times .1 is not .3
        assert space.check(params)
        engine.tell(ended(number, params, told=-float(number % 4)))
    assert space.check(engine.ask(N_RANDOM).params)


def test_the_grid_lists_a_whole_number_range_on_a_log_scale():
    # Keras Tuner itself would take ten values of it.
    space = SearchSpace({"width": Int(low=1, high=30, log=True)})
    engine = make("grid", space)
    assert [engine.ask(n).params["width"] for n in range(30)] == list(range(1, 31))
    assert isinstance(engine.ask(30), Done)


def test_the_grid_names_a_continuous_range():
    with pytest.raises(SpaceError, match=r"^grid: 'x': a continuous range cannot"):
        make("grid")


@pytest.mark.parametrize("sampler", ["random", "bayesian", "hyperband"])
def test_a_name_of_the_oracle_itself_is_refused(sampler):
    space = SearchSpace({"tuner/epochs": Int(low=1, high=3)})
    with pytest.raises(SpaceError, match=r"^keras-tuner: 'tuner/epochs': names begin"):
        make(sampler, space)


# Asking


def test_a_number_that_has_not_ended_gives_its_point_again():
    engine = make("hyperband")
    first = engine.ask(0)
    assert engine.ask(1) != first
    assert engine.ask(0) == first


@pytest.mark.parametrize("sampler", ["random", "bayesian", "hyperband"])
def test_an_exhausted_space_repeats_its_points(sampler):
    # So that a bracket of Hyperband gets its full trials; the study ends such a search.
    space = SearchSpace({"n": Int(low=1, high=3)})
    engine = make(sampler, space)
    points = []
    for number in range(14):
        suggestion = engine.ask(number)
        points.append(suggestion.params["n"])
        engine.tell(ended(number, suggestion.params, told=float(points[-1])))
    assert set(points[:3]) == {1, 2, 3}


def test_running_trials_are_avoided():
    """Two proposals without a tell between them are not the same optimum twice."""
    engine = make("bayesian")
    run(engine, range(N_RANDOM + 4))
    points = [engine.ask(100 + k).params for k in range(3)]
    for one, other in pairwise(points):
        assert max(abs(one[name] - other[name]) for name in "xy") > 1e-3


def test_running_trials_are_guessed_from_what_has_ended():
    # Not by the model of the proposal before: one of these has made none yet.
    engines = [make("bayesian"), make("bayesian")]
    for engine in engines:
        engine.ask(0)  # runs on
        run(engine, range(1, N_RANDOM + 1))
    engines[0].ask(50)
    for engine in engines:
        engine.tell(ended(50, {"x": 0.5, "y": 0.5}, told=-0.5))
    assert engines[0].ask(51) == engines[1].ask(51)


@pytest.mark.parametrize(
    ("sampler", "tells"),
    [
        ("random", range(1, 21)),
        ("hyperband", range(1, 21)),
        ("bayesian", [7]),
        pytest.param("bayesian", range(1, 21), marks=pytest.mark.slow),
    ],
)
def test_killed_after_any_tell_it_goes_on_the_same(sampler, tells):
    undisturbed = run(make(sampler), range(max(tells) + 10))
    for n in tells:
        resumed = make(sampler)
        run(resumed, range(n))
        assert run(resumed, range(n, n + 10)) == undisturbed[n : n + 10]


@pytest.mark.parametrize("sampler", ["random", "bayesian", "hyperband"])
def test_nothing_is_printed_or_written(sampler, tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    run(make(sampler), range(N_RANDOM + 2 if sampler == "bayesian" else 60))
    assert list(tmp_path.iterdir()) == []
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("sampler", ["random", "hyperband"])
def test_trials_take_little_memory(sampler):
    def tell_and_ask(numbers):
        for number in numbers:
            params = engine.ask(number).params
            engine.tell(ended(number, params, told=float(number % 7)))

    engine = make(sampler, DENSE)
    tell_and_ask(range(10))
    tracemalloc.start()
    tell_and_ask(range(10, 60))
    grown, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    # 70 kB. A copy of the space in every trial, as the Tuner keeps it, adds 500 kB.
    assert grown < 200_000


def test_it_may_be_called_from_any_thread():
    engine, errors = make("hyperband"), []

    def one(number):
        try:
            run(engine, [number])
        except Exception as error:  # noqa: BLE001  (handed to the test)
            errors.append(error)

    for number in range(4):
        thread = threading.Thread(target=one, args=[number])
        thread.start()
        thread.join(20)
        assert not thread.is_alive()
    assert errors == []


# Learning


def regret(sampler, seed, n):
    suggestions = run(make(sampler, seed=seed, epochs=1), range(n))
    return -max(value_of(suggestion.params) for suggestion in suggestions)


def test_bayesian_learns_although_most_trials_end_early():
    bayesian = [regret("bayesian", seed, 20) for seed in range(3)]
    random = [regret("random", seed, 20) for seed in range(60)]
    # Over this and two other groups of three seeds the ratio was .13 to .31.
    assert np.mean(bayesian) < 0.5 * np.mean(random)


def test_the_regressor_without_checks_predicts_the_same():
    rng = np.random.default_rng(0)
    X, new = rng.random((30, 4)), rng.random((50, 4))
    kinds = (GaussianProcessRegressor, _QuickRegressor)
    usual, quick = (
        kind(kernel=Matern(nu=2.5), normalize_y=True, alpha=1e-4)
        .fit(X, np.sin(X.sum(axis=1)))
        .predict(new, return_std=True)
        for kind in kinds
    )
    # Sums in another order.
    np.testing.assert_allclose(quick[0], usual[0], rtol=1e-9)
    np.testing.assert_allclose(quick[1], usual[1], rtol=1e-9)


def first_rungs(suggestions):
    """Return the first bracket's rung of random points, and what it promoted."""
    start = next(n for n, s in enumerate(suggestions) if s.continues is not None)
    rung = suggestions[:start]
    promoted = []
    for suggestion in suggestions[start:]:
        if suggestion.epochs != suggestions[start].epochs:
            break
        promoted.append(suggestion)
    return rung, promoted


@pytest.mark.parametrize("seed", range(5))
def test_hyperband_promotes_the_best_of_a_rung(seed):
    suggestions = run(make("hyperband", seed=seed), range(40))
    rung, promoted = first_rungs(suggestions)
    assert {suggestion.epochs for suggestion in rung} == {1}
    assert {suggestion.epochs for suggestion in promoted} == {3}
    told = {s.number: judge(s.number, s.params).told for s in rung}
    best = sorted(told, key=told.get, reverse=True)[: len(promoted)]
    assert [suggestion.continues for suggestion in promoted] == best
    assert 0 < len(best) < len(rung)
    for suggestion in suggestions:
        if suggestion.continues is not None:
            assert suggestion.params == suggestions[suggestion.continues].params
    # None is the study's own number of epochs.
    assert {suggestion.epochs for suggestion in suggestions} == {1, 3, None}


def test_hyperband_with_a_single_epoch_proposes_full_trials():
    for suggestion in run(make("hyperband", epochs=1), range(12)):
        assert (suggestion.epochs, suggestion.continues) == (None, None)


def test_foreign_trials_leave_hyperbands_brackets_alone():
    undisturbed = run(make("hyperband"), range(30))
    engine, suggestions = make("hyperband"), []
    for number in range(30):
        # Another study's trials have numbers of their own, which may be the same.
        engine.tell(ended(number, {"x": 0.3, "y": 0.01 * number}, told=0.0))
        suggestions += run(engine, [number])
    assert suggestions == undisturbed


def test_a_slot_of_hyperband_whose_trial_was_another_is_given_out_again():
    # Otherwise its rung would wait for it for ever and promote nothing.
    engine = make("hyperband")
    for number in range(5):
        engine.ask(number)
        other = {"x": 0.5, "y": 0.1 * number}
        engine.tell(ended(number, other, told=value_of(other)))
    later = run(engine, range(5, 40))
    rung, promoted = first_rungs(later)
    assert len(rung) == len(first_rungs(run(make("hyperband"), range(40)))[0])
    assert {s.continues for s in promoted} <= {s.number for s in rung}
