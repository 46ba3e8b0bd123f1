"""The wall clock of a study with a budget in minutes."""

import time
from bisect import insort

from search.types import Budget


class Clock:
    """Knows how much time is left and whether another trial fits in.

    Args:
        budget: Its `minutes` begin with the construction; None never ends.
    """

    def __init__(self, budget: Budget) -> None:
        self._end = (
            None if budget.minutes is None else time.monotonic() + 60 * budget.minutes
        )
        self._trial_seconds: list[float] = []  # ascending

    def seconds_left(self) -> float | None:
        """Return the seconds left, negative when it is over; None without limit."""
        return None if self._end is None else self._end - time.monotonic()

    def is_over(self) -> bool:
        """Say whether the time is spent."""
        return self._end is not None and time.monotonic() >= self._end

    def trial_took(self, seconds: float) -> None:
        """Take in how long a trial trained, in one slot."""
        insort(self._trial_seconds, seconds)

    def fits_a_trial(self) -> bool:
        """Say whether a trial of median length would end in time; at first, yes."""
        left = self.seconds_left()
        if left is None or not self._trial_seconds:
            return left is None or left > 0
        middle = len(self._trial_seconds) // 2
        low, high = self._trial_seconds[~middle], self._trial_seconds[middle]
        return left >= (low + high) / 2
