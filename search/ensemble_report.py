"""What a rerun of an ensemble found, as text."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from search.configuration import describe
from search.held_out import HeldOutReport, HeldOutScore
from search.numbers import write_score
from spaces.params import Scalar


@dataclass(frozen=True, kw_only=True)
class MemberReport:
    """A member by itself.

    Attributes:
        trial: The trial's number.
        weight: Its share of the mean.
        params: Its configuration.
        epochs: Epochs trained: its common epoch of cross-validation.
        cv_score: The searched metric in cross-validation.
        metrics: Test scores by metric, the searched one first.
    """

    trial: int
    weight: float
    params: Mapping[str, Scalar]
    epochs: int
    cv_score: float
    metrics: Mapping[str, HeldOutScore]


@dataclass(frozen=True, kw_only=True)
class EnsembleReport(HeldOutReport):
    """What a rerun of an ensemble found; scores and model are the weighted mean's.

    Attributes:
        members: The heaviest first.
        cv_score: The searched metric of the ensemble, cross-fitted; None where nothing
            is.
        cv_single: The same of the single best.
        conclusion: Whether the ensemble beats the single best, in cross-validation.
    """

    members: Sequence[MemberReport]
    cv_score: float | None
    cv_single: float | None
    conclusion: str

    def describe(self) -> str:
        """Return the report for a terminal."""
        first = next(iter(self.metrics))
        lines = [f"{self.study}, ensemble of {len(self.members)}:"]
        lines += [
            f"  {member.weight:.2f} x trial {member.trial}, {member.epochs} epochs: "
            f"{describe(member.params)}"
            for member in self.members
        ]
        lines.append(
            f"trained on all {self.n_train:,} training rows, once each; "
            f"{self.n_test:,} test rows"
        )
        if self.cv_score is not None and self.cv_single is not None:
            lines.append(
                f"cross-validation {first} {write_score(self.cv_score)}, of the single "
                f"best {write_score(self.cv_single)}"
            )
        lines += [self.conclusion, "", *self.describe_metrics()]
        for member in self.members:
            scores = ", ".join(
                f"{name} {write_score(score.mean)}"
                for name, score in member.metrics.items()
            )
            lines.append(f"trial {member.trial} alone: {scores}")
        takes = f"rows as trial {self.members[0].trial} prepares them"
        return "\n".join([*lines, *self.describe_end(takes=takes)])
