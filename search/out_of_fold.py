"""Out-of-fold predictions of recorded trials, read back from the tracking store.

Each validation row was predicted by a network that had not seen it. They are the raw
material of confusion matrices, of the winner's corrected score, and of ensembles.
"""

import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from search.errors import TrackingError
from search.results import numbered_trial
from search.store import Store
from search.stored_study import RecordedTrial

ARTIFACT = "predictions.npz"


@dataclass(frozen=True, kw_only=True, eq=False)
class OutOfFold:
    """A trial's predictions at its common epoch, fold after fold.

    A row stands as often as it was validated: once in a k-fold, once a repeat in a
    repeated one, any number of times in Monte Carlo splits.

    Attributes:
        rows: Row numbers in the training part, int64 (n,).
        fold: Number of the fold that validated it, int64 (n,).
        y: Targets, (n,).
        predictions: Class probabilities, float32 (n, n_classes), or values, (n,).
        group: Number of the group that its row is in, int64 (n,); None where the study
            keeps no groups together, and in files from before they were stored.
    """

    rows: NDArray[np.int64]
    fold: NDArray[np.int64]
    y: NDArray[Any]
    predictions: NDArray[np.float32]
    group: NDArray[np.int64] | None = None

    @property
    def units(self) -> NDArray[np.int64]:
        """What is independent of one another: groups or else rows, int64 (n,)."""
        return self.rows if self.group is None else self.group

    def is_like(self, other: "OutOfFold") -> bool:
        """Say whether both are of the same rows, folds, targets and outputs."""
        return (
            np.array_equal(self.rows, other.rows)
            and np.array_equal(self.fold, other.fold)
            and np.array_equal(self.y, other.y)
            and self.predictions.shape == other.predictions.shape
        )


def read_out_of_fold(store: Store, recorded: RecordedTrial) -> OutOfFold:
    """Read the predictions of a complete trial; a copy has those of its original.

    Raises:
        TrackingError: The run does not have them, or they are damaged.
    """
    while (copied := recorded.trial.copy_of) is not None:
        recorded = numbered_trial(store, recorded.study, copied)
    with store.artifact(recorded.run_id, ARTIFACT) as path:
        return load_out_of_fold(path)


def load_out_of_fold(path: Path) -> OutOfFold:
    """Read a file of predictions, as a journal and a trial's run hold them.

    Raises:
        TrackingError: It is no such file.
    """
    try:
        with np.load(path) as stored:  # pickled objects are refused
            return OutOfFold(
                rows=stored["rows"],
                fold=stored["fold"],
                y=stored["y"],
                predictions=stored["predictions"].astype(np.float32),
                group=stored.get("group"),
            )
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise TrackingError(
            f"{path.name}: must hold a trial's rows, fold, y and predictions ({error})"
        ) from None
