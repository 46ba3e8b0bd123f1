"""The difference of paired scores, and how sure it is.

Scores on overlapping splits are not independent: an ordinary t-test takes them for
more evidence than they are and finds differences where there are none. The corrected
one widens the variance by what the folds share.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from search.errors import SettingsError

LEVEL = 0.95
"""Of the intervals; tests are two-sided at the rest."""
POWER = 0.8
"""With which the smallest visible difference would have been found."""
MIN_TESTED = 10
"""Paired scores from which on there are p-values."""

Sizes = float | Sequence[float]
"""Rows of a part, of every fold alike or fold by fold."""


@dataclass(frozen=True, kw_only=True)
class Difference:
    """How scores differ from the reference's on the same folds.

    Attributes:
        n: Paired scores.
        mean: Mean of score minus reference, in the metric's unit.
        interval: 95 % interval of the mean, for this difference alone; None for a
            single pair.
        p_value: Two-sided, that there is no difference; None below `MIN_TESTED` pairs.
        smallest_visible: The difference, without sign, that a repetition would find
            with a power of 80 %, also if it had to pass Holm's strictest step: 5 %
            over the number of differences looked at. None for a single pair, and
            where all differences are equal and so say nothing of their spread.
        wilcoxon: Two-sided p-value of the signed rank test, not corrected for what
            the folds share; None below `MIN_TESTED` pairs.
        effect_size: d_z, the mean over the standard deviation of the differences; 0
            where no pair differs, infinite where all differ by the same, None for a
            single pair.
    """

    n: int
    mean: float
    interval: tuple[float, float] | None
    p_value: float | None
    smallest_visible: float | None
    wilcoxon: float | None
    effect_size: float | None


def paired_difference(
    reference: Sequence[float],
    scores: Sequence[float],
    *,
    n_train: Sizes,
    n_valid: Sizes,
    n_compared: int = 1,
) -> Difference:
    """Estimate the mean of scores minus reference and how sure it is.

    The variance of the mean of J differences d is their sample variance times
    1/J + n_valid/n_train (the mean of this ratio over folds), with J - 1 degrees of
    freedom. The smallest visible difference, in standard errors, is the noncentrality
    at which t exceeds its two-sided quantile of 5 % / n_compared in four of five cases.

    Args:
        reference: Scores of the reference, one per fold, higher or lower is better.
        scores: Scores of what is compared, on the same folds in the same order.
        n_train: Training rows per fold; or any measure in proportion.
        n_valid: Validation rows per fold, in the same measure.
        n_compared: Differences looked at together; only what is visible depends on it.

    Raises:
        SettingsError: The lists are empty or differ in length, or a score is not
            finite.

    Example:
        >>> d = paired_difference([0.5, 0.6], [0.4, 0.2], n_train=2, n_valid=1)
        >>> round(d.mean, 3), d.p_value
        (-0.25, None)

    Source: Nadeau and Bengio 2003, Machine Learning 52:239, section 5.1.2 (the
    corrected resampled t); Bouckaert and Frank 2004, PAKDD, for repeated k-fold;
    Bloom 1995, Evaluation Review 19:547 (minimum detectable effect); Wilcoxon 1945.
    """
    a, b = _checked(reference, scores)
    d = b - a
    n, mean = len(d), float(d.mean())
    # rounding alone is no spread: 0.9 - 0.8 and 0.8 - 0.7 differ in the 17th digit
    if np.ptp(d) <= 1e-12 * max(np.abs(a).max(), np.abs(b).max()):
        return _without_spread(n, 0.0 if np.array_equal(a, b) else mean)
    from scipy.special import nctdtrinc
    from scipy.stats import t

    std = float(d.std(ddof=1))
    ratio = float(np.mean(np.divide(n_valid, n_train)))
    error = std * math.sqrt(1 / n + ratio)
    reach = float(t.ppf((1 + LEVEL) / 2, n - 1))
    strictest = t.isf((1 - LEVEL) / 2 / n_compared, n - 1)
    return Difference(
        n=n,
        mean=mean,
        interval=(mean - reach * error, mean + reach * error),
        p_value=2 * float(t.sf(abs(mean) / error, n - 1)) if n >= MIN_TESTED else None,
        smallest_visible=float(nctdtrinc(n - 1, 1 - POWER, strictest)) * error,
        wilcoxon=_signed_rank(d),
        effect_size=mean / std,
    )


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjust p-values so that any false finding among all has at most their level.

    The smallest is multiplied by their number, the next by one less, and so on; none
    becomes smaller than the one before it, or larger than 1.

    Example:
        >>> [round(p, 3) for p in holm([0.04, 0.01, 0.03])]
        [0.06, 0.03, 0.06]

    Source: Holm 1979, Scandinavian Journal of Statistics 6:65.
    """
    adjusted = [0.0] * len(p_values)
    largest = 0.0
    for place, i in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        largest = max(largest, min(1.0, (len(p_values) - place) * p_values[i]))
        adjusted[i] = largest
    return adjusted


def _checked(
    reference: Sequence[float], scores: Sequence[float]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    a, b = (np.asarray(values, np.float64) for values in (reference, scores))
    if a.shape != b.shape or a.ndim != 1 or len(a) == 0:
        raise SettingsError(
            f"paired scores: need as many scores as the reference has, got {len(a)} "
            f"and {len(b)}; compare on the same folds"
        )
    wrong = np.flatnonzero(~np.isfinite(a) | ~np.isfinite(b))
    if len(wrong):
        place = int(wrong[0])
        raise SettingsError(
            f"paired scores: must be finite, got {a[place]:g} and {b[place]:g} at "
            f"place {place}; leave this comparison out"
        )
    return a, b


def _without_spread(n: int, mean: float) -> Difference:
    if n == 1:
        return Difference(
            n=1,
            mean=mean,
            interval=None,
            p_value=None,
            smallest_visible=None,
            wilcoxon=None,
            effect_size=None,
        )
    p_value = None
    if n >= MIN_TESTED:
        p_value = 1.0 if mean == 0 else 0.0
    return Difference(
        n=n,
        mean=mean,
        interval=(mean, mean),
        p_value=p_value,
        smallest_visible=None,
        wilcoxon=_signed_rank(np.full(n, mean)),
        effect_size=math.copysign(math.inf, mean) if mean else 0.0,
    )


def _signed_rank(d: NDArray[np.float64]) -> float | None:
    if len(d) < MIN_TESTED:
        return None
    if not d.any():
        return 1.0
    from scipy.stats import wilcoxon

    return float(wilcoxon(d).pvalue)
