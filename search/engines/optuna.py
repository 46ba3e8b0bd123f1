"""Optuna's samplers behind ask and tell."""

import warnings
from collections.abc import Callable
from typing import Any

import optuna
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.trial import TrialState as OptunaState

from search.engines.limit import told_enough
from search.engines.optuna_surrogate import N_FOLDS, SurrogateSampler
from search.engines.optuna_window import WindowStorage
from search.errors import FatalError, MissingExtraError
from search.seeding import derive_seed
from search.types import Done, Suggestion, Trial, Wait
from spaces.params import Choice, Float, Int, Param, Scalar
from spaces.space import Params, SearchSpace

SAMPLERS: dict[str, Callable[[int], optuna.samplers.BaseSampler]] = {
    # group: parameters that only some trials have are modelled jointly as well;
    # constant_liar is off, for what is asked must not depend on who is running
    "tpe": lambda seed: optuna.samplers.TPESampler(
        seed=seed, multivariate=True, group=True, constant_liar=False
    ),
    "cmaes": lambda seed: optuna.samplers.CmaEsSampler(
        seed=seed, warn_independent_sampling=False
    ),
    "qmc": lambda seed: optuna.samplers.QMCSampler(
        seed=seed,
        scramble=True,
        warn_independent_sampling=False,
        warn_asynchronous_seeding=False,
    ),
    "gp": lambda seed: optuna.samplers.GPSampler(
        seed=seed, deterministic_objective=False, warn_independent_sampling=False
    ),
    # Optuna's population of 50 would be two whole studies of the usual size; a
    # population of 20 has a second generation in them.
    "nsga2": lambda seed: optuna.samplers.NSGAIISampler(population_size=20, seed=seed),
    "random": lambda seed: optuna.samplers.RandomSampler(seed=seed),
}

ONE_SPACE = ("cmaes", "qmc", "gp", "nsga2")
"""These model only what every trial has in common. They are offered the inactive
parameters as well, so that a conditional space is one box to them; what is inactive
is dropped from the suggestion."""


WINDOWS = {"noisy-gp": (75, 75), "tpe": (50, 100), "nsga2": (300, 700)}
"""Of many trials these see the best and the latest only, so many of each: their time
grows with the number of trials. TPE takes a tenth of what it sees for good; NSGA-II
needs its last generations and the best of all."""

STATEFUL = ("cmaes", "qmc")
"""These go on from their own last step; replaying the journal brings them there."""


