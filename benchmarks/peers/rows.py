"""Rows and folds, the same for every side: only the numbers of rows are ours."""

import json
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from numpy.typing import NDArray

from pipelines.fashion_mnist import PIPELINE
from search.rows import make_folds
from search.types import Fold


def fashion_mnist(
    rows: int, cv: str
) -> tuple[NDArray[np.uint8], NDArray[np.int64], list[Fold]]:
    """Return images (60,000, 28, 28), classes (60,000,) and the folds of a search.

    Args:
        rows: So many rows are in the folds, those that `--rows` draws.
        cv: As for `--cv`; the seed of the split is the command's default.
    """
    part = PIPELINE.load("train")
    X, y = np.asarray(part.X), np.asarray(part.y)
    n_rows = None if rows == len(y) else rows
    return X, y, make_folds(y, cv, split_seed=0, n_rows=n_rows, stratified=True)


def standardised(
    X_train: NDArray[np.uint8], X_valid: NDArray[np.uint8]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Scale both by mean and standard deviation of the training pixels."""
    mean, spread = X_train.mean(), X_train.std()
    train = (X_train.astype("float32") - np.float32(mean)) / np.float32(spread)
    valid = (X_valid.astype("float32") - np.float32(mean)) / np.float32(spread)
    return train, valid


def seconds_since_start() -> float:
    """Return how long this process has been running, imports included."""
    return time.time() - psutil.Process().create_time()


@dataclass
class Record:
    """Finished trials as JSON lines, with the seconds since the one before.

    The first trial's seconds begin with the process, imports included. Where the file
    holds trials already, a stopped search goes on: they begin with this record.
    """

    path: Path
    _last: float = field(init=False)

    def __post_init__(self) -> None:
        self._last = time.time()
        if not self.path.is_file():
            self._last -= seconds_since_start()

    def add(self, **trial: Any) -> None:
        """Append a trial."""
        now = time.time()
        line = json.dumps({**trial, "seconds": now - self._last})
        with self.path.open("a") as file:
            file.write(line + "\n")
        self._last = now
