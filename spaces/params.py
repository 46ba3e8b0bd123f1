"""The three kinds of parameters a search space is made of.

A parameter is a frozen value: its range, its scale, the condition under which it is
active, and the value that people begin with. It knows nothing of engines; each engine
file translates it.
"""

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from spaces.errors import SpaceError

type_names = {bool: "true/false", int: "whole number", float: "number", str: "text"}

Scalar = bool | int | float | str
"""What a parameter's value may be: a plain Python scalar, never a NumPy one."""

When = tuple[str, tuple[Scalar, ...]]
"""A condition: the parent's name and the parent's values that activate."""


@dataclass(frozen=True, kw_only=True)
class Int:
    """A whole number in [low, high], both ends included.

    Raises:
        SpaceError: The range is empty, the step does not fit it, a log scale meets a
            step or a range that is not positive, or `default` lies outside.

    Example:
        >>> Int(low=1, high=6).contains(3)
        True
    """

    low: int
    high: int
    log: bool = False
    step: int = 1
    when: When | None = None
    default: int | None = None

    def __post_init__(self) -> None:
        for field in ("low", "high", "step"):
            if type(getattr(self, field)) is not int:
                raise SpaceError(
                    f"Int: '{field}' must be a whole number, "
                    f"got {getattr(self, field)!r}"
                )
        _check_range("Int", self.low, self.high, self.log)
        if self.step < 1 or (self.log and self.step != 1):
            raise SpaceError(
                f"Int: 'step' must be at least 1, and 1 on a log scale, got {self.step}"
            )
        if (self.high - self.low) % self.step:
            raise SpaceError(
                f"Int: 'high' must be 'low' plus a multiple of 'step', got "
                f"{self.low}..{self.high} in steps of {self.step}"
            )
        _check_default(self)

    def contains(self, value: Scalar) -> bool:
        """Say whether `value` is a whole number of this range and step."""
        return (
            type(value) is int
            and self.low <= value <= self.high
            and (value - self.low) % self.step == 0
        )

    def sample(self, rng: random.Random) -> int:
        """Draw one value, uniformly on the parameter's own scale."""
        if self.log:
            edges = math.log(self.low - 0.5), math.log(self.high + 0.5)
            drawn = round(math.exp(rng.uniform(*edges)))
            return min(max(drawn, self.low), self.high)
        return rng.randrange(self.low, self.high + 1, self.step)

    def initial(self) -> int:
        """Return the default; without one the middle on the parameter's own scale."""
        if self.default is not None:
            return self.default
        if self.log:
            return round(math.sqrt(self.low * self.high))
        return _middle(self.values())

    def values(self) -> Sequence[int]:
        """Return all values in order; their number is finite."""
        return range(self.low, self.high + 1, self.step)

    def describe(self) -> str:
        """Return the range in words, as `tunefold space` prints it."""
        return _describe_range(self.low, self.high, self.log, self.step, plain=1)


