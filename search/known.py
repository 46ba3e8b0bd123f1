"""What a decision may know: a beginning of a study's trials, and the best in it.

Decisions about a trial depend on the trials that its proposal knew, those below some
number. Views and running optima answer for each beginning without reading it again.
"""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from typing import Generic, TypeVar, overload

from search.types import Trial, TrialState
from spaces.params import Scalar

Item = TypeVar("Item")


class Known(Sequence[Trial]):
    """The trials numbered below some number, as a view.

    Args:
        trials: All trials by number, without a gap.
        n: How many of them, from number 0; these have ended.

    Example:
        >>> len(Known({}, 0)[:3])
        0
    """

    def __init__(self, trials: Mapping[int, Trial], n: int) -> None:
        self._trials = trials
        self._numbers = range(n)

    def __len__(self) -> int:
        return len(self._numbers)

    @overload
    def __getitem__(self, place: int) -> Trial: ...
    @overload
    def __getitem__(self, place: slice) -> list[Trial]: ...
    def __getitem__(self, place: int | slice) -> Trial | list[Trial]:
        if isinstance(place, slice):
            return [self._trials[number] for number in self._numbers[place]]
        return self._trials[self._numbers[place]]


class RunningBest(Generic[Item]):
    """The best item of every beginning of a list, the earliest on ties.

    Example:
        >>> best = RunningBest()
        >>> for place, word in enumerate(["an", "ape", "is", "here"]):
        ...     best.offer(place, len(word), word)
        >>> [best.before(n) for n in range(5)]
        [None, 'an', 'ape', 'ape', 'here']
    """

    def __init__(self) -> None:
        self._places: list[int] = []
        self._items: list[Item] = []
        self._value = float("-inf")

    def offer(self, place: int, value: float, item: Item) -> None:
        """Take in the item at a place of the list; places only grow."""
        if value > self._value:
            self._places.append(place)
            self._items.append(item)
            self._value = value

    def before(self, n: int) -> Item | None:
        """Return the best of the first `n` places, None where nothing was offered."""
        found = bisect_left(self._places, n)
        return self._items[found - 1] if found else None


class Repeats:
    """Finds complete trials with equal parameters and epochs: equal scores."""

    def __init__(self) -> None:
        self._first: dict[tuple[frozenset[tuple[str, Scalar]], int], int] = {}

    def take_in(self, trial: Trial) -> None:
        """Keep an ended trial's number, the lowest of its kind."""
        if trial.state is TrialState.COMPLETE:
            first = self._first.get(self._kind(trial), trial.number)
            self._first[self._kind(trial)] = min(first, trial.number)

    def find(self, trial: Trial, n: int) -> int | None:
        """Return the number of one like it among those below `n`, None without any."""
        first = self._first.get(self._kind(trial))
        return first if first is not None and first < n else None

    @staticmethod
    def _kind(trial: Trial) -> tuple[frozenset[tuple[str, Scalar]], int]:
        return frozenset(trial.params.items()), trial.epochs
