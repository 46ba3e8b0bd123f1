"""A curve in a few characters."""

import math
from collections.abc import Sequence

BARS = "▁▂▃▄▅▆▇█"


def sparkline(values: Sequence[float], *, epochs: int, width: int) -> str:
    """Draw a curve over all epochs a fold is to have; missing ones are left empty.

    The lowest value of the curve is the lowest bar, the highest the highest: it shows
    the curve's shape, and says nothing of how it compares with others.

    Args:
        values: One per epoch, not more than `epochs`; what is not finite is a gap.
        epochs: Epochs of the whole curve.
        width: Characters at most; several epochs then share one, by their mean.

    Example:
        >>> sparkline([0.1, 0.5, 0.8, 0.9, 0.9], epochs=8, width=20)
        '▁▅▇██'
        >>> sparkline(range(40), epochs=40, width=8)
        '▁▂▃▄▅▆▇█'
    """
    columns = min(width, epochs)
    means = []
    for column in range(columns):
        first, end = (epochs * edge // columns for edge in (column, column + 1))
        if first >= len(values):
            break
        finite = [value for value in values[first:end] if math.isfinite(value)]
        means.append(sum(finite) / len(finite) if finite else math.nan)
    known = [mean for mean in means if not math.isnan(mean)]
    low, high = min(known, default=0.0), max(known, default=0.0)
    return "".join(_bar(mean, low, high) for mean in means)


def _bar(mean: float, low: float, high: float) -> str:
    if math.isnan(mean):
        return " "
    if low == high:
        return BARS[len(BARS) // 2]
    return BARS[round((mean - low) / (high - low) * (len(BARS) - 1))]
