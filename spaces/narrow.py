"""Narrow or fix parameters of a space from text such as `dropout=0..0.5`."""

from collections.abc import Iterable
from dataclasses import replace

from spaces.errors import SpaceError
from spaces.params import Choice, Float, Int, Param, Scalar, write_scalar
from spaces.space import SearchSpace, unknown


def narrow(space: SearchSpace, settings: Iterable[str]) -> SearchSpace:
    """Return the space with each `NAME=VALUES` setting applied.

    VALUES is a range `LOW..HIGH` inside the declared one, a list `A,B,C`, or one
    value, which fixes the parameter. A default stays where it still lies in the space.
    A parameter whose condition can no longer come true is dropped.

    Args:
        space: The space to narrow; it is not changed.
        settings: Texts of the form `NAME=VALUES`; a later one narrows further.

    Raises:
        SpaceError: The form is wrong, the name unknown or unreachable, or a value
            is outside the declared range.

    Example:
        >>> base = SearchSpace({"dropout": Float(low=0, high=0.8)})
        >>> narrow(base, ["dropout=0..0.5"]).params["dropout"].describe()
        '0..0.5'
    """
    params = dict(space.params)
    named = set()
    for setting in settings:
        name, equals, values = setting.partition("=")
        name, values = name.strip(), values.strip()
        if not equals or not name or not values:
            raise SpaceError(
                f"--set: the form is NAME=VALUES, got {setting!r}; "
                "for example dropout=0..0.5, width_1=64,128 or l2=off"
            )
        if name not in params:
            raise SpaceError(f"--set: {unknown('parameter', name, params)}")
        named.add(name)
        narrowed = _narrow_param(name, params[name], values)
        default = params[name].default
        if default is not None and narrowed.contains(default):
            narrowed = replace(narrowed, default=default)  # type: ignore[arg-type]
        params[name] = narrowed
    return _drop_unreachable(params, named)


def _narrow_param(name: str, param: Param, values: str) -> Param:
    if ".." in values and not isinstance(param, Choice):
        low, _, high = values.partition("..")
        return _narrow_range(name, param, _read(name, param, low), high)
    chosen = [_read(name, param, text) for text in values.split(",")]
    for value in chosen:
        if not param.contains(value):
            raise SpaceError(
                f"--set {name}: must lie in {param.describe()}, "
                f"got {write_scalar(value)}"
            )
    if len(chosen) == 1 and not isinstance(param, Choice):
        return _fixed(param, chosen[0])
    try:
        return Choice(options=tuple(chosen), when=param.when)
    except SpaceError as error:
        raise SpaceError(f"--set {name}: {error}") from None


def _narrow_range(name: str, param: Int | Float, low: Scalar, high_text: str) -> Param:
    high = _read(name, param, high_text)
    for value in (low, high):
        if not param.contains(value):
            raise SpaceError(
                f"--set {name}: the range must lie in {param.describe()}, "
                f"got {write_scalar(low)}..{write_scalar(high)}"
            )
    try:
        return replace(param, low=low, high=high, default=None)  # type: ignore[arg-type]
    except SpaceError as error:
        raise SpaceError(f"--set {name}: {error}") from None


def _fixed(param: Int | Float, value: Scalar) -> Param:
    if isinstance(param, Int):
        assert isinstance(value, int)  # contains() has checked the type
        return Int(low=value, high=value, when=param.when)
    assert isinstance(value, float)
    return Float(low=value, high=value, when=param.when)


def _read(name: str, param: Param, text: str) -> Scalar:
    text = text.strip()
    kind = type(param.values()[0]) if not isinstance(param, Float) else float
    try:
        if kind is bool:
            return {"true": True, "false": False, "on": True, "off": False}[
                text.lower()
            ]
        return str(text) if kind is str else kind(text)
    except (KeyError, ValueError):
        raise SpaceError(
            f"--set {name}: must be {param.describe()}, got {text!r}"
        ) from None


def _drop_unreachable(params: dict[str, Param], named: set[str]) -> SearchSpace:
    kept: dict[str, Param] = {}
    for name, param in params.items():
        if param.when is not None:
            parent, values = param.when
            possible = tuple(
                v for v in values if parent in kept and kept[parent].contains(v)
            )
            if not possible and name in named:
                raise SpaceError(
                    f"--set {name}: it only exists when '{parent}' is one of "
                    f"{', '.join(map(write_scalar, values))}, which this search "
                    "excludes; leave one of the two out"
                )
            if not possible:
                continue
            param = replace(param, when=(parent, possible))
        kept[name] = param
    return SearchSpace(kept)
