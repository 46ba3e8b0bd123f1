"""Which parameters a figure with little room shows: the most important ones."""

from search.figures.axis import Axis, varying_axes
from search.figures.figure import NothingToShowError
from search.figures.importance import MIN_TRIALS, shares_of
from search.figures.material import Material


def chosen_axes(material: Material, limit: int) -> tuple[list[Axis], int]:
    """Return the axes to show, in the order of the space, and how many are left out.

    Where there are more than `limit`, the most important ones are shown; with too few
    trials to know which, the first.

    Raises:
        NothingToShowError: No parameter varies.
    """
    axes = varying_axes(material)
    if not axes:
        raise NothingToShowError("no parameter has two values among complete trials")
    if len(axes) <= limit:
        return axes, 0
    names = [axis.name for axis in axes]
    if len(material.scored) >= MIN_TRIALS:
        shares = shares_of(material, names)
        names.sort(key=lambda name: -shares.get(name, 0.0))
    shown = set(names[:limit])
    return [axis for axis in axes if axis.name in shown], len(axes) - limit


def left_out(n: int) -> str:
    """Say in a sentence that a figure does not show so many parameters."""
    return (
        f"Parameters left out: {n}, the least important, or the last ones where too "
        "few trials say which these are."
    )
