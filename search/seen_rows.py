"""Whether a run was trained on rows of this study, whose scores it would flatter.

A rerun trains on all training rows of its data. What it has seen must not be in any
validation part of a study that begins with its weights.
"""

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.mapped import open_mapped
from pipelines.part import Part, PartName, digest
from pipelines.registry import get_pipeline, recorded_word
from pipelines.spec import short_name
from search.errors import SettingsError
from search.held_out import repeated_rows
from search.types import Settings
from spaces.errors import TunefoldError

MAX_SHARE = 0.001
"""Rows such as empty images repeat by chance. So few can move an accuracy by a tenth of
a percentage point at most."""


def refuse_seen(settings: Settings, part: Part, *, run: str, source: Settings) -> str:
    """Refuse to begin with a run that has seen rows of this study.

    Equal digests of the data, or of the targets alone (as in data sets that differ in
    their inputs only), tell it anywhere. Rows are compared one by one where the run's
    data are here and its rows have the shape of these: values as they were loaded,
    inputs alone.

    Args:
        settings: This study's.
        part: Its training data.
        run: The rerun, for the text.
        source: Settings of the study that was rerun.

    Returns:
        One line for the user: what was compared.

    Raises:
        SettingsError: The run has seen rows of this study.
    """
    name = f"{source.name} ({short_name(source.pipeline)})"
    theirs = _data_of(source)
    shared = None
    known = source.target_digest or (theirs and target_digest(theirs))
    if source.data_digest == settings.data_digest:
        shared = "the same data"
    elif known == settings.target_digest:
        shared = (
            f"the same {len(part.y):,} targets, so the same rows under other inputs"
        )
    repeated = None if theirs is None else _repeated(part.X, theirs.X)
    n_repeated = 0 if repeated is None else int(repeated.sum())
    if shared is None and n_repeated > MAX_SHARE * len(part.y):
        shared = f"{n_repeated:,} of the {len(part.y):,} training rows of this study"
    if shared is not None:
        raise SettingsError(
            f"--init-from {run}: that run must not have seen this study's validation "
            f"rows, but study {name} trained it on {shared}; begin with a run on other "
            "data"
        )
    begun = f"note: what run {run[:8]} of {name} was trained on"
    if theirs is None:
        return (
            f"{begun} is not here: only digests of data and targets were compared; "
            "that none of this study's rows is among it is for you to know"
        )
    if repeated is None:
        return (
            f"{begun} has rows of another form, {theirs.X.shape[1:]}, here "
            f"{part.X.shape[1:]}: only digests of data and targets were compared"
        )
    amount = f"{n_repeated:,}" if n_repeated else "none"
    return f"{begun} holds {amount} of this study's {len(part.y):,} training rows"


def seen_in(X: NDArray[Any], sources: Iterable[Settings]) -> NDArray[np.bool_]:
    """Say which rows studies were trained on, as far as their data are here.

    Args:
        X: Rows as they were loaded, (n, ...).
        sources: Settings of the studies.

    Returns:
        bool (n,); False where rows cannot be compared.
    """
    seen = np.zeros(len(X), np.bool_)
    for source in sources:
        theirs = _data_of(source)
        repeated = None if theirs is None else _repeated(X, theirs.X)
        if repeated is not None:
            seen |= repeated
    return seen


def target_digest(part: Part) -> str:
    """Return the digest of a part's targets alone."""
    return digest(Part(part.y, part.y, source=part.source))


def _data_of(source: Settings) -> Part | None:
    """Return the training data of a study where they can be had, None elsewhere."""

    def load(part: PartName) -> Part:
        return get_pipeline(recorded_word(source.pipeline, named=None)).load(part)

    try:
        return open_mapped(
            load,
            name=source.pipeline,
            part="train",
            expected_digest=source.data_digest,
        )
    except (TunefoldError, OSError):
        return None


def _repeated(rows: NDArray[Any], seen: NDArray[Any]) -> NDArray[np.bool_] | None:
    """Say which rows are among others; None where they cannot be compared."""
    if rows.shape[1:] != seen.shape[1:]:
        return None
    try:
        dtype = np.result_type(rows.dtype, seen.dtype)
    except TypeError:
        return None
    mine, others = (np.asarray(array, dtype) for array in (rows, seen))
    return repeated_rows(
        Part(others, others, source="seen"), Part(mine, mine, source="rows")
    )
