"""The reference engine: independent random points, or every point of a grid."""

import random
from itertools import islice

from search.seeding import derive_seed
from search.types import Done, Suggestion, Trial, Wait
from spaces.space import SearchSpace


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

    Args:
        space: No parameter may be a continuous range.

    Raises:
        SpaceError: A parameter is one; the message names it.
    """

    def __init__(self, space: SearchSpace) -> None:
        next(space.grid())  # refuses a continuous range before anything is written
        self._space = space

    def ask(self, number: int) -> Suggestion | Wait | Done:
        """Return the grid's point of this number, or say that there is none left."""
        point = next(islice(self._space.grid(), number, None), None)
        if point is None:
            return Done(f"all {number} points of the grid are asked")
        return Suggestion(number, point)

    def tell(self, trial: Trial) -> None:
        """Learn nothing: a grid is fixed."""
