"""A search space: an ordered mapping from names to parameters, some conditional."""

import difflib
import hashlib
import itertools
import json
import random
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from spaces.errors import SpaceError
from spaces.params import Choice, Float, Int, Param, Scalar

_KINDS: dict[str, type[Param]] = {"int": Int, "float": Float, "choice": Choice}

Params = dict[str, Scalar]
"""One point of a space: the active parameters only, in declared order."""


@dataclass(frozen=True)
class SearchSpace:
    """Parameters in the order in which they are proposed, parents first.

    Spaces are joined with `|`; a name may be declared once.

    Raises:
        SpaceError: A condition names a parameter that is not declared before, or
            values that the parent cannot have.

    Example:
        >>> space = SearchSpace({"n": Int(low=1, high=2)})
        >>> space.check({"n": 2})
        {'n': 2}
    """

    params: Mapping[str, Param]

    def __post_init__(self) -> None:
        object.__setattr__(self, "params", dict(self.params))
        declared: dict[str, Param] = {}
        for name, param in self.params.items():
            if param.when is not None:
                parent, values = param.when
                if parent not in declared:
                    raise SpaceError(
                        f"space: '{name}' depends on '{parent}', "
                        "which is not declared before it"
                    )
                wrong = [v for v in values if not declared[parent].contains(v)]
                if wrong or not values:
                    raise SpaceError(
                        f"space: '{name}' is active when '{parent}' is one of "
                        f"{list(values)!r}, but '{parent}' is "
                        f"{declared[parent].describe()}"
                    )
            declared[name] = param

    def __or__(self, other: "SearchSpace") -> "SearchSpace":
        twice = sorted(set(self.params) & set(other.params))
        if twice:
            raise SpaceError(f"space: {twice} stand in both spaces that are joined")
        return SearchSpace({**self.params, **other.params})

    def __iter__(self) -> Iterator[str]:
        return iter(self.params)

    def is_active(self, name: str, params: Mapping[str, Scalar]) -> bool:
        """Say whether `name` takes part, given the values of those before it."""
        when = self.params[name].when
        return when is None or (when[0] in params and params[when[0]] in when[1])

    def check(self, params: Mapping[str, Scalar]) -> Params:
        """Return `params` in declared order if they are a point of this space.

        Raises:
            SpaceError: A name is unknown, missing or not active, or a value lies
                outside its range or has another type.
        """
        for name in params:
            if name not in self.params:
                raise SpaceError(unknown("parameter", name, self.params))
        point: Params = {}
        for name, param in self.params.items():
            active = self.is_active(name, point)
            if active and name not in params:
                raise SpaceError(f"space: '{name}' is active and needs a value")
            if not active and name in params:
                when = param.when
                assert when is not None  # a parameter without condition is active
                raise SpaceError(
                    f"space: '{name}' only exists when '{when[0]}' is one of "
                    f"{list(when[1])!r}; leave it out"
                )
            if active and not param.contains(params[name]):
                raise SpaceError(
                    f"space: '{name}' must be {param.describe()}, got {params[name]!r}"
                )
            if active:
                point[name] = params[name]
        return point

    def sample(self, rng: random.Random) -> Params:
        """Draw one point; only active parameters are drawn and returned."""
        point: Params = {}
        for name, param in self.params.items():
            if self.is_active(name, point):
                point[name] = param.sample(rng)
        return point

    def initial(self) -> Params:
        """Return the point to begin with: defaults, and middles where there are none.

        Example:
            >>> SearchSpace({"dropout": Float(low=0.0, high=0.8)}).initial()
            {'dropout': 0.4}
        """
        point: Params = {}
        for name, param in self.params.items():
            if self.is_active(name, point):
                point[name] = param.initial()
        return point

    def grid(self) -> Iterator[Params]:
        """Yield every point of the space once, the last parameter varying fastest.

        Raises:
            SpaceError: A parameter is a continuous range; the message names it.
        """
        for name, param in self.params.items():
            try:
                param.values()
            except SpaceError as error:
                raise SpaceError(f"grid: '{name}': {error}") from None
        return self._grid(list(self.params), {})

    def _grid(self, names: list[str], point: Params) -> Iterator[Params]:
        names = list(itertools.dropwhile(lambda n: not self.is_active(n, point), names))
        if not names:
            yield point
            return
        for value in self.params[names[0]].values():
            yield from self._grid(names[1:], {**point, names[0]: value})

    def to_dict(self) -> dict[str, Any]:
        """Return the space as plain data that JSON can hold."""
        return {
            name: {"kind": type(param).__name__.lower()}
            | {k: v for k, v in asdict(param).items() if v is not None}
            for name, param in self.params.items()
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "SearchSpace":
        """Read what `to_dict` wrote, also after a way through JSON.

        Raises:
            SpaceError: A kind or a field is unknown, or a range is wrong.
        """
        params: dict[str, Param] = {}
        for name, fields in data.items():
            given = dict(fields)
            kind = given.pop("kind", None)
            if kind not in _KINDS:
                raise SpaceError(f"space: '{name}' has an unknown kind, got {kind!r}")
            if given.get("when") is not None:
                parent, values = given["when"]
                given["when"] = (parent, tuple(values))
            if "options" in given:
                given["options"] = tuple(given["options"])
            try:
                params[name] = _KINDS[kind](**given)
            except TypeError as error:
                raise SpaceError(f"space: '{name}': {error}") from None
        return cls(params)

    def fingerprint(self) -> str:
        """Return 16 hex digits that are equal for equal spaces only."""
        text = json.dumps(list(self.to_dict().items()), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def unknown(what: str, got: str, known: Mapping[str, Any] | list[str]) -> str:
    """Return one line for a name that does not exist, with the nearest ones.

    Example:
        >>> unknown("engine", "optun", ["optuna", "random"])
        "unknown engine 'optun'; did you mean 'optuna'? (optuna, random)"
    """
    names = sorted(known)
    near = [name for name in names if got and name.startswith(got)]
    near = near or difflib.get_close_matches(got, names, n=1)
    hint = f"did you mean '{near[0]}'? (" if near else "known: "
    return f"unknown {what} '{got}'; {hint}{', '.join(names)}{')' if near else ''}"
