"""What the figures of a study are made from."""

from collections.abc import Sequence
from dataclasses import dataclass

from search.metrics import METRICS, Metric
from search.numbers import with_unit
from search.out_of_fold import OutOfFold
from search.scoring import rank
from search.types import Settings, Trial


@dataclass(frozen=True, kw_only=True)
class Material:
    """A study, finished or not.

    Attributes:
        settings: The study's.
        trials: As far as they got, in the order of their numbers.
        predictions: Out-of-fold predictions of the best trial; None where they are
            not stored.
        classes: Names of the classes; empty where they are not known, and for a
            regression.
        winner: What the best trial's score is worth, in words; empty for nothing.
    """

    settings: Settings
    trials: Sequence[Trial]
    predictions: OutOfFold | None = None
    classes: Sequence[str] = ()
    winner: str = ""

    @property
    def metric(self) -> Metric:
        """The searched metric."""
        return METRICS[self.settings.metrics[0]]

    @property
    def score_label(self) -> str:
        """What stands at an axis of scores: metric, unit, direction."""
        name = with_unit(self.metric.name.replace("_", " "), self.settings.unit)
        better = "higher" if self.metric.greater_is_better else "lower"
        return f"{name}, {better} is better"

    @property
    def scored(self) -> list[Trial]:
        """Complete trials by number; those at fewer epochs have another score."""
        return sorted(rank(self.metric, self.trials), key=lambda trial: trial.number)

    @property
    def ranked(self) -> list[Trial]:
        """Complete trials, the best first."""
        return rank(self.metric, self.trials)
