"""Refuse figures of too few trials in one line."""

from search.figures.figure import NothingToShowError
from search.figures.material import Material
from search.leaderboard import count_trials
from search.types import Trial


def enough(material: Material, n: int, *, why: str = "") -> list[Trial]:
    """Return the complete trials by number, at least so many.

    Args:
        material: The study.
        n: How many are needed.
        why: Added to the reason.

    Raises:
        NothingToShowError: There are fewer.
    """
    scored = material.scored
    if len(scored) < n:
        trials = "a complete trial" if n == 1 else f"{n} complete trials"
        raise NothingToShowError(
            f"needs {trials}{why}; the study's trials are: "
            f"{count_trials(material.trials)}"
        )
    return scored
