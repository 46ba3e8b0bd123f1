"""Rows of a file with what is to be predicted, in two parts, of a table or of texts."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipelines.card import Card
from pipelines.part import Part, PartName
from pipelines.set_aside import Cut, set_aside, set_latest_aside
from pipelines.spec import Spec
from pipelines.table_dates import read_dates
from pipelines.table_files import column_names, read_table
from pipelines.target import Target, read_target
from spaces.errors import DataError
from spaces.space import unknown

_MOST_MISSING = 0.5  # of the targets: more is a wrong column or a wrong file
_SHOWN = 10  # classes in a line


@dataclass(frozen=True, kw_only=True, eq=False)
class RawRows:
    """What was read: the user's file and, behind it, the test file.

    Attributes:
        frame: All rows.
        n_own: So many of them are the file's own.
        notes: How the file was read.
    """

    frame: pd.DataFrame
    n_own: int
    notes: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, eq=False)
class LabelledRows:
    """Rows that have all they need, in order of time where there is one.

    Attributes:
        frame: These rows, every column.
        target: Of these rows.
        groups: Of these rows, int64 (n,), or None.
        cut: Positions of the training and of the test rows.
        row_numbers: Where each row stood in its file, (n,).
        notes: What was left out.
        sources: Path of each part.
    """

    frame: pd.DataFrame
    target: Target
    groups: NDArray[np.int64] | None
    cut: Cut
    row_numbers: NDArray[np.int64]
    notes: tuple[str, ...]
    sources: dict[PartName, str]

    def part(self, X: NDArray[Any], name: PartName) -> Part:
        """Return one part of the inputs of all rows, (n, ...), with its targets."""
        rows = self.cut.train if name == "train" else self.cut.test
        groups = None if self.groups is None else self.groups[rows]
        return Part(
            X[rows], self.target.y[rows], source=self.sources[name], groups=groups
        )

    def card(self, notes: tuple[str, ...]) -> Card:
        """Return what a worker has to know."""
        return Card(
            task=self.target.task,
            classes=self.target.classes,
            n_train=len(self.cut.train),
            words=self.target.words,
            notes=notes,
        )

    def introduction(self) -> str:
        """Say what is predicted, and how many training rows each class has."""
        counts = np.bincount(
            self.target.y[self.cut.train].astype(np.int64)
            if self.target.classes
            else [],
            minlength=len(self.target.classes),
        )
        named = zip(self.target.classes, counts, strict=True)
        listed = [
            f"{number} = {name} ({count:,} rows)"
            for number, (name, count) in enumerate(named)
        ]
        if len(listed) > _SHOWN:
            listed[_SHOWN:] = [f"and {len(listed) - _SHOWN} more"]
        file = Path(self.sources["train"]).name
        return f"{file}: {self.target.words}{': ' * bool(listed)}{', '.join(listed)}"

    def parting(self) -> str:
        """Say what was set aside."""
        return (
            f"set aside for the test: {len(self.cut.test):,} of {len(self.frame):,} "
            f"rows, {self.cut.words}"
        )


def read_rows(spec: Spec) -> RawRows:
    """Read the file, and the test file where one is given.

    Raises:
        DataError: A file cannot be read or lacks a column that is named.
    """
    options, path = spec.options, spec.path
    names = column_names(path, encoding=options.get("encoding"))
    if "target" not in options:
        raise DataError(
            f"{path.name}: which column is to be predicted? Name it with --target: "
            f"{', '.join(names[:30])}"
        )
    if "time" in options and "groups" in options:
        raise DataError(
            f"{path.name}: --time cuts by time, --groups keeps groups together, and "
            "both at once cannot be kept; leave one out"
        )
    for option in ("target", "groups", "time", "column"):
        if option in options:
            _check_column(options[option], names, f"{path.name}: --{option}")
    raw = read_table(path, encoding=options.get("encoding"))
    frame = raw.frame if "test" not in options else _with_test(spec, raw.frame)
    return RawRows(frame=frame, n_own=len(raw.frame), notes=raw.notes)


def label_rows(
    spec: Spec,
    raw: RawRows,
    *,
    needed: Sequence[str] = (),
    group_by: Callable[[pd.DataFrame], NDArray[np.int64] | None] | None = None,
) -> LabelledRows:
    """Leave out incomplete rows, read the target and set the test part aside.

    Args:
        spec: Names target, time and groups.
        raw: As read.
        needed: Further columns without which a row is of no use.
        group_by: Returns the groups, (n,), where no column of groups is named.

    Raises:
        DataError: Nothing can be learned from these rows.
    """
    options, frame = spec.options, raw.frame
    kept, notes = _complete_rows(spec, frame, needed)
    if "time" in options:
        times = _times(frame[options["time"]].iloc[kept])
        kept = kept[np.argsort(times, kind="stable")]
    frame = frame.iloc[kept].reset_index(drop=True)
    target = read_target(frame[options["target"]], task=options.get("task"))
    groups = None
    if "groups" in options:
        groups = pd.factorize(frame[options["groups"]])[0].astype(np.int64)
    elif group_by is not None:
        groups = group_by(frame)
    is_own = kept < raw.n_own
    cut = _cut(spec, frame, target, groups, is_own)
    return LabelledRows(
        frame=frame,
        target=target,
        groups=groups,
        cut=cut,
        row_numbers=np.where(is_own, kept, kept - raw.n_own),
        notes=(*raw.notes, *notes, *_never_trained(target, cut)),
        sources={"train": spec.place, "test": options.get("test", spec.place)},
    )


def _check_column(name: str, names: list[str], where: str) -> None:
    if name not in names:
        shown = names if len(names) <= 30 else [n for n in names if n[:2] == name[:2]]
        raise DataError(f"{where}: {unknown('column', name, shown[:30])}")


def _with_test(spec: Spec, frame: pd.DataFrame) -> pd.DataFrame:
    path = Path(spec.options["test"])
    test = read_table(path, encoding=spec.options.get("encoding")).frame
    if missing := [str(name) for name in frame if name not in test]:
        raise DataError(
            f"--test {path}: must have the columns of {spec.path.name}, it lacks "
            f"{', '.join(missing[:10])}"
        )
    return pd.concat([frame, test[list(frame)]], ignore_index=True)


def _complete_rows(
    spec: Spec, frame: pd.DataFrame, needed: Sequence[str]
) -> tuple[NDArray[np.int64], list[str]]:
    """Return the rows that have a target, a time and a group, and say how many not."""
    kept = np.ones(len(frame), np.bool_)
    notes = []
    named = {
        f"{option} {spec.options[option]}": spec.options[option]
        for option in ("target", "time", "groups")
        if option in spec.options
    }
    for words, name in (named | {name: name for name in needed}).items():
        missing = frame[name].isna().to_numpy()
        if missing.mean() > _MOST_MISSING:
            raise DataError(
                f"{spec.path.name}: {words} must be in most rows, it is missing in "
                f"{missing.sum():,} of {len(frame):,}; use another column, or leave "
                "these rows out of the file"
            )
        if missing.any():
            notes.append(
                f"without {words}, so left out: {missing.sum():,} of "
                f"{len(frame):,} rows"
            )
        kept &= ~missing
    return np.flatnonzero(kept), notes


def _times(column: pd.Series) -> NDArray[Any]:
    """Return a time column as values that can be compared."""
    if pd.api.types.is_numeric_dtype(column):
        return column.to_numpy(np.float64)
    if not pd.api.types.is_datetime64_any_dtype(column):
        text = column.astype("str").str.strip()
        if (dates := read_dates(text, text)) is None:
            raise DataError(
                f"--time {column.name}: must hold numbers or dates in one form, such "
                f"as 2024-12-31, got {column.iloc[0]!r}; write dates as year-month-day"
            )
        column = dates[0]
    return column.to_numpy("datetime64[ns]")


def _cut(
    spec: Spec,
    frame: pd.DataFrame,
    target: Target,
    groups: NDArray[np.int64] | None,
    is_own: NDArray[np.bool_],
) -> Cut:
    options = spec.options
    if "test" in options:
        return Cut(
            train=np.flatnonzero(is_own),
            test=np.flatnonzero(~is_own),
            words=f"those of {Path(options['test']).name}",
        )
    if "time" in options:
        return set_latest_aside(_times(frame[options["time"]]), options["time"])
    return set_aside(
        target.y, stratified=target.task == "classification", groups=groups
    )


def _never_trained(target: Target, cut: Cut) -> list[str]:
    lost = np.setdiff1d(target.y[cut.test], target.y[cut.train])
    if target.task == "regression" or len(lost) == 0:
        return []
    names = ", ".join(target.classes[number] for number in lost[:5])
    return [f"classes of test rows only, which no network can learn: {names}"]
