"""The oracles of AutoKeras' tuners behind ask and tell.

Importing this file imports Keras, on the backend that `KERAS_BACKEND` names.
"""

import random
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from keras_tuner.oracles import RandomSearchOracle

from search.engines.keras_tuner import MakeOracle, OracleEngine, hyperband_oracle
from search.engines.keras_tuner_bayesian import N_RANDOM, BayesianOracle
from search.errors import SettingsError
from search.seeding import derive_seed
from search.types import Done, Suggestion, Trial, Wait
from spaces.params import Choice
from spaces.space import Params, SearchSpace

TESTED = {"autokeras": "3.0.0", "keras": "3.15.1", "keras-tuner": "1.4.8"}
"""Versions that run together; AutoKeras uses private parts of the other two."""


class AutoKerasEngine:
    """One of the oracles that AutoKeras' tuners propose with, over any space.

    Args:
        space: Where points come from.
        seed: Seed of the study; 0 is a seed like any other.
        sampler: `greedy`, AutoKeras' own, or `bayesian`, `hyperband`, `random`, which
            it takes from Keras Tuner.
        epochs: Epochs of a full trial; `hyperband` begins with fewer.

    Raises:
        SettingsError: AutoKeras cannot be imported with the versions installed.
        SpaceError: A parameter cannot be expressed; the message names it.
    """

    def __init__(
        self, space: SearchSpace, *, seed: int, sampler: str, epochs: int
    ) -> None:
        oracles: dict[str, MakeOracle] = {
            "greedy": greedy_oracle(first_points(space, seed)),
            "bayesian": BayesianOracle,
            "hyperband": hyperband_oracle(epochs),
            "random": RandomSearchOracle,
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


def first_points(space: SearchSpace, seed: int) -> list[Params]:
    """Return the random points that `greedy` begins with, `N_RANDOM` of them.

    It hardly ever leaves the kind of its best trial, and AutoKeras begins an image
    search with one network of each kind. So where the space's first parameter is a
    choice, such as `block`, its options take turns.
    """
    rng = random.Random(derive_seed(seed, "first points"))
    name, first = next(iter(space.params.items()))
    points = []
    for i in range(N_RANDOM):
        point = space.sample(rng)
        if isinstance(first, Choice):
            while point[name] != first.options[i % len(first.options)]:
                point = space.sample(rng)
        points.append(point)
    return points


def greedy_oracle(first: list[Params]) -> MakeOracle:
    """Return what makes AutoKeras' own oracle, beginning with the points `first`.

    It keeps the best trial so far and draws anew what lies below one node of the tree
    of names, cut at `/`: `conv` stands for `conv/kernel_size`, `conv/filters_0`, ...

    Raises:
        SettingsError: AutoKeras cannot be imported with the versions installed.

    Source: `autokeras/tuners/greedy.py`.
    """
    try:
        with _hidden("jax", "tensorflow", "torch"):
            from autokeras.tuners.greedy import GreedyOracle
    except Exception as error:
        raise SettingsError(_cannot_import(error)) from error

    class FromPoints(GreedyOracle):  # type: ignore[misc]
        """Begins where the trials known leave off, also in another engine's study."""

        def populate_space(self, trial_id: str) -> dict[str, Any]:
            self._tried_initial_hps = [i < len(self.trials) for i in range(len(first))]
            answer: dict[str, Any] = super().populate_space(trial_id)
            return answer

    def make(**settings: Any) -> GreedyOracle:
        return FromPoints(initial_hps=first, **settings)

    return make


@contextmanager
def _hidden(*names: str) -> Iterator[None]:
    """Hide packages that are not loaded yet.

    AutoKeras imports every framework there is for the name of its out-of-memory
    error: TensorFlow alone costs three seconds and 430 MB beside JAX.
    """
    hidden = set(names) - set(sys.modules)
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]
    try:
        yield
    finally:
        for name in hidden:
            del sys.modules[name]


def _cannot_import(error: Exception) -> str:
    found = ", ".join(f"{name} {_version(name)}" for name in TESTED)
    tested = ", ".join(f"{name} {version}" for name, version in TESTED.items())
    return (
        f"engine autokeras: cannot be imported ({type(error).__name__}: {error}) with "
        f"{found}; tested with {tested}; run: tunefold doctor"
    )


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "missing"
