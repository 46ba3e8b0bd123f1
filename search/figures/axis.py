"""Where a parameter's values stand on an axis, also the value of a trial without it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from search.errors import SearchError
from search.figures.material import Material
from spaces.errors import SpaceError
from spaces.params import Choice, Param, Scalar, write_scalar
from spaces.space import SearchSpace

OFF = "off"
"""Stands at the place of trials that do not have a conditional parameter."""

FIRST = 0.15
"""Where the values of a conditional parameter begin; at 0 it is off."""

MAX_TICKS = 6


@dataclass(frozen=True, kw_only=True)
class Axis:
    """A parameter's axis, from 0 to 1.

    Attributes:
        name: The parameter's.
        options: Its values in order, equally spaced; empty for a range.
        low: Lower end of a range.
        high: Upper end of a range.
        log: Whether the range is on a log scale.
        whole: Whether its values are whole numbers.
        optional: Whether some trials do not have it.
    """

    name: str
    options: tuple[Scalar, ...] = ()
    low: float = 0.0
    high: float = 1.0
    log: bool = False
    whole: bool = False
    optional: bool = False

    def place(self, value: Scalar | None) -> float:
        """Return where a value stands, in [0, 1]; None is 'off'."""
        if value is None:
            return 0.0
        begin = FIRST if self.optional else 0.0
        return begin + (1 - begin) * self._share(value)

    @property
    def ticks(self) -> list[tuple[float, str]]:
        """Places and what stands there."""
        values = self.options or self._round_values()
        shown: list[tuple[float, str]] = [(0.0, OFF)] if self.optional else []
        every = -(-len(values) // MAX_TICKS) if not self.options else 1
        return [*shown, *((self.place(v), _short(v)) for v in values[::every])]

    def _share(self, value: Scalar) -> float:
        if self.options:
            spaces = max(len(self.options) - 1, 1)
            return self.options.index(value) / spaces
        number = float(value)
        if self.log:
            return math.log(number / self.low) / math.log(self.high / self.low)
        return (number - self.low) / (self.high - self.low)

    def _round_values(self) -> tuple[float, ...]:
        """Return the ends and round numbers between them."""
        inner: list[float] = []
        if self.log:
            exponents = range(
                math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1
            )
            steps = (1, 2, 5) if self.high < 100 * self.low else (1,)
            inner = [m * 10.0**e for e in exponents for m in steps]
        else:
            step = _round_step((self.high - self.low) / 4, whole=self.whole)
            first = math.ceil(self.low / step)
            inner = [n * step for n in range(first, math.floor(self.high / step) + 1)]
        ends = (self.low, self.high)
        apart = [v for v in inner if 0.1 < self._share(v) < 0.9]
        return (ends[0], *apart, ends[1])


def make_axis(name: str, param: Param | None, values: Sequence[Scalar | None]) -> Axis:
    """Return a parameter's axis: the range of its space, wherever trials lie in it.

    Args:
        name: The parameter's.
        param: What the space says; None where the study recorded no space, so that
            the values themselves decide.
        values: One per trial, None for a trial without it.
    """
    present = [value for value in values if value is not None]
    optional = len(present) < len(values)
    numbers = [float(v) for v in present if not isinstance(v, bool | str)]
    single = len(numbers) < len(present) or min(numbers) == max(numbers)
    if isinstance(param, Choice) or single:
        declared = param.options if isinstance(param, Choice) else ()
        more = sorted({v for v in present if v not in declared}, key=_order)
        return Axis(name=name, options=(*declared, *more), optional=optional)
    ends = numbers if param is None else [*numbers, param.low, param.high]
    return Axis(
        name=name,
        low=min(ends),
        high=max(ends),
        log=param is not None and param.log,
        whole=all(isinstance(value, int) for value in present),
        optional=optional,
    )


def varying_axes(material: Material) -> list[Axis]:
    """Return the axes of all parameters with several values among complete trials.

    A parameter that varies only in that some trials have it is none of them: its
    parent says the same.
    """
    trials = material.scored
    names = list(dict.fromkeys(name for trial in trials for name in trial.params))
    space = recorded_space(material)
    axes = []
    for name in names:
        values = [trial.params.get(name) for trial in trials]
        if len(set(values) - {None}) > 1:
            axes.append(make_axis(name, space.get(name), values))
    return axes


def recorded_space(material: Material) -> dict[str, Param]:
    """Return the study's parameters; empty where it recorded none that can be read."""
    try:
        return dict(SearchSpace.from_dict(material.settings.space).params)
    except (SpaceError, SearchError):
        return {}


def _order(value: Scalar) -> tuple[bool, float, str]:
    text = isinstance(value, str)
    return text, 0.0 if isinstance(value, str) else float(value), str(value)


def _round_step(rough: float, *, whole: bool) -> float:
    """Return 1, 2, 2.5 or 5 times a power of ten, nearest above."""
    power = 10.0 ** math.floor(math.log10(rough))
    steps = (m * power for m in (1, 2, 2.5, 5, 10) if m * power >= rough)
    return next(step for step in steps if not whole or step == int(step))


def _short(value: Scalar) -> str:
    if isinstance(value, bool | str):
        return write_scalar(value)
    text = f"{value:.3g}"
    return f"{value:.0f}" if "e+" in text and abs(value) < 1e6 else text
