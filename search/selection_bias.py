"""How much the best of many scores flatters, by bootstrap and by folds.

Who picks the best of 40 noisy scores picks the luckiest one, too. Nothing here trains:
the bootstrap needs the out-of-fold predictions, the others the scores of folds.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from search.metrics import Metric
from search.weighted_scores import weighted_scores

RESAMPLES = 1000
_BLOCK = 100  # of resamples at a time, for the memory

Array = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, eq=False)
class Bootstrap:
    """What a search over resampled rows or groups found.

    Attributes:
        plain: Score of each trial on all rows, float64 (m,).
        left_out: Of each resample, the score of the trial that was best in it, on the
            rows that it left out, float64 (b,).
        chosen: That trial's place, int64 (b,).
    """

    plain: Array
    left_out: Array
    chosen: NDArray[np.int64]


def bootstrap(
    metric: Metric,
    *,
    units: NDArray[np.int64],
    y: NDArray[Any],
    values: NDArray[np.float32],
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Bootstrap:
    """Choose the best trial on resampled rows, and score it on those left out.

    Units are drawn with replacement: groups where a study keeps them together, for a
    row would tell of its left-out twin, and rows otherwise. A unit is drawn or left
    out with all its predictions, also those of a row that was validated several times
    (repeated and Monte Carlo cross-validation).

    Args:
        metric: The searched one.
        units: Number of each prediction's unit, int64 (n,).
        y: Targets, (n,).
        values: `weighted_scores.row_values` of each trial, float32 (m, n).
        resamples: How many.
        seed: Of the draws.

    Source: Tsamardinos, Greasidou, Borboudakis 2018, Machine Learning 107:1895,
    algorithm 2 (BBC-CV).
    """
    names, places = np.unique(units, return_inverse=True)
    n_units = len(names)
    rng = np.random.default_rng(seed)
    left_out, chosen = [], []
    for start in range(0, resamples, _BLOCK):
        counts = np.stack(
            [
                np.bincount(rng.integers(0, n_units, n_units), minlength=n_units)
                for _ in range(min(_BLOCK, resamples - start))
            ]
        )
        drawn = counts.astype(np.float32)[:, places]
        best = _best(metric, weighted_scores(metric, y, values, drawn))
        apart = weighted_scores(metric, y, values, (drawn == 0).astype(np.float32))
        left_out.append(apart[np.arange(len(best)), best])
        chosen.append(best)
    scores, best_of = np.concatenate(left_out), np.concatenate(chosen)
    # Of a handful of units none may be left out.
    known = np.isfinite(scores)
    everything = np.ones((1, len(units)), np.float32)
    return Bootstrap(
        plain=weighted_scores(metric, y, values, everything)[0],
        left_out=scores[known],
        chosen=best_of[known],
    )


def tibshirani_bias(metric: Metric, curves: Sequence[Array]) -> float:
    """Estimate by how much the best score flatters, from scores of folds alone.

    The mean over folds of a fold's own best score minus its score of the chosen one.
    What is chosen is a trial and its epoch. It is larger than the truth where folds
    are small beside what they differ by, and needs two folds.

    Args:
        metric: The searched one.
        curves: Validation scores of each trial, (folds, epochs) as far as they were
            candidates: one epoch only where the last one counts.

    Returns:
        Not negative, in the metric's unit; it makes a score worse, so it is
        subtracted where higher is better and added where lower is.

    Source: Tibshirani and Tibshirani 2009, Annals of Applied Statistics 3:822,
    equation 5.
    """
    signed = np.concatenate([metric.sign(1.0) * curve for curve in curves], axis=1)
    chosen = signed[:, signed.mean(axis=0).argmax()]
    return float((signed.max(axis=1) - chosen).mean())


def epoch_bias(metric: Metric, curve: Array, repeats: Sequence[int]) -> float:
    """Estimate by how much a trial's best epoch flatters its score.

    Each fold is scored at the epoch that is best for the other folds, and at the one
    that is best for all; the mean difference. Folds of another repetition hold the
    same rows and are not asked. Where validation parts overlap otherwise (Monte Carlo)
    it is a little too small.

    Args:
        metric: The searched one.
        curve: Validation scores, float64 (folds, epochs).
        repeats: To which repetition each fold belongs.

    Returns:
        In the metric's unit, above 0 where the best epoch flatters; 0 for a single
        fold or epoch, of which nothing can be told.
    """
    signed = metric.sign(1.0) * curve
    differences: list[float] = []
    for repeat in sorted(set(repeats)):
        folds = signed[np.asarray(repeats) == repeat]
        if len(folds) < 2:
            continue
        best = folds.mean(axis=0).argmax()
        by_others = (folds.sum(axis=0) - folds).argmax(axis=1)
        differences += [*(folds[:, best] - folds[np.arange(len(folds)), by_others])]
    return float(np.mean(differences)) if differences else 0.0


def _best(metric: Metric, scores: Array) -> NDArray[np.int64]:
    """Return the place of the best of each line, the first on ties."""
    best: NDArray[np.int64] = (metric.sign(1.0) * scores).argmax(axis=1)
    return best
