"""What is asked of a hand-in, read off the roles of its cells."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from search.homework.answers import n_own_words
from search.homework.embedded import Plain
from search.homework.grid import BASELINE, COMBINED
from search.homework.sheet import PREFIX

MIN_TECHNIQUES = 4
MIN_WORDS = 10
"""Words of an explanation, from which on it is a text and no remark; a convention."""

_IMAGES = ("image/png", "image/svg+xml", "image/jpeg")


@dataclass(frozen=True, kw_only=True)
class Requirement:
    """One thing that is asked of a hand-in.

    Attributes:
        name: The thing.
        met: Whether it is there.
        found: What was found, in words.
    """

    name: str
    met: bool
    found: str


def as_list(value: Any) -> list[Any]:
    """Return a list as it is, and an empty one for anything else."""
    return value if isinstance(value, list) else []


def requirements(facts: Plain, cells: Mapping[str, Plain]) -> list[Requirement]:
    """Return what is asked for and whether it is there.

    Args:
        facts: What tunefold wrote about the notebook.
        cells: By role.
    """
    regression = facts.get("task") == "regression"
    measures = [m for m in as_list(facts.get("metrics")) if m in ("accuracy", "mae")]
    techniques = as_list(facts.get("techniques"))
    alone = [name for name in techniques if name not in (BASELINE, COMBINED)]
    figure = "residuals" if regression else "confusion"
    curves = ("curves-baseline", "curves-all")
    return [
        _drawn("curves", cells, curves),
        _measured("mean absolute error" if regression else "accuracy", measures, cells),
        _drawn("residual plot" if regression else "confusion matrix", cells, (figure,)),
        Requirement(
            name=f"{MIN_TECHNIQUES} techniques alone",
            met=len(alone) >= MIN_TECHNIQUES,
            found=", ".join(alone) or "none",
        ),
        Requirement(
            name="a combination",
            met=COMBINED in techniques,
            found="there" if COMBINED in techniques else "none",
        ),
        _own_text(cells),
    ]


def _drawn(name: str, cells: Mapping[str, Plain], roles: Sequence[str]) -> Requirement:
    missing = [role for role in roles if not _has_figure(cells.get(role, {}))]
    return Requirement(
        name=name,
        met=not missing,
        found="drawn" if not missing else f"no figure in cell {', '.join(missing)}",
    )


def _measured(
    name: str, measures: Sequence[str], cells: Mapping[str, Plain]
) -> Requirement:
    shown = bool(as_list(cells.get("table", {}).get("outputs")))
    met = bool(measures) and shown
    return Requirement(
        name=name, met=met, found="in the table" if met else "no table with it"
    )


def _has_figure(cell: Plain) -> bool:
    return any(
        kind in output.get("data", {})
        for output in as_list(cell.get("outputs"))
        if isinstance(output, dict) and isinstance(output.get("data"), dict)
        for kind in _IMAGES
    )


def _own_text(cells: Mapping[str, Plain]) -> Requirement:
    asked = {r: c for r, c in cells.items() if r.startswith(PREFIX)}
    n_words = {role: n_own_words(cell) for role, cell in asked.items()}
    short = [r for r, n in n_words.items() if n < MIN_WORDS]
    written = f"{len(asked) - len(short)} of {len(asked)} answers, "
    total = f"{sum(n_words.values()):,} words"
    lacking = [role.removeprefix(PREFIX) for role in short]
    return Requirement(
        name="own text",
        met=bool(asked) and not short,
        found=written + total + (f"; none in {', '.join(lacking)}" if short else ""),
    )
