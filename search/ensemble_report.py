"""What a rerun of an ensemble found, as text."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from search.configuration import describe
from search.numbers import write_score
from search.rerun_report import HeldOutScore, describe_look, describe_repeated
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
class EnsembleReport:
    """What a rerun of an ensemble found.

    Attributes:
        study: The study's name.
        members: The heaviest first.
        cv_score: The searched metric of the ensemble, cross-fitted; None where nothing
            is.
        cv_single: The same of the single best.
        conclusion: Whether the ensemble beats the single best, in cross-validation.
        metrics: Test scores of the members' weighted mean, the searched one first.
        n_train: Training rows.
        n_test: Test rows.
        n_repeated: Test rows that also occur among the training rows, its own or those
            of the run it began with.
        look: How many times this test set has been opened in this store.
        run_id: The rerun's run.
        model: Address of the logged model of all members.
        differences: What has changed since the search, one line each.
    """

    study: str
    members: Sequence[MemberReport]
    cv_score: float | None
    cv_single: float | None
    conclusion: str
    metrics: Mapping[str, HeldOutScore]
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
        lines += [self.conclusion, ""]
        lines += [score.describe(name) for name, score in self.metrics.items()]
        for member in self.members:
            scores = ", ".join(
                f"{name} {write_score(score.mean)}"
                for name, score in member.metrics.items()
            )
            lines.append(f"trial {member.trial} alone: {scores}")
        lines += describe_repeated(self.metrics, self.n_repeated, n_test=self.n_test)
        lines += ["", describe_look(self.look)]
        lines += [f"since the search: {line}" for line in self.differences]
        lines += [
            f"run {self.run_id}",
            f'model: mlflow.keras.load_model("{self.model}") (takes rows as trial '
            f"{self.members[0].trial} prepares them)",
        ]
        return "\n".join(lines)
