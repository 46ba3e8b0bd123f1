"""How important parameters are, by Optuna's PED-ANOVA."""

import warnings
from collections.abc import Mapping, Sequence

import optuna
from optuna.importance import PedAnovaImportanceEvaluator, get_param_importances

from search.engines.optuna import distribution
from spaces.params import Param
from spaces.space import Params


def ped_anova(
    space: Mapping[str, Param],
    points: Sequence[Params],
    values: Sequence[float],
    *,
    n_best: int,
) -> dict[str, float]:
    """Return each parameter's share of what tells the best points from all.

    A conditional parameter is compared among the points that have it, weighted by how
    often those are among the best.

    Args:
        space: The parameters to judge; others in the points are left out.
        points: Of complete trials; each value lies in its parameter's range.
        values: One per point, higher is better, finite.
        n_best: How many points count as the best, fewer than all; more of them where
            values are equal.

    Returns:
        Shares that add up to 1, the largest first; all 0 where nothing tells them
        apart.

    Source: Watanabe et al. 2023, arXiv:2304.10255; conditional parameters: theorem
    4.2 of arXiv:2601.20800, as in `optuna/importance/_ped_anova`.
    """
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    distributions = {name: distribution(param) for name, param in space.items()}
    study = optuna.create_study(direction="maximize")
    for point, value in zip(points, values, strict=True):
        params = {name: point[name] for name in space if name in point}
        study.add_trial(
            optuna.trial.create_trial(
                params=params,
                distributions={name: distributions[name] for name in params},
                value=value,
            )
        )
    evaluator = PedAnovaImportanceEvaluator(target_quantile=n_best / len(points))
    with warnings.catch_warnings(action="ignore"):  # few trials: the caption says it
        found = get_param_importances(study, evaluator=evaluator, normalize=False)
    total = sum(found.values()) or 1.0  # Optuna would make equal shares of nothing
    return {name: float(value) / total for name, value in found.items()}
