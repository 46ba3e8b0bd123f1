"""Keras Tuner's oracles behind ask and tell, without its Tuner.

An oracle decides in `populate_space`; the methods around it belong to the Tuner. They
write a folder per trial, print tables, and hold a lock that an exception never gives
back. What they also do, keeping the record of trials, `OracleEngine` does.

Importing this file imports Keras, on the backend that `KERAS_BACKEND` names.
"""

import copy
import functools
import itertools
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from search.engines.keras_tuner_bayesian import BayesianOracle
from search.engines.keras_tuner_space import OWN, clamp, hyperparameters, listed
from search.engines.limit import told_enough
from search.engines.random import GridEngine
from search.errors import FatalError
from search.protocols import Engine
from search.quiet import quiet_stderr
from search.seeding import derive_seed
from search.types import Done, Suggestion, Trial, Wait
from spaces.space import Params, SearchSpace

with quiet_stderr():  # TensorFlow greets where it is the backend
    import keras_tuner
    from keras_tuner.engine.trial import Trial as OracleTrial
    from keras_tuner.engine.trial import TrialStatus
    from keras_tuner.oracles import (
        GridSearchOracle,
        HyperbandOracle,
        RandomSearchOracle,
    )

MakeOracle = Callable[..., Any]
"""Takes `objective`, `hyperparameters` and `seed`, as every oracle's class does."""


class KerasTunerEngine:
    """One of Keras Tuner's own oracles.

    Args:
        space: Where points come from.
        seed: Seed of the study; 0 is a seed like any other.
        sampler: `bayesian`, `hyperband`, `random` or `grid`.
        epochs: Epochs of a full trial; `hyperband` begins with fewer.

    Raises:
        SpaceError: A parameter cannot be expressed, or `grid` meets a continuous
            range; the message names it.
    """

    def __init__(
        self, space: SearchSpace, *, seed: int, sampler: str, epochs: int
    ) -> None:
        self._engine: Engine
        if sampler == "grid":
            next(space.grid())  # refuses a continuous range in every grid's words
            points = _grid_points(hyperparameters(space, every_value=True))
            self._engine = GridEngine(space, points)
            return
        oracles: dict[str, MakeOracle] = {
            "random": RandomSearchOracle,
            "bayesian": BayesianOracle,
            "hyperband": hyperband_oracle(epochs),
        }
        self._engine = OracleEngine(
            space, seed=seed, make_oracle=oracles[sampler], epochs=epochs
        )

    def ask(self, number: int) -> Suggestion | Wait | Done:
        """Propose a point; see `search.protocols.Engine`."""
        return self._engine.ask(number)

    def tell(self, trial: Trial) -> None:
        """Take in an ended trial, own or foreign."""
        self._engine.tell(trial)


