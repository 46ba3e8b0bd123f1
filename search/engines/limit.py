"""Where samplers end that would take longer and longer for a proposal."""

from search.types import Done

MAX_TRIALS = 500
"""Trials that a sampler without a window is told of. The time of its proposals grows
with the square or the cube of their number."""


def told_enough(sampler: str, n_told: int) -> Done | None:
    """Return why a sampler proposes nothing more, or None when it goes on.

    Args:
        sampler: Its name.
        n_told: Trials it was told of.
    """
    if n_told < MAX_TRIALS:
        return None
    return Done(
        f"sampler {sampler}: its proposals take ever longer, so it ends at "
        f"{MAX_TRIALS} trials; go on with: tunefold resume --engine optuna --sampler "
        "noisy-gp --trials N"
    )
