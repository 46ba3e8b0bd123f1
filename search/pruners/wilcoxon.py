"""Optuna's Wilcoxon pruner, asked about one trial and its best rival."""

import warnings
from collections.abc import Sequence

import numpy as np
import optuna
from numpy.typing import NDArray

P = 0.1
"""Optuna's default. The smallest p-value after n folds is 2**-n: nothing ends before
the fourth."""


def is_lost_by_ranks(
    folds: Sequence[int], mine: NDArray[np.float64], best: NDArray[np.float64]
) -> bool:
    """Say whether a trial's folds are worse than another's by signed ranks.

    Args:
        folds: Numbers of the folds that both have.
        mine: The trial's scores on them, float64 (n,), higher is better.
        best: The other's on all folds, float64 (n_folds,).

    Source: `optuna.pruners.WilcoxonPruner`.
    """
    optuna.logging.set_verbosity(optuna.logging.WARNING)  # a study for each question
    study = optuna.create_study(direction="maximize")
    study.add_trial(
        optuna.trial.create_trial(
            value=float(best.mean()),
            intermediate_values=dict(enumerate(best.tolist())),
        )
    )
    running = optuna.trial.create_trial(
        state=optuna.trial.TrialState.RUNNING,
        intermediate_values=dict(zip(folds, mine.tolist(), strict=True)),
    )
    with warnings.catch_warnings():
        # Marked as experimental since 3.6; the versions are pinned.
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        pruner = optuna.pruners.WilcoxonPruner(p_threshold=P)
    lost: bool = pruner.prune(study, running)
    return lost
