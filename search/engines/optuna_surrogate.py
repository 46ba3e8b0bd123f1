"""Our own sampler, in Optuna's terms; `search.engines.surrogate` proposes."""

from typing import Any

import numpy as np
import optuna
from numpy.typing import NDArray
from optuna.distributions import BaseDistribution
from optuna.trial import FrozenTrial, TrialState

from search.engines.columns import Columns, Rows
from search.engines.surrogate import propose
from search.errors import FatalError
from spaces.space import SearchSpace

N_FOLDS = "n_folds"
"""Name of the attribute that says over how many folds a trial's value is a mean."""


class SurrogateSampler(optuna.samplers.BaseSampler):
    """Proposes whole points of a conditional space.

    Args:
        space: Where points come from.
        distributions: The same in Optuna's terms.
        seed: Of the points before the first model, one for the whole study.

    Attributes:
        seed: Of the next proposal.
    """

    def __init__(
        self,
        space: SearchSpace,
        distributions: dict[str, BaseDistribution],
        *,
        seed: int,
    ) -> None:
        self.seed = seed
        self._distributions = distributions
        self._seed = seed
        self._columns = Columns(space)
        self._rows: dict[int, Rows] = {}

    def infer_relative_search_space(
        self,
        study: optuna.Study,  # noqa: ARG002
        trial: FrozenTrial,  # noqa: ARG002
    ) -> dict[str, BaseDistribution]:
        """Return the whole space, whatever is active."""
        return self._distributions

    def sample_relative(
        self,
        study: optuna.Study,
        trial: FrozenTrial,
        search_space: dict[str, BaseDistribution],  # noqa: ARG002
    ) -> dict[str, Any]:
        """Return the active parameters' values."""
        trials = study.get_trials(deepcopy=False)
        ended = [t for t in trials if t.state is TrialState.COMPLETE]
        running = [
            t
            for t in trials
            if t.state is TrialState.RUNNING and t.number != trial.number
        ]
        row = propose(
            self._columns,
            self._known(ended),
            np.array([_value(t) for t in ended]),
            self._known(running),
            shares=_shares(ended),
            start_seed=self._seed,
            seed=self.seed,
        )
        return self._columns.point(row)

    def sample_independent(
        self,
        study: optuna.Study,  # noqa: ARG002
        trial: FrozenTrial,  # noqa: ARG002
        param_name: str,
        param_distribution: BaseDistribution,  # noqa: ARG002
    ) -> Any:
        """Refuse a parameter beyond the space: whole points are proposed."""
        raise FatalError(f"noisy-gp: '{param_name}' is not in its search space")

    def _known(self, trials: list[FrozenTrial]) -> Rows:
        for trial in trials:
            if trial.number not in self._rows:
                self._rows[trial.number] = self._columns.row(trial.params)
        rows = [self._rows[trial.number] for trial in trials]
        return np.array(rows).reshape(len(rows), len(self._columns.n_options))


def _shares(trials: list[FrozenTrial]) -> NDArray[np.float64]:
    """Return how much more noise each value has than the mean of all folds.

    A mean over a fifth of the folds has five times the variance. What no fold was
    trained for is taken as it is.
    """
    n_folds = np.array([trial.user_attrs.get(N_FOLDS) or np.nan for trial in trials])
    most = np.nanmax(n_folds, initial=1.0)
    shares: NDArray[np.float64] = np.nan_to_num(most / n_folds, nan=1.0)
    return shares


def _value(trial: FrozenTrial) -> float:
    """Return the value, or the least there is for what violates a constraint."""
    feasible = all(value <= 0 for value in trial.constraints.values())
    return trial.value if feasible and trial.value is not None else -np.inf
