"""Compare scores measured on the same folds, several at once, in plain sentences."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from search.metrics import Metric
from search.paired import LEVEL, Difference, Sizes, holm, paired_difference

NOT_DECIDED = (
    "'not decided' is not 'no effect': a true difference below the smallest visible "
    "one is likely to be missed"
)


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """One difference among all that were looked at together.

    Attributes:
        name: What is compared.
        reference: What it is compared with.
        metric: What was measured.
        difference: `name` minus `reference`.
        p_adjusted: The p-value after Holm; None where there is none.
        wilcoxon_adjusted: That of the signed rank test, likewise.
        n_compared: Differences looked at together, this one included.
    """

    name: str
    reference: str
    metric: Metric
    difference: Difference
    p_adjusted: float | None
    wilcoxon_adjusted: float | None
    n_compared: int

    @property
    def verdict(self) -> str:
        """`better` or `worse` where Holm's p-value is below 5 %, else `not decided`.

        `no test` where the scores are too few for a p-value although the interval
        leaves zero out.
        """
        if self.p_adjusted is None:
            return "no test" if self._leaves_zero_out else "not decided"
        if self.p_adjusted >= 1 - LEVEL:
            return "not decided"
        return "better" if self.metric.sign(self.difference.mean) > 0 else "worse"

    @property
    def sentence(self) -> str:
        """Say in one sentence what was found and how surely."""
        d = self.difference
        if d.interval is None:
            return (
                f"not decided: {self._signed()}; a single pair of scores says nothing "
                "of its spread"
            )
        if d.mean == 0 and d.effect_size == 0 and d.smallest_visible is None:
            return f"not decided: {self.name} and {self.reference} have equal scores"
        if self.verdict == "not decided":
            return (
                f"not decided: {self._signed()} (95 % interval {write_interval(d)}), "
                f"{self._evidence()}{self._visible()}"
            )
        verb = "raises" if d.mean > 0 else "lowers"
        low, mean, high = (
            f"{value:.{decimals(d)}f}"
            for value in sorted(map(abs, (*d.interval, d.mean)))
        )
        found = (
            f"{self.name} {verb} {self.metric.name} by {mean} (95 % interval {low} to "
            f"{high}) against {self.reference}, {self._evidence()}"
        )
        return found + (self._visible() if d.p_value is None else f": {self.verdict}")

    @property
    def plain(self) -> dict[str, Any]:
        """Return all of it but the names, as plain data."""
        return {
            **vars(self.difference),
            "p_holm": self.p_adjusted,
            "wilcoxon_holm": self.wilcoxon_adjusted,
            "verdict": self.verdict,
            "sentence": self.sentence,
        }

    @property
    def _leaves_zero_out(self) -> bool:
        interval = self.difference.interval
        return interval is not None and (interval[0] > 0 or interval[1] < 0)

    def _signed(self) -> str:
        d = self.difference
        return (
            f"{self.metric.name} of {self.name} minus {self.reference} is "
            f"{d.mean:+.{decimals(d)}f}"
        )

    def _evidence(self) -> str:
        if self.p_adjusted is None:
            return f"{self.difference.n} paired scores, too few for a p-value"
        p = write_p(self.p_adjusted)
        words = f"p {p}" if p.startswith("<") else f"p = {p}"
        if self.n_compared == 1:
            return words
        return f"{words} after Holm over {self.n_compared} comparisons"

    def _visible(self) -> str:
        d = self.difference
        if d.smallest_visible is None:
            return ""
        return f"; this design could have seen {d.smallest_visible:.{decimals(d)}f}"


def compare_all(
    reference_scores: Sequence[float],
    scores: Mapping[str, Sequence[float]],
    metric: Metric,
    *,
    n_train: Sizes,
    n_valid: Sizes,
    reference: str = "baseline",
) -> list[Comparison]:
    """Compare several with one reference; Holm's correction is over all of them.

    Args:
        reference_scores: Of the reference, one per fold.
        scores: One list per name, on the same folds in the same order.
        metric: What was measured.
        n_train: Training rows per fold.
        n_valid: Validation rows per fold.
        reference: The reference's name in sentences.

    Returns:
        One comparison per name, in the order given.

    Raises:
        SettingsError: Lists differ in length, or a score is not finite.
    """
    everything = {reference: reference_scores, **scores}
    pairs = [(reference, name) for name in scores]
    return compare_pairs(pairs, everything, metric, n_train=n_train, n_valid=n_valid)


def compare_pairs(
    pairs: Sequence[tuple[str, str]],
    scores: Mapping[str, Sequence[float]],
    metric: Metric,
    *,
    n_train: Sizes,
    n_valid: Sizes,
) -> list[Comparison]:
    """Compare the given pairs; Holm's correction is over all of them.

    Args:
        pairs: Names of a reference and of what is compared with it.
        scores: One list per name, on the same folds in the same order.
        metric: What was measured.
        n_train: Training rows per fold.
        n_valid: Validation rows per fold.

    Raises:
        SettingsError: Lists differ in length, or a score is not finite.
    """
    differences = [
        paired_difference(
            scores[reference],
            scores[name],
            n_train=n_train,
            n_valid=n_valid,
            n_compared=len(pairs),
        )
        for reference, name in pairs
    ]
    p_values = _adjusted([d.p_value for d in differences])
    ranked = _adjusted([d.wilcoxon for d in differences])
    return [
        Comparison(
            name=name,
            reference=reference,
            metric=metric,
            difference=difference,
            p_adjusted=p_values[place],
            wilcoxon_adjusted=ranked[place],
            n_compared=len(pairs),
        )
        for place, ((reference, name), difference) in enumerate(
            zip(pairs, differences, strict=True)
        )
    ]


def _adjusted(p_values: Sequence[float | None]) -> Sequence[float | None]:
    """Return them after Holm; all are of as many scores, so all are None or none is."""
    return holm([p for p in p_values if p is not None]) or p_values


def write_p(p: float) -> str:
    """Write a p-value; below .0001 its size says nothing more.

    Example:
        >>> write_p(0.0314), write_p(1e-9)
        ('0.031', '< 0.0001')
    """
    return "< 0.0001" if p < 0.0001 else f"{p:.2g}"


def decimals(difference: Difference) -> int:
    """Return the decimals that show two digits of the interval's half width.

    Four where there is no width, and never below none.

    Example:
        >>> decimals(paired_difference([0.5, 0.6], [0.4, 0.2], n_train=2, n_valid=1))
        1
    """
    if difference.interval is None:
        return 4
    half = (difference.interval[1] - difference.interval[0]) / 2
    return max(0, 1 - math.floor(math.log10(half))) if half > 0 else 4


def write_interval(difference: Difference) -> str:
    """Write the interval with its signs; empty where there is none."""
    if difference.interval is None:
        return ""
    places = decimals(difference)
    low, high = (f"{end:+.{places}f}" for end in difference.interval)
    return f"{low} to {high}"
