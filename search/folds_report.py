"""What a rerun of a trial's folds found, as text."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from search.configuration import describe
from search.held_out import HeldOutReport
from search.numbers import write_score
from spaces.params import Scalar


@dataclass(frozen=True, kw_only=True)
class FoldsReport(HeldOutReport):
    """What a rerun of folds found; scores and model are those of the networks' mean.

    Attributes:
        trial: The trial's number.
        params: Its configuration.
        epochs: Epochs trained: the common epoch of cross-validation.
        cv: The splitter in words.
        cv_score: The searched metric in cross-validation, of the networks one by one.
        n_rows: Training rows of each fold's network.
        alone: Test scores of each fold's network, by metric.
    """

    trial: int
    params: Mapping[str, Scalar]
    epochs: int
    cv: str
    cv_score: float
    n_rows: Sequence[int]
    alone: Mapping[str, Sequence[float]]

    def describe(self) -> str:
        """Return the report for a terminal."""
        first, n = next(iter(self.metrics)), len(self.n_rows)
        low, high = min(self.n_rows), max(self.n_rows)
        rows = f"{low:,}" if low == high else f"{low:,} to {high:,}"
        lines = [
            f"{self.study}, trial {self.trial}, average of the networks of its {n} "
            f"folds: {describe(self.params)}",
            f"each trained on its fold's rows, {rows} of the {self.n_train:,} training "
            f"rows, for {self.epochs} epochs; {self.n_test:,} test rows",
            f"cross-validation ({self.cv}) {first} {write_score(self.cv_score)}, of "
            "the networks one by one; their average has no such score",
            "",
            *self.describe_metrics(),
        ]
        for name, scores in self.alone.items():
            mean, spread = float(np.mean(scores)), float(np.std(scores, ddof=1))
            lines.append(
                f"the {n} networks alone: test {name} {write_score(mean)} "
                f"±{write_score(spread, like=mean)} (folds)"
            )
        takes = "rows as the network of fold 0 prepares them"
        return "\n".join([*lines, *self.describe_end(takes=takes)])
