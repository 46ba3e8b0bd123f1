"""What a rerun found: test scores with two spreads named apart, as text."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.part import Part
from search.configuration import describe
from search.intervals import score_interval
from search.metrics import METRICS
from search.numbers import write_score
from spaces.params import Scalar


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
class RerunReport:
    """What a rerun found.

    Attributes:
        study: The study's name.
        trial: The trial's number.
        params: Its configuration.
        epochs: Epochs trained: the common epoch of cross-validation.
        cv_score: The searched metric in cross-validation.
        metrics: Test scores by metric, the searched one first.
        average_of_seeds: Test scores of the seeds' averaged predictions, by metric;
            empty for one seed.
        n_seeds: Trainings.
        n_train: Training rows.
        n_test: Test rows.
        n_repeated: Test rows that also occur among the training rows, its own or those
            of the run it began with.
        look: How many times this test set has been opened in this store.
        run_id: The rerun's run.
        model: Address of the logged model of the first seed.
        differences: What has changed since the search, one line each.
    """

    study: str
    trial: int
    params: Mapping[str, Scalar]
    epochs: int
    cv_score: float
    metrics: Mapping[str, HeldOutScore]
    average_of_seeds: Mapping[str, HeldOutScore]
    n_seeds: int
    n_train: int
    n_test: int
    n_repeated: int
    look: int
    run_id: str
    model: str
    differences: Sequence[str]

    def describe(self) -> str:
        """Return the report for a terminal."""
        first = next(iter(self.metrics))
        lines = [
            f"{self.study}, trial {self.trial}: {describe(self.params)}",
            f"trained on all {self.n_train:,} training rows for {self.epochs} epochs, "
            f"{self.n_seeds} seeds; {self.n_test:,} test rows",
            f"cross-validation {first} {write_score(self.cv_score)}",
            "",
        ]
        lines += [score.describe(name) for name, score in self.metrics.items()]
        for name, score in self.average_of_seeds.items():
            words = f"average of the {self.n_seeds} seeds' predictions"
            lines.append(f"{words}: {score.describe(name)}")
        lines += describe_repeated(self.metrics, self.n_repeated, n_test=self.n_test)
        lines += ["", describe_look(self.look)]
        lines += [f"since the search: {line}" for line in self.differences]
        lines += [
            f"run {self.run_id}",
            f'model: mlflow.keras.load_model("{self.model}") (takes prepared rows)',
        ]
        return "\n".join(lines)


def describe_repeated(
    metrics: Mapping[str, HeldOutScore], n_repeated: int, *, n_test: int
) -> list[str]:
    """Say, where test rows also occur in training, how the others are scored."""
    if n_repeated == 0:
        return []
    if n_repeated == n_test:
        return ["all test rows also occur among the training rows"]
    unseen = ", ".join(
        f"{name} {write_score(score.unseen_mean)}" for name, score in metrics.items()
    )
    return [
        f"{n_repeated} test rows also occur among the training rows; without them: "
        f"{unseen}"
    ]


def describe_look(look: int) -> str:
    """Say how often the test set was opened, and what that means."""
    advice = "" if look == 1 else ": choose by cross-validation, report the first"
    return f"look {look} at this test set{advice}"


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
