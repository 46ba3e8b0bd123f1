"""What a rerun of one trial found, as text."""

from collections.abc import Mapping
from dataclasses import dataclass

from search.configuration import describe
from search.held_out import HeldOutReport, HeldOutScore
from search.numbers import write_score
from spaces.params import Scalar


@dataclass(frozen=True, kw_only=True)
class RerunReport(HeldOutReport):
    """What a rerun found; the model is that of the first seed.

    Attributes:
        trial: The trial's number.
        params: Its configuration.
        epochs: Epochs trained: the common epoch of cross-validation.
        cv_score: The searched metric in cross-validation.
        average_of_seeds: Test scores of the seeds' averaged predictions, by metric;
            empty for one seed.
        n_seeds: Trainings.
    """

    trial: int
    params: Mapping[str, Scalar]
    epochs: int
    cv_score: float
    average_of_seeds: Mapping[str, HeldOutScore]
    n_seeds: int

    def describe(self) -> str:
        """Return the report for a terminal."""
        first = next(iter(self.metrics))
        lines = [
            f"{self.study}, trial {self.trial}: {describe(self.params)}",
            f"trained on all {self.n_train:,} training rows for {self.epochs} epochs, "
            f"{self.n_seeds} seeds; {self.n_test:,} test rows",
            f"cross-validation {first} {write_score(self.cv_score)}",
            "",
            *self.describe_metrics(),
        ]
        for name, score in self.average_of_seeds.items():
            words = f"average of the {self.n_seeds} seeds' predictions"
            lines.append(f"{words}: {score.describe(name)}")
        return "\n".join([*lines, *self.describe_end(takes="prepared rows")])
