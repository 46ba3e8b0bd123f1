"""Which rows stay together in a fold."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipelines.duplicates import duplicate_groups
from pipelines.part import Part
from spaces.errors import UnknownNameError
from spaces.space import unknown

KINDS = {
    "pipeline": "the groups that come with the pipeline's data",
    "duplicates": "rows that are nearly the same",
}


def row_groups(
    kind: str | None, part: Part, *, digest: str, cache: Path | None = None
) -> NDArray[np.int64] | None:
    """Return each row's group.

    Args:
        kind: A name in `KINDS`, or None.
        part: The training data.
        digest: Names its content, see `pipelines.part.digest`.
        cache: Folder of what was found before; None is the user's cache folder.

    Returns:
        int64 (n,), rows of one group have the same number; None for kind None.

    Raises:
        UnknownNameError: The kind is unknown, the data has no groups, or its inputs are
            no numbers.
    """
    if kind is None:
        return None
    if kind == "duplicates":
        if (found := duplicate_groups(part, digest=digest, cache=cache)) is None:
            raise UnknownNameError(
                "--groups duplicates: near-duplicates can be told among numbers, got "
                f"inputs of {part.X.dtype}; use another --groups, or none"
            )
        return found
    if kind != "pipeline":
        raise UnknownNameError(f"--groups: {unknown('kind of groups', kind, KINDS)}")
    if part.groups is None:
        raise UnknownNameError(
            "--groups pipeline: the pipeline's data has no groups; use --groups "
            "duplicates, or none"
        )
    _, groups = np.unique(part.groups, return_inverse=True)
    return groups.astype(np.int64)
