"""Which scores an axis shows: a few hopeless ones must not hide all others."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from search.metrics import Metric

MIN_SCORES = 8
"""Of fewer all are shown: nothing says which of them are the exceptions."""

STRETCH = 2.5
"""How many times as far from the best as three quarters of the scores an axis reaches:
what lies further out is at its edge. A choice of taste."""


@dataclass(frozen=True, kw_only=True)
class Frame:
    """The range of an axis of scores.

    Attributes:
        low: Its lower end.
        high: Its upper end.
        n_beyond: Scores that are worse than it shows.
        worse: Which end they lie at, `low` or `high`.
    """

    low: float
    high: float
    n_beyond: int
    worse: str

    def clip(self, score: float) -> float:
        """Return the score, or the end of the axis that it lies beyond."""
        return min(max(score, self.low), self.high)

    @property
    def remark(self) -> str:
        """Say in a sentence what is not shown in its place; empty for nothing."""
        if not self.n_beyond:
            return ""
        trials = "trial is" if self.n_beyond == 1 else "trials are"
        return f" {self.n_beyond} {trials} worse than the axis shows."


def frame(metric: Metric, scores: Sequence[float]) -> Frame:
    """Return the range that shows the best three quarters well.

    Args:
        metric: Which direction is better.
        scores: At least one, finite.
    """
    losses = np.sort([-metric.sign(score) for score in scores])
    best, worst = losses[0], losses[-1]
    reach = best + STRETCH * (losses[int(0.75 * (len(losses) - 1))] - best)
    end = worst if len(losses) < MIN_SCORES or reach <= best else min(worst, reach)
    margin = 0.06 * ((end - best) or abs(best) or 1.0)
    n_beyond = int((losses > end + margin).sum())
    ends = (best - margin, end + margin)
    low, high = sorted(-metric.sign(float(value)) for value in ends)
    return Frame(
        low=low,
        high=high,
        n_beyond=n_beyond,
        worse="low" if metric.greater_is_better else "high",
    )
