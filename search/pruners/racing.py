"""Racing of folds: a trial ends when its folds so far cannot win.

Folds differ in how hard they are: from each score the mean of the complete trials on
that fold is subtracted first.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from search.metrics import Metric
from search.numbers import write_score
from search.pruners.fold_table import FoldTable, signed_scores
from search.scoring import common_epoch
from search.types import Trial

FROM_TRIALS = 3
"""Complete trials from which on scores are adjusted: the mean of fewer says more about
the trials than about the fold."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Standing:
    """A running trial beside the best complete one; higher is better.

    Attributes:
        folds: Numbers of the folds it has finished, at least one and not all.
        mine: Its adjusted scores on them, float64 (n,).
        best: Adjusted scores of the best trial on all folds, float64 (n_folds,).
    """

    folds: Sequence[int]
    mine: NDArray[np.float64]
    best: NDArray[np.float64]


def worst_fold(standing: Standing) -> float:
    """Return the best trial's worst adjusted fold: what a forgiving race asks for.

    Source: Bergman, Purucker, Hutter 2024, Don't Waste Your Time: Early Stopping
    Cross-Validation, arXiv:2405.03389, section 3, there without adjustment.
    """
    return float(standing.best.min())


def mean_fold(standing: Standing) -> float:
    """Return the best trial's mean: what an aggressive race asks for; same source."""
    return float(standing.best.mean())


def _is_lost_by_ranks(standing: Standing) -> bool:
    from search.pruners.wilcoxon import is_lost_by_ranks  # Optuna only where it is used

    return is_lost_by_ranks(standing.folds, standing.mine, standing.best)


RULES: dict[str, tuple[str, Callable[[Standing], bool]]] = {
    "forgiving": (
        "its mean so far is no better than the worst fold",
        lambda it: float(it.mine.mean()) <= worst_fold(it),
    ),
    "aggressive": (
        "its mean so far is no better than the mean",
        lambda it: float(it.mine.mean()) <= mean_fold(it),
    ),
    "wilcoxon": ("its folds are worse by signed ranks than those", _is_lost_by_ranks),
}
"""When a trial has lost against the best one, in words and as a function."""


class Racing:
    """Stops a trial that has lost against the best complete one.

    Args:
        metric: The searched metric.
        epoch_rule: `best` or `last`, the study's.
        n_folds: Folds of a complete trial.
        rule: A name in `RULES`.
        by_size: Only a trial that is not larger may stop another: for a study that
            searches size, too.
    """

    def __init__(
        self,
        metric: Metric,
        *,
        epoch_rule: str,
        n_folds: int,
        rule: str,
        by_size: bool = False,
    ) -> None:
        self._metric = metric
        self._epoch_rule = epoch_rule
        self._n_folds = n_folds
        self._words, self._is_lost = RULES[rule]
        self._by_size = by_size
        self._tables: dict[int, FoldTable] = {}

    def stop_after(self, trial: Trial, known: Sequence[Trial]) -> str | None:
        """Say why the trial should end after its latest fold, or None."""
        if not 0 < len(trial.folds) < self._n_folds:
            return None
        table = self._table(trial.epochs)
        table.read(known)
        size = trial.folds[0].n_parameters if self._by_size else np.inf
        best = table.best(len(known), max_size=size)
        if best is None:
            return None
        ease = np.zeros(self._n_folds)
        if table.n_complete(len(known)) >= FROM_TRIALS:
            ease = table.mean_scores(len(known))
        folds = [fold.fold for fold in trial.folds]
        epoch = common_epoch(self._metric, trial.folds, self._epoch_rule)
        standing = Standing(
            folds=folds,
            mine=signed_scores(self._metric, trial, epoch) - ease[folds],
            best=table.scores(best) - ease,
        )
        if not self._is_lost(standing):
            return None
        # On the scale of the scores, as on a fold of average ease.
        so_far = self._metric.sign(float(standing.mine.mean() + ease.mean()))
        return (
            f"{self._metric.name} {write_score(so_far)} after {len(folds)} of "
            f"{self._n_folds} folds: {self._words} of trial {best}"
        )

    def _table(self, epochs: int) -> FoldTable:
        if epochs not in self._tables:
            self._tables[epochs] = FoldTable(
                self._metric, n_folds=self._n_folds, epochs=epochs
            )
        return self._tables[epochs]