class OracleEngine:
    """Any oracle of Keras Tuner or AutoKeras, asked and told.

    Its generators are seeded anew for each number: what it proposes then depends on
    the study's seed, the number, and the trials asked and told before. Every ended
    trial is told as completed: of failed ones an oracle learns nothing, Hyperband
    promotes nothing past them, and three in a row end a search.

    Args:
        space: Where points come from.
        seed: Seed of the study; 0 is a seed like any other.
        make_oracle: Makes the oracle; it is given `objective`, `hyperparameters` and
            `seed` by name.
        epochs: Epochs of a full trial.

    Raises:
        SpaceError: A parameter cannot be expressed; the message names it.
    """

    def __init__(
        self, space: SearchSpace, *, seed: int, make_oracle: MakeOracle, epochs: int
    ) -> None:
        self._space = space
        self._seed = seed
        self._epochs = epochs
        self._oracle = make_oracle(
            objective=keras_tuner.Objective("told", direction="max"),
            hyperparameters=hyperparameters(space),
            seed=derive_seed(seed, "first"),  # never 0, which is no seed to an oracle
        )
        self._asked: dict[int, Suggestion] = {}
        self._n_told = 0

    def ask(self, number: int) -> Suggestion | Wait | Done:
        """Propose a point; see `search.protocols.Engine`.

        The number of a trial that has not ended gives its point again.
        """
        if number in self._asked:
            return self._asked[number]
        if isinstance(self._oracle, BayesianOracle) and (
            done := told_enough("bayesian", self._n_told)
        ):
            return done
        with _seeded(derive_seed(self._seed, number)) as seed:
            self._oracle._seed_state = seed
            answer = self._populate(str(number))
        if answer["status"] == TrialStatus.IDLE:
            return Wait()
        if answer["status"] == TrialStatus.STOPPED:
            return Done("the oracle has nothing left to propose")
        values = self._plain(answer["values"])
        self._oracle.ongoing_trials[str(number)] = self._record(str(number), values)
        self._asked[number] = self._suggestion(number, values)
        return self._asked[number]

    def tell(self, trial: Trial) -> None:
        """Add an ended trial, own or foreign."""
        if trial.told is None:
            raise FatalError(
                f"trial {trial.number}: an engine must be told a value, got none"
            )
        self._n_told += 1
        own = self._asked.pop(trial.number, None)
        if own is not None:
            trial_id = str(trial.number)
            known = self._oracle.ongoing_trials.pop(trial_id)
            if own.params != trial.params:
                _free_slot(self._oracle, trial_id)
        else:  # its number may be that of another study's trial
            trial_id = f"foreign {len(self._oracle.trials)}"
        if own is None or own.params != trial.params:
            values = {
                name: listed(self._space.params[name], value)
                for name, value in trial.params.items()
            }
            known = self._record(trial_id, values)
        known.score = trial.told
        known.status = TrialStatus.COMPLETED

    def _populate(self, trial_id: str) -> dict[str, Any]:
        answer: dict[str, Any] = self._oracle.populate_space(trial_id)
        if answer["status"] == TrialStatus.RUNNING:
            return answer
        # It gives up after 20 draws that were tried before. That may be too early,
        # and it leaves Hyperband's brackets without a single full trial; the study
        # answers a repeated point from what it knows, and ends when all are repeated.
        tried = self._oracle._tried_so_far
        self._oracle._tried_so_far = set()
        answer = self._oracle.populate_space(trial_id)
        self._oracle._tried_so_far |= tried
        return answer

    def _record(self, trial_id: str, values: dict[str, Any]) -> OracleTrial:
        """Enter a running trial, in place of what had this id."""
        point = copy.copy(self._oracle.hyperparameters)  # the space is shared
        point.values = dict(values)
        trial = OracleTrial(point, trial_id=trial_id)
        self._oracle._record_values(trial)
        self._oracle.trials[trial_id] = trial
        return trial

    def _plain(self, values: dict[str, Any]) -> dict[str, Any]:
        params = self._space.params
        return {
            name: clamp(params[name], value) if name in params else value
            for name, value in values.items()
        }

    def _suggestion(self, number: int, values: dict[str, Any]) -> Suggestion:
        point: Params = {}
        for name in self._space:
            if name in values and self._space.is_active(name, point):
                point[name] = values[name]
        epochs = values.get(OWN + "epochs", self._epochs)
        promoted = values.get(OWN + "trial_id")
        return Suggestion(
            number,
            point,
            epochs=epochs if epochs < self._epochs else None,
            continues=None if promoted is None else int(promoted),
        )


def hyperband_oracle(epochs: int) -> MakeOracle:
    """Return what makes a Hyperband without end, up to that many epochs a trial.

    Li et al., Hyperband (JMLR 18, 2018), with a third of the trials promoted at each
    rung. Bracket after bracket is opened until the study's budget is spent.
    """
    return functools.partial(
        HyperbandOracle, max_epochs=epochs, factor=3, hyperband_iterations=None
    )


def _grid_points(space: keras_tuner.HyperParameters) -> Iterator[Params]:
    """Yield every point of Keras Tuner's grid, the last parameter varying fastest.

    The oracle makes each point from the one before it. Resuming its Tuner loses that
    chain; here it is drawn anew.
    """
    oracle = GridSearchOracle(
        objective=keras_tuner.Objective("told", direction="max"), hyperparameters=space
    )
    names = [hp.name for hp in space.space]
    for trial_id in map(str, itertools.count()):
        answer = oracle.populate_space(trial_id)
        if answer["status"] != TrialStatus.RUNNING:
            return
        point = copy.copy(space)
        point.values = answer["values"]
        # It goes on from ended trials; the space being fixed, nothing waits for them.
        oracle.trials = {trial_id: OracleTrial(point, trial_id=trial_id)}
        oracle.start_order = [trial_id]
        oracle._populate_next = [trial_id]
        yield {name: point.values[name] for name in names if name in point.values}


def _free_slot(oracle: Any, trial_id: str) -> None:
    # A rung of Hyperband would wait for ever for what was asked and never trained.
    for bracket in getattr(oracle, "_brackets", ()):
        for rung in bracket["rounds"]:
            rung[:] = [slot for slot in rung if slot["id"] != trial_id]


@contextmanager
def _seeded(seed: int) -> Iterator[int]:
    """Seed NumPy's global generator, from which AutoKeras' oracles draw, for a while.

    Warnings of fits that did not converge are not for the user: the next trial is
    proposed either way.
    """
    state = np.random.get_state()  # noqa: NPY002
    np.random.seed(seed)  # noqa: NPY002
    try:
        with warnings.catch_warnings(action="ignore"):
            yield seed
    finally:
        np.random.set_state(state)  # noqa: NPY002
