"""Batches made while training: sparse rows made dense, rows altered by chance."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.pipeline import Rows

Batch = tuple[NDArray[np.float32], NDArray[np.float32]]

Alter = Callable[[NDArray[np.float32], NDArray[np.float32], np.random.Generator], Batch]
"""Turns a batch of rows (n, ...) and targets (n, n_outputs) into another one."""


def dense(X: Rows) -> NDArray[np.float32]:
    """Return rows as a dense array; arrays as they are."""
    return X if isinstance(X, np.ndarray) else X.toarray()


def make_batches(
    X: Rows,
    y: NDArray[np.float32],
    *,
    batch_size: int,
    alter: Alter | None = None,
) -> Any:
    """Return a `keras.utils.PyDataset` of shuffled batches, another order each epoch.

    Args:
        X: Prepared rows; of sparse ones a batch at a time is made dense.
        y: Targets as the loss takes them, (n, n_outputs).
        batch_size: Rows of a batch; the last one may have fewer.
        alter: Applied to each batch, on a copy.
    """
    import keras

    # From the generator that Keras shuffles by, which each fold seeds.
    rng = np.random.default_rng(np.random.randint(2**31))  # noqa: NPY002

    class Batches(keras.utils.PyDataset):  # type: ignore[misc]
        order = rng.permutation(len(y))

        def __len__(self) -> int:
            return math.ceil(len(y) / batch_size)

        def __getitem__(self, index: int) -> Batch:
            rows = self.order[index * batch_size : (index + 1) * batch_size]
            batch = dense(X[rows]), y[rows]
            return batch if alter is None else alter(*batch, rng)

        def on_epoch_end(self) -> None:
            self.order = rng.permutation(len(y))

    return Batches()
