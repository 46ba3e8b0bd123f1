"""Keras Tuner's Bayesian oracle with cures; `search.engines.keras_tuner` drives it.

Importing this file imports Keras, on the backend that `KERAS_BACKEND` names.
"""

import sys
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.linalg import solve_triangular
from sklearn.gaussian_process import GaussianProcessRegressor

from search.quiet import quiet_stderr

with quiet_stderr():  # TensorFlow greets where it is the backend
    from keras_tuner.engine import hyperparameters as hp_types
    from keras_tuner.engine.trial import Trial as OracleTrial
    from keras_tuner.engine.trial import TrialStatus
    from keras_tuner.oracles import BayesianOptimizationOracle

N_RANDOM = 10
"""Random trials before the first model, as many as Optuna's samplers draw. Keras
Tuner's own rule, three for each parameter, would be 54 for a dense network: the whole
of a usual study."""

N_CANDIDATES, N_STARTS = 1000, 5
"""Points at which the model is looked at, and how many of them are followed down."""


class BayesianOracle(BayesianOptimizationOracle):  # type: ignore[misc]
    """A Gaussian process over the trials told, and its lower confidence bound.

    Keras Tuner's, with cures. Generators follow `_seed_state`. Running trials are
    guessed by a fit to what has ended, not by whatever was fitted for the proposal
    before. Coordinates stay below 1, as the parameters' own definition demands: at 1
    a whole number on a log scale lies above its range. The bound is followed down from
    the best of many random points in place of fifty random ones.

    Args:
        objective: What to optimise.
        hyperparameters: The space.
        seed: A seed above 0.
    """

    trials: dict[str, OracleTrial]

    def __init__(self, *, objective: Any, hyperparameters: Any, seed: int) -> None:
        fixed = all(isinstance(hp, hp_types.Fixed) for hp in hyperparameters.space)
        super().__init__(
            objective=objective,
            hyperparameters=hyperparameters,
            seed=seed,
            max_trials=None,
            num_initial_points=sys.maxsize if fixed else N_RANDOM,  # nothing to model
        )

    def populate_space(self, trial_id: str) -> dict[str, Any]:
        """Propose values for a trial."""
        self._random_state = _Starts(self, np.random.default_rng(self._seed_state))
        self.gpr.random_state = self._seed_state
        answer: dict[str, Any] = super().populate_space(trial_id)
        return answer

    def _make_gpr(self) -> GaussianProcessRegressor:
        return _QuickRegressor(**super()._make_gpr().get_params(deep=False))

    def _vectorize_trials(self) -> Any:
        if self.ongoing_trials:
            every = self.trials
            self.trials = {
                name: trial
                for name, trial in every.items()
                if trial.status == TrialStatus.COMPLETED
            }
            self.gpr.fit(*super()._vectorize_trials())
            self.trials = every
        return super()._vectorize_trials()

    def _get_hp_bounds(self) -> Any:
        return super()._get_hp_bounds() * (1 - 1e-9)


@dataclass(frozen=True)
class _Starts:
    """Where the search for the lowest bound starts, in place of a generator."""

    oracle: BayesianOracle
    rng: np.random.Generator

    def uniform(self, low: Any, high: Any, size: tuple[int, int]) -> Any:
        """Return the best of many points, (N_STARTS, n_parameters)."""
        points = self.rng.uniform(low, high, (N_CANDIDATES, size[1]))
        mean, std = self.oracle.gpr.predict(points, return_std=True)
        return points[np.argsort(mean - self.oracle.beta * std)[:N_STARTS]]


class _QuickRegressor(GaussianProcessRegressor):  # type: ignore[misc]
    """scikit-learn's regressor without the checks of what is predicted.

    A proposal asks for thousands of predictions of one row, and the checks are most of
    their time.
    """

    def predict(self, X: Any, return_std: bool = False) -> Any:
        """Return mean and standard deviation at points (m, n_parameters)."""
        if not return_std:
            return super().predict(X)
        near = self.kernel_(X, self.X_train_)
        mean = near @ self.alpha_
        explained = solve_triangular(self.L_, near.T, lower=True, check_finite=False)
        variance = np.maximum(self.kernel_.diag(X) - (explained**2).sum(axis=0), 0.0)
        return (
            mean * self._y_train_std + self._y_train_mean,
            np.sqrt(variance) * self._y_train_std,
        )
