"""The reference engine: independent random points, or every point of a grid."""

import random
from collections.abc import Iterator

from search.seeding import derive_seed
from search.types import Done, Suggestion, Trial, Wait
from spaces.params import Scalar
from spaces.space import Params, SearchSpace


class RandomEngine:
    """Draws each point from the space by a generator seeded with its number.

    Args:
        space: Where points are drawn from.
        seed: Seed of the study; 0 is a seed like any other.
        sampler: `random`.
    """

    def __init__(self, space: SearchSpace, *, seed: int, sampler: str) -> None:  # noqa: ARG002
        self._space = space
        self._seed = seed

    def ask(self, number: int) -> Suggestion | Wait | Done:
        """Draw the point of this number; see `search.protocols.Engine`."""
        rng = random.Random(derive_seed(self._seed, "random", number))
        return Suggestion(number, self._space.sample(rng))

    def tell(self, trial: Trial) -> None:
        """Learn nothing."""


class GridEngine:
    """Proposes every point of the space once, in the order of `SearchSpace.grid`.

    Points that another engine had evaluated are passed over.

    Args:
        space: No parameter may be a continuous range.
        points: The same points in the order of another grid; None for our own.

    Raises:
        SpaceError: A parameter is one; the message names it.
    """

    def __init__(
        self, space: SearchSpace, points: Iterator[Params] | None = None
    ) -> None:
        next(space.grid())  # refuses a continuous range before anything is written
        self._space = space
        self._points = points or space.grid()
        self._asked: dict[int, Params] = {}
        self._told: set[tuple[tuple[str, Scalar], ...]] = set()

    def ask(self, number: int) -> Suggestion | Wait | Done:
        """Return the next point that nobody told of, or say that there is none left."""
        if number not in self._asked:
            new = (p for p in self._points if tuple(p.items()) not in self._told)
            point = next(new, None)
            if point is None:
                size = sum(1 for _ in self._space.grid())
                return Done(f"all {size} points of the grid are asked")
            self._asked[number] = point
        return Suggestion(number, self._asked[number])

    def tell(self, trial: Trial) -> None:
        """Remember the point: in a study of another engine some are known already."""
        self._told.add(tuple(trial.params.items()))
