"""Python expressions, laid out as a formatter does: one line, or a line per item."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from textwrap import indent
from typing import Any

from spaces.params import Scalar

WIDTH = 84
"""Of a formatter's 88 columns: an ensemble's code stands in a function, indented."""


class Name(str):
    """Text that stands in code as it is."""

    __slots__ = ()


class Whole(int):
    """A whole number that remembers the constant it is written as."""

    constant: str


class Real(float):
    """A number that remembers the constant it is written as."""

    constant: str


@dataclass(frozen=True)
class Call:
    """A call of something with values.

    Attributes:
        function: What is called.
        args: Its positional arguments.
        options: Its keyword arguments.
    """

    function: str
    args: tuple[Any, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)


def constant_name(parameter: str) -> str:
    """Return the constant that holds a parameter.

    Example:
        >>> constant_name("conv/filters_0")
        'CONV_FILTERS_0'
    """
    return re.sub(r"\W", "_", parameter, flags=re.ASCII).upper()


def remembering(params: Mapping[str, Scalar]) -> dict[str, Scalar]:
    """Return equal parameters whose numbers remember their constants.

    A layer that is built of them holds them, and so it is known which parameter each of
    its arguments came from.
    """
    found: dict[str, Scalar] = {}
    for name, value in params.items():
        kept: Scalar = value
        if type(value) is int:
            kept = whole(value, constant_name(name))
        elif type(value) is float:
            kept = Real(value)
            kept.constant = constant_name(name)
        found[name] = kept
    return found


def whole(value: int, constant: str) -> Whole:
    """Return a number that remembers a constant."""
    kept = Whole(value)
    kept.constant = constant
    return kept


def assign(name: str, value: Any, *, width: int = WIDTH, after: str = "") -> str:
    """Write `name = value`, a line or several, without the last line end.

    Args:
        name: What stands before the equals sign.
        value: See `write`.
        width: Columns there are.
        after: What stands behind the value, such as `(x)`.
    """
    text = write(value, width=width, before=f"{name} = ", after=after)
    return f"{name} = {text}{after}"


def write(value: Any, *, width: int = WIDTH, before: str = "", after: str = "") -> str:
    """Write a value.

    Args:
        value: A scalar, None, a tuple, list or dict of values, a `Name` or `Call`.
        width: Columns there are.
        before: Stands before it on its first line.
        after: Stands behind it on its last line.

    Returns:
        One line where that fits; otherwise an item on each line.

    Example:
        >>> write(Call("f", (1, "a"), {"b": (2.5,)}))
        'f(1, "a", b=(2.5,))'
    """
    flat = _flat(value)
    opening, items, closing = _parts(value)
    if len(before) + len(flat) + len(after) <= width or not items:
        return flat
    lines = [
        f"{label}{write(item, width=width - 4, before=label, after=',')},\n"
        for label, item in items
    ]
    return f"{opening}\n{indent(''.join(lines), '    ')}{closing}"


def _flat(value: Any) -> str:
    if isinstance(value, Name):
        return str(value)
    if isinstance(value, Whole | Real):
        return value.constant
    if isinstance(value, str):
        return _quoted(value)
    opening, items, closing = _parts(value)
    if not opening:
        return repr(value)
    inside = ", ".join(label + _flat(item) for label, item in items)
    comma = "," if isinstance(value, tuple) and len(value) == 1 else ""
    return f"{opening}{inside}{comma}{closing}"


def _parts(value: Any) -> tuple[str, list[tuple[str, Any]], str]:
    """Return brackets and labelled items; no bracket for what has none."""
    match value:
        case Call():
            args = [("", each) for each in value.args]
            options = [(f"{name}=", each) for name, each in value.options.items()]
            return f"{value.function}(", [*args, *options], ")"
        case dict():
            return "{", [(f"{_flat(k)}: ", each) for k, each in value.items()], "}"
        case list():
            return "[", [("", each) for each in value], "]"
        case tuple():
            return "(", [("", each) for each in value], ")"
    return "", [], ""


def _quoted(text: str) -> str:
    """Write text as a formatter does: in double quotes, unless it holds some."""
    written = repr(text)
    if written.startswith("'") and '"' not in written:
        return f'"{written[1:-1]}"'
    return written