@dataclass(frozen=True, kw_only=True)
class Float:
    """A number in [low, high], both ends included.

    Raises:
        SpaceError: The range is empty or not finite, the step does not fit it, a log
            scale meets a step or a range that is not positive, or `default` lies
            outside.

    Example:
        >>> Float(low=1e-4, high=1e-1, log=True).contains(0.5)
        False
    """

    low: float
    high: float
    log: bool = False
    step: float | None = None
    when: When | None = None
    default: float | None = None

    def __post_init__(self) -> None:
        for field in ("low", "high"):
            value = getattr(self, field)
            if isinstance(value, bool) or not isinstance(value, int | float):
                raise SpaceError(f"Float: '{field}' must be a number, got {value!r}")
            if not math.isfinite(value):
                raise SpaceError(f"Float: '{field}' must be finite, got {value!r}")
            object.__setattr__(self, field, float(value))
        _check_range("Float", self.low, self.high, self.log)
        if self.step is not None:
            self._check_step(self.step)
        _check_default(self)

    def _check_step(self, step: float) -> None:
        if self.log or not step > 0:
            raise SpaceError(
                f"Float: 'step' must be above 0 and not on a log scale, got {step}"
            )
        count = (self.high - self.low) / step
        if abs(count - round(count)) > 1e-8:  # the ends are decimal, not binary
            raise SpaceError(
                f"Float: 'high' must be 'low' plus a multiple of 'step', got "
                f"{self.low}..{self.high} in steps of {step}"
            )

    def contains(self, value: Scalar) -> bool:
        """Say whether `value` is a float of this range, on the grid if stepped."""
        if type(value) is not float or not self.low <= value <= self.high:
            return False
        if self.step is None:
            return True
        count = (value - self.low) / self.step
        return abs(count - round(count)) <= 1e-8

    def sample(self, rng: random.Random) -> float:
        """Draw one value, uniformly on the parameter's own scale."""
        if self.step is not None:
            return rng.choice(self.values())
        if not self.log:
            return rng.uniform(self.low, self.high)
        drawn = math.exp(rng.uniform(math.log(self.low), math.log(self.high)))
        return min(max(drawn, self.low), self.high)

    def initial(self) -> float:
        """Return the default; without one the middle on the parameter's own scale."""
        if self.default is not None:
            return self.default
        if self.step is not None:
            return _middle(self.values())
        if self.log:
            return min(max(math.sqrt(self.low * self.high), self.low), self.high)
        return (self.low + self.high) / 2

    def values(self) -> Sequence[float]:
        """Return all values in order.

        Raises:
            SpaceError: The range has no step, so its values cannot be counted.
        """
        if self.low == self.high:
            return (self.low,)
        if self.step is None:
            raise SpaceError(
                f"a continuous range cannot be enumerated, got {self.describe()}; "
                "list the values to try, for example 0.1,0.2"
            )
        count = round((self.high - self.low) / self.step)
        return tuple(
            min(round(self.low + i * self.step, 12), self.high)
            for i in range(count + 1)
        )

    def describe(self) -> str:
        """Return the range in words, as `tunefold space` prints it."""
        return _describe_range(self.low, self.high, self.log, self.step, plain=None)


@dataclass(frozen=True, kw_only=True)
class Choice:
    """One of a few options, all of one type: text, whole numbers, numbers or bools.

    Raises:
        SpaceError: There is no option, an option stands twice, types are mixed, or
            `default` is no option.

    Example:
        >>> Choice(options=("relu", "gelu")).contains("tanh")
        False
    """

    options: tuple[Scalar, ...]
    when: When | None = None
    default: Scalar | None = None

    def __post_init__(self) -> None:
        if not self.options:
            raise SpaceError("Choice: at least one option is needed, got none")
        kinds = {type(option) for option in self.options}
        if len(kinds) > 1 or not kinds <= set(type_names):
            raise SpaceError(
                "Choice: all options must be of one type (text, int, float or bool), "
                f"got {list(self.options)!r}"
            )
        if len(set(self.options)) < len(self.options):
            raise SpaceError(
                f"Choice: each option may stand once, got {list(self.options)!r}"
            )
        _check_default(self)

    def contains(self, value: Scalar) -> bool:
        """Say whether `value` is one of the options, of the same type."""
        return type(value) is type(self.options[0]) and value in self.options

    def sample(self, rng: random.Random) -> Scalar:
        """Draw one option, each equally likely."""
        return rng.choice(self.options)

    def initial(self) -> Scalar:
        """Return the default; without one the option in the middle."""
        return _middle(self.options) if self.default is None else self.default

    def values(self) -> Sequence[Scalar]:
        """Return the options in their declared order."""
        return self.options

    def describe(self) -> str:
        """Return the options in words, as `tunefold space` prints them."""
        return ", ".join(write_scalar(option) for option in self.options)


Param = Int | Float | Choice

Value = TypeVar("Value", bound=Scalar)


def write_scalar(value: Scalar) -> str:
    """Write a value as the command line reads it: `true`, `0.5`, `relu`."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _check_range(kind: str, low: float, high: float, log: bool) -> None:
    if low > high:
        raise SpaceError(f"{kind}: 'low' must not be above 'high', got {low}..{high}")
    if log and low <= 0:
        raise SpaceError(f"{kind}: a log scale needs 'low' above 0, got {low}")


def _check_default(param: Param) -> None:
    if param.default is not None and not param.contains(param.default):
        raise SpaceError(
            f"{type(param).__name__}: 'default' must be {param.describe()}, "
            f"got {param.default!r}"
        )


def _middle(values: Sequence[Value]) -> Value:
    return values[(len(values) - 1) // 2]


def _describe_range(
    low: float, high: float, log: bool, step: float | None, *, plain: float | None
) -> str:
    if low == high:
        return write_scalar(low)
    text = f"{write_scalar(low)}..{write_scalar(high)}"
    if log:
        return text + " (log)"
    return text if step == plain else f"{text} (step {write_scalar(step or 0)})"
