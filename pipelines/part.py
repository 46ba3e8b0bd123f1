"""One half of a data set as loaded, and the digest that names its content."""

import hashlib
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from spaces.errors import DataError

PartName = Literal["train", "test"]
PARTS: tuple[PartName, ...] = ("train", "test")


@dataclass(frozen=True, eq=False)
class Part:
    """One half of a data set, raw: nothing is scaled, fitted or left out.

    The arrays are read-only views, whether they lie in memory or in a mapped
    file: what a pipeline prepares, it prepares on a copy.

    Raises:
        DataError: The arrays differ in their number of rows, or hold Python objects
            (which can neither be compared by content nor mapped from a file).
    """

    X: NDArray[Any]
    """Inputs with the rows first, for example uint8 (n, 28, 28)."""
    y: NDArray[Any]
    """Targets, for example int64 (n,)."""
    source: str
    """Where the data came from, in words."""
    groups: NDArray[Any] | None = None
    """Group of each row, (n,): rows of one group belong into the same fold."""

    def __post_init__(self) -> None:
        for field, array in self.arrays().items():
            if array.ndim == 0 or len(array) != len(self.X):
                raise DataError(
                    f"{self.source}: X, y and groups must have the same number of"
                    f" rows, got X {self.X.shape} and {field} {array.shape};"
                    " mend the loader"
                )
            if array.dtype.hasobject:
                raise DataError(
                    f"{self.source}: {field} must hold plain values, got Python"
                    f" objects (dtype {array.dtype}); convert it to numbers or to"
                    " text of a fixed width"
                )
            view = array.view()
            view.flags.writeable = False
            object.__setattr__(self, field, view)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return the arrays by field name, without groups where there are none."""
        found = {"X": self.X, "y": self.y}
        return found if self.groups is None else found | {"groups": self.groups}


def digest(part: Part) -> str:
    """Name the content of a part: equal data, equal digest, wherever it came from.

    Args:
        part: The data. Its source in words does not count.

    Returns:
        SHA-256 over dtype, shape and bytes (in C order) of X, y and, where there
        are any, groups: 64 hexadecimal digits.

    Example:
        >>> X, y = np.zeros((2, 3), np.uint8), np.zeros(2, np.int64)
        >>> digest(Part(X, y, source="made up"))[:12]
        '3d68f329fa3a'
    """
    sha256 = hashlib.sha256()
    for field, array in part.arrays().items():
        dtype = np.lib.format.dtype_to_descr(array.dtype)
        sha256.update(f"{field} {dtype} {list(array.shape)}\n".encode())
        sha256.update(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data)
    return sha256.hexdigest()
