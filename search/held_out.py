"""Scores on test rows, and what every report of them says."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.part import Part
from search.intervals import score_interval
from search.metrics import METRICS
from search.numbers import write_score


@dataclass(frozen=True, kw_only=True)
class HeldOutScore:
    """One metric on the test rows.

    Attributes:
        mean: Over seeds.
        seed_std: Standard deviation over seeds (n - 1): what another training run
            would change; NaN for one seed.
        interval: Method of the interval over test rows.
        low: Lower end of the 95 % interval over test rows: what another sample of
            test rows would change.
        high: Upper end.
        unseen_mean: Over seeds, without the test rows that also occur in training;
            NaN when all of them do.
    """

    mean: float
    seed_std: float
    interval: str
    low: float
    high: float
    unseen_mean: float

    def describe(self, name: str) -> str:
        """Return one line for a terminal."""
        spread = ""
        if not math.isnan(self.seed_std):
            spread = f" ±{write_score(self.seed_std, like=self.mean)} (seeds)"
        low, high = (write_score(end) for end in (self.low, self.high))
        return (
            f"test {name} {write_score(self.mean)}{spread}, 95 % interval over test "
            f"rows {low} to {high} ({self.interval})"
        )


@dataclass(frozen=True, kw_only=True)
class HeldOutReport:
    """What is known once the test set was opened.

    Attributes:
        study: The study's name.
        metrics: Test scores by metric, the searched one first.
        n_train: Training rows.
        n_test: Test rows.
        n_repeated: Test rows that also occur among the training rows, its own or those
            of the run it began with.
        look: How many times this test set has been opened in this store.
        run_id: The rerun's run.
        model: Address of the logged model.
        differences: What has changed since the search, one line each.
    """

    study: str
    metrics: Mapping[str, HeldOutScore]
    n_train: int
    n_test: int
    n_repeated: int
    look: int
    run_id: str
    model: str
    differences: Sequence[str]

    def describe_metrics(self) -> list[str]:
        """Return a line for each metric."""
        return [score.describe(name) for name, score in self.metrics.items()]

    def describe_end(self, *, takes: str) -> list[str]:
        """Return the last lines: what limits the scores, and where the model is.

        Args:
            takes: Which rows the model takes.
        """
        advice = (
            "" if self.look == 1 else ": choose by cross-validation, report the first"
        )
        return [
            *self._describe_repeated(),
            "",
            f"look {self.look} at this test set{advice if self.look > 1 else ''}",
            *(f"since the search: {line}" for line in self.differences),
            f"run {self.run_id}",
            f'model: mlflow.keras.load_model("{self.model}") (takes {takes})',
        ]

    def _describe_repeated(self) -> list[str]:
        if self.n_repeated == 0:
            return []
        if self.n_repeated == self.n_test:
            return ["all test rows also occur among the training rows"]
        unseen = ", ".join(
            f"{name} {write_score(score.unseen_mean)}"
            for name, score in self.metrics.items()
        )
        return [
            f"{self.n_repeated} test rows also occur among the training rows; without "
            f"them: {unseen}"
        ]


def score_on_test(
    name: str,
    y: NDArray[Any],
    predictions: Sequence[NDArray[np.float32]],
    unseen: NDArray[np.bool_],
) -> HeldOutScore:
    """Score the predictions of several trainings on the same test rows.

    Args:
        name: The metric.
        y: Test targets, (n,).
        predictions: One array per training, (n, n_outputs) or (n,).
        unseen: Which test rows do not occur in training, bool (n,).
    """
    metric = METRICS[name]
    scores = [metric.function(y, p) for p in predictions]
    method, low, high = score_interval(metric, y, predictions)
    without = [math.nan]
    if unseen.any():
        without = [metric.function(y[unseen], p[unseen]) for p in predictions]
    return HeldOutScore(
        mean=float(np.mean(scores)),
        seed_std=float(np.std(scores, ddof=1)) if len(scores) > 1 else math.nan,
        interval=method,
        low=low,
        high=high,
        unseen_mean=float(np.mean(without)),
    )


def repeated_rows(train: Part, test: Part) -> NDArray[np.bool_]:
    """Say for each test row whether its inputs also occur in training, bool (n,)."""
    seen = {row.tobytes() for row in np.ascontiguousarray(train.X)}
    rows = np.ascontiguousarray(test.X)
    return np.array([row.tobytes() in seen for row in rows], dtype=np.bool_)
