"""Whether two ways of training the same configurations score alike.

Both have the same folds, so they are paired; what is left between them is another
backend's random numbers, as another training seed would be. Folds of a configuration
share rows, so the standard error is over configurations.
"""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from scipy.stats import t

RESOLVED = 0.01
"""An interval that reaches further from its middle shows no agreement: a configuration
is chosen for smaller differences of accuracy."""

Scores = Sequence[Sequence[float]]
"""Of each configuration the score of each fold."""


@dataclass(frozen=True)
class Difference:
    """The mean paired difference of scores, first minus second."""

    mean: float
    error: float
    """Its standard error over configurations."""
    low: float
    high: float
    """Its 95 % interval, by Student's t."""
    spread: float
    """Standard deviation of a configuration's difference."""
    configurations: int

    @property
    def holds_zero(self) -> bool:
        """Whether the 95 % interval holds zero."""
        return self.low <= 0.0 <= self.high

    @property
    def verdict(self) -> str:
        """Say whether the scores agree, or that the interval is too wide to say."""
        if not self.holds_zero:
            return "DIFFER"
        if self.high - self.low > 2 * RESOLVED:
            return "are too few to tell"
        return "agree within noise"


def difference(first: Scores, second: Scores) -> Difference:
    """Compare the scores of the same configurations on the same folds.

    Raises:
        ValueError: They are not paired, or there are fewer than two configurations.
    """
    of_each = [
        statistics.fmean(a - b for a, b in zip(x, y, strict=True))
        for x, y in zip(first, second, strict=True)
    ]
    n, mean = len(of_each), statistics.fmean(of_each)
    spread = statistics.stdev(of_each)
    error = spread / n**0.5
    half = float(t.ppf(0.975, n - 1)) * error
    return Difference(mean, error, mean - half, mean + half, spread, n)


def verdict(peer: Difference, seeds: Difference | None) -> str:
    """Say in a sentence or two whether both sides agree.

    Args:
        peer: Ours minus the peer's.
        seeds: Ours minus ours with another training seed.
    """
    text = (
        f"The scores {peer.verdict}: tunefold minus peer {peer.mean:+.4f}, "
        f"standard error {peer.error:.4f} over {peer.configurations} configurations, "
        f"95 % interval {peer.low:+.4f} to {peer.high:+.4f}; a configuration's "
        f"difference has the standard deviation {peer.spread:.4f}."
    )
    if seeds is None:
        return text
    return (
        f"{text} Another training seed alone, tunefold against itself on "
        f"{seeds.configurations} of them: {seeds.mean:+.4f} ± {seeds.error:.4f}, "
        f"standard deviation {seeds.spread:.4f}."
    )