class OptunaEngine:
    """An Optuna study in memory, asked and told.

    Args:
        space: Where points come from.
        seed: Seed of the study; 0 is a seed like any other.
        sampler: A name in `SAMPLERS`, or `noisy-gp`.
        n_objectives: Values told of each trial: `told`, then `told_also`.
        max_parameters: More weights than that are told as a violated constraint;
            None sets none.

    Raises:
        MissingExtraError: `gp` is asked for and PyTorch is not installed.
    """

    def __init__(
        self,
        space: SearchSpace,
        *,
        seed: int,
        sampler: str,
        n_objectives: int = 1,
        max_parameters: int | None = None,
    ) -> None:
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        self._space = space
        self._seed = seed
        self._sampler = sampler
        self._max_parameters = max_parameters
        if sampler == "gp":
            _require_torch()
        storage = None
        if sampler in WINDOWS:
            n_best, n_latest = WINDOWS[sampler]
            storage = WindowStorage(n_best=n_best, n_latest=n_latest)
        with _experimental():
            self._study = optuna.create_study(
                directions=["maximize"] * n_objectives,
                storage=storage,
                sampler=self._make(derive_seed(seed, "first")),
            )
        self._asked: dict[int, optuna.Trial] = {}
        self._n_told = 0

    def ask(self, number: int) -> Suggestion | Wait | Done:
        """Propose a point; see `search.protocols.Engine`.

        The sampler is made anew for each number: what it draws then depends on the
        seed, the number and the trials told, not on how often it was asked before.
        A number that is asked again gives the same point.
        """
        if self._sampler == "gp" and (done := told_enough("gp", self._n_told)):
            return done
        if number in self._asked:
            return Suggestion(number, self._point(self._asked[number].params))
        seed = derive_seed(self._seed, number)
        if isinstance(self._study.sampler, SurrogateSampler):
            self._study.sampler.seed = seed
        elif self._sampler not in STATEFUL:
            with _experimental():
                self._study.sampler = self._make(seed)
        with _experimental():
            trial = self._study.ask()
            self._asked[number] = trial
            return Suggestion(number, self._suggest(trial))

    def tell(self, trial: Trial) -> None:
        """Add an ended trial, own or foreign."""
        if trial.told is None:
            raise FatalError(
                f"trial {trial.number}: an engine must be told a value, got none"
            )
        self._n_told += 1
        values = [trial.told, *trial.told_also]
        constraints = self._constraints(trial)
        own = self._asked.pop(trial.number, None)
        if own is not None and self._point(own.params) == trial.params:
            with _experimental():
                own.set_user_attr(N_FOLDS, len(trial.folds))
                for name, value in constraints.items():
                    own.set_constraint(name, value)
                self._study.tell(own, values)
            return
        if own is not None:
            self._study.tell(own, state=OptunaState.FAIL)
        params = self._boxed(trial.params)
        self._study.add_trial(
            optuna.trial.create_trial(
                params=params,
                distributions={
                    name: distribution(self._space.params[name]) for name in params
                },
                values=values,
                constraints=constraints,
                user_attrs={N_FOLDS: len(trial.folds)},
            )
        )

    def _make(self, seed: int) -> optuna.samplers.BaseSampler:
        if self._sampler == "noisy-gp":
            params = self._space.params
            every = {name: distribution(param) for name, param in params.items()}
            return SurrogateSampler(self._space, every, seed=seed)
        return SAMPLERS[self._sampler](seed)

    def _constraints(self, trial: Trial) -> dict[str, float]:
        # Optuna's own form: at most 0 is feasible. Of a model that was never built
        # nothing is known; its value is the worst already.
        if self._max_parameters is None:
            return {}
        size = trial.n_parameters or 0
        return {"n_parameters": float(size - self._max_parameters)}

    def _suggest(self, trial: optuna.Trial) -> Params:
        everything = self._sampler in ONE_SPACE
        drawn: Params = {}
        for name, param in self._space.params.items():
            if everything or self._space.is_active(name, drawn):
                drawn[name] = _suggest(trial, name, param)
        return self._point(drawn)

    def _boxed(self, params: Params) -> Params:
        # One foreign trial without an inactive parameter would take it out of the
        # box for good; any value does, for it has no effect.
        if self._sampler not in ONE_SPACE:
            return params
        return {
            name: params.get(name, _first(param))
            for name, param in self._space.params.items()
        }

    def _point(self, drawn: dict[str, Any]) -> Params:
        point: Params = {}
        for name in self._space:
            if name in drawn and self._space.is_active(name, point):
                point[name] = drawn[name]
        return point


def distribution(param: Param) -> BaseDistribution:
    """Translate a parameter into Optuna's distribution."""
    if isinstance(param, Int):
        return IntDistribution(param.low, param.high, log=param.log, step=param.step)
    if isinstance(param, Float):
        return FloatDistribution(param.low, param.high, log=param.log, step=param.step)
    return CategoricalDistribution(param.options)


def _first(param: Param) -> Scalar:
    return param.options[0] if isinstance(param, Choice) else param.low


def _suggest(trial: optuna.Trial, name: str, param: Param) -> Scalar:
    if isinstance(param, Int):
        return trial.suggest_int(
            name, param.low, param.high, log=param.log, step=param.step
        )
    if isinstance(param, Float):
        return trial.suggest_float(
            name, param.low, param.high, log=param.log, step=param.step
        )
    chosen = trial.suggest_categorical(name, param.options)
    assert chosen is not None  # no option is None
    return chosen


def _require_torch() -> None:
    from importlib.util import find_spec

    if find_spec("torch") is None:
        raise MissingExtraError(
            "sampler gp: needs PyTorch, which is not installed; run: "
            'pip install -c constraints.txt -e ".[gp]"'
        )


def _experimental() -> "warnings.catch_warnings[None]":
    return warnings.catch_warnings(
        action="ignore", category=optuna.exceptions.ExperimentalWarning
    )
