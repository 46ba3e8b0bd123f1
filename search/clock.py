"""The wall clock of a study with a budget in minutes."""

import statistics
import time

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
        self._trial_seconds: list[float] = []

    def seconds_left(self) -> float | None:
        """Return the seconds left, negative when it is over; None without limit."""
        return None if self._end is None else self._end - time.monotonic()

    def is_over(self) -> bool:
        """Say whether the time is spent."""
        return self._end is not None and time.monotonic() >= self._end

    def trial_took(self, seconds: float) -> None:
        """Take in how long a trial trained, in one slot."""
        self._trial_seconds.append(seconds)

    def fits_a_trial(self) -> bool:
        """Say whether a trial of median length would end in time; at first, yes."""
        left = self.seconds_left()
        if left is None or not self._trial_seconds:
            return left is None or left > 0
        return left >= statistics.median(self._trial_seconds)
