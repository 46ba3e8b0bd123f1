"""A search space as rows of numbers, for models that know nothing of names."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from spaces.params import Choice, Int, Param, Scalar
from spaces.space import Params, SearchSpace

Floats = NDArray[np.float64]

Rows = NDArray[np.float64]
"""(n, n_parameters), columns in declared order: of a number its place in [0, 1] on the
parameter's own scale, of a choice the option's number, `INACTIVE` of what has none."""

INACTIVE = -1.0

TOLERANCE = 1e-9
"""Places closer than that are the same: they are results of arithmetic."""

LOCAL = 0.8
"""Share of a number's changes that are steps; the others draw it anew."""


@dataclass(frozen=True)
class Column:
    """One parameter, its values as numbers.

    Attributes:
        param: The parameter.
    """

    param: Param

    @cached_property
    def n_options(self) -> int:
        """Return the number of options of a choice, 0 for a number."""
        return len(self.param.options) if isinstance(self.param, Choice) else 0

    def place(self, value: Scalar) -> float:
        """Return a value as a number."""
        if isinstance(self.param, Choice):
            return float(self.param.options.index(value))
        return float(self._places(np.array([value], float))[0])

    def value(self, place: float) -> Scalar:
        """Return the value at a place that one of the other methods gave."""
        param = self.param
        if isinstance(param, Choice):
            return param.options[int(place)]
        value = float(self._values(np.array([place]))[0])
        if isinstance(param, Int):
            return round(value)
        if param.step is not None:  # the grid is decimal: 0.3 is not three times 0.1
            return param.values()[round((value - param.low) / param.step)]
        return value

    def spread(self, units: Floats) -> Floats:
        """Return the places of numbers in [0, 1), each value equally likely."""
        if self.n_options:
            return np.floor(units * self.n_options)
        low, high = self._edges
        return self.snap(low + units * (high - low))

    def snap(self, places: Floats) -> Floats:
        """Return the places of the nearest values."""
        return self._places(self._values(places))

    @cached_property
    def _ends(self) -> tuple[float, float]:
        assert not isinstance(self.param, Choice)
        low, high = float(self.param.low), float(self.param.high)
        return (math.log(low), math.log(high)) if self.param.log else (low, high)

    @cached_property
    def _edges(self) -> tuple[float, float]:
        # Half a step beyond the ends: the values there are as likely as the others.
        assert not isinstance(self.param, Choice)
        half = (self.param.step or 0.0) / 2
        ends = np.array([self.param.low - half, self.param.high + half])
        low, high = self._places(ends).tolist()
        return low, high

    def _values(self, places: Floats) -> Floats:
        param = self.param
        assert not isinstance(param, Choice)
        low, high = self._ends
        values = low + places * (high - low)
        if param.log:
            values = np.exp(values)
        if param.step is not None:
            values = param.low + param.step * np.rint((values - param.low) / param.step)
        return np.clip(values, param.low, param.high)

    def _places(self, values: Floats) -> Floats:
        assert not isinstance(self.param, Choice)
        low, high = self._ends
        if low == high:
            return np.zeros_like(values)
        places: Floats = (np.log(values) if self.param.log else values) - low
        return places / (high - low)


class Columns:
    """Translates points of a space into rows and back, and makes rows.

    Args:
        space: The space.

    Attributes:
        n_options: Of each column the number of a choice's options, 0 for a number.
        initial: The row that a search begins with, float64 (n_parameters,).
    """

    def __init__(self, space: SearchSpace) -> None:
        self._names = list(space)
        self._columns = [Column(param) for param in space.params.values()]
        self.n_options = tuple(column.n_options for column in self._columns)
        self._begins_with = space.initial()
        self.initial = self.row(self._begins_with)
        self._conditions: list[tuple[int, int, Floats]] = []
        for place, param in enumerate(space.params.values()):
            if param.when is not None:
                parent = self._names.index(param.when[0])
                values = [self._columns[parent].place(v) for v in param.when[1]]
                self._conditions.append((place, parent, np.array(values)))

    def row(self, params: Mapping[str, Scalar]) -> Floats:
        """Return a point as a row, float64 (n_parameters,)."""
        named = zip(self._names, self._columns, strict=True)
        return np.array(
            [c.place(params[name]) if name in params else INACTIVE for name, c in named]
        )

    def point(self, row: Floats) -> Params:
        """Return a row as a point: active parameters only, in declared order."""
        if np.array_equal(row, self.initial):
            # to the last digit: a logarithm and back changes it
            return dict(self._begins_with)
        named = zip(self._names, self._columns, row.tolist(), strict=True)
        return {name: c.value(place) for name, c, place in named if place != INACTIVE}

    def spread(self, units: Floats) -> Rows:
        """Return rows that lie in the space as the units lie in the unit cube.

        Args:
            units: In [0, 1), float64 (n, n_parameters).
        """
        return self._close(rows := self._spread(units), rows)

    def step(self, rng: np.random.Generator, rows: Rows, *, width: float) -> Rows:
        """Return rows near others: one parameter changes, and each other one may.

        A choice takes any option; most numbers make a step, some are drawn anew.

        Args:
            rng: Generator.
            rows: Where the steps begin.
            width: Standard deviation of a step, a share of the range.
        """
        n, n_columns = rows.shape
        drawn = self._spread(rng.uniform(size=rows.shape))
        moved = rows + rng.normal(0.0, width, rows.shape)
        far = rng.uniform(size=rows.shape) > LOCAL
        for i, column in enumerate(self._columns):
            if column.n_options:
                moved[:, i] = drawn[:, i]
            else:
                snapped = column.snap(moved[:, i])
                moved[:, i] = np.where(far[:, i], drawn[:, i], snapped)
        changes = rng.uniform(size=rows.shape) < 1 / n_columns
        changes[np.arange(n), rng.integers(n_columns, size=n)] = True
        changes &= rows != INACTIVE
        return self._close(np.where(changes, moved, rows), drawn)

    def _spread(self, units: Floats) -> Rows:
        columns = zip(self._columns, units.T, strict=True)
        return np.stack([column.spread(u) for column, u in columns], axis=1)

    def _close(self, rows: Rows, drawn: Rows) -> Rows:
        """Empty what is not active and fill what has become so."""
        rows = rows.copy()
        for child, parent, values in self._conditions:
            away = np.abs(rows[:, parent, None] - values).min(axis=1)
            empty = rows[:, child] == INACTIVE
            filled = np.where(empty, drawn[:, child], rows[:, child])
            rows[:, child] = np.where(away < TOLERANCE, filled, INACTIVE)
        return rows
