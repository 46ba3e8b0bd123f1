"""Predictions of folds and trials, in files beside the journal."""

from collections.abc import Collection, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.atomic_file import replacing
from search.disk import explained
from search.types import FoldResult

FOLDER = "predictions"


class PredictionFiles:
    """A folder with one file a fold of running trials and one a complete trial.

    Many threads may use it.

    Args:
        study: The study's folder; theirs lies in it, see `create`.
    """

    def __init__(self, study: Path) -> None:
        self._folder = study / FOLDER
        self._study = study.name

    def create(self) -> None:
        """Make the folder; it is there when an earlier start was killed.

        Raises:
            OSError: It cannot be made.
        """
        self._folder.mkdir(parents=True, exist_ok=True)

    def keep_fold(self, number: int, result: FoldResult) -> FoldResult:
        """Store a fold's predictions and return it without them and without its rows.

        To be done before its line is written: a fold that is in the journal is whole.

        Raises:
            FatalError: The disk did not take them.
        """
        assert result.predictions is not None  # they are dropped here and only here
        predictions = result.predictions
        path = self._fold(number, result.fold)
        with explained(path, self._study), replacing(path) as file:
            np.save(file, predictions, allow_pickle=False)
        return replace(result, predictions=None, rows=np.empty(0, np.int64))

    def of_fold(self, number: int, fold: int) -> NDArray[np.float32]:
        """Return a running trial's predictions, float32 (epochs, m, n_outputs)."""
        array: NDArray[np.float32] = np.load(
            self._fold(number, fold), mmap_mode="r", allow_pickle=False
        )
        return array

    def keep_trial(self, number: int, arrays: dict[str, NDArray[Any]]) -> Path:
        """Store a trial's predictions at its common epoch, in place of all epochs.

        Raises:
            FatalError: The disk did not take them.
        """
        path = self.of_trial(number)
        with explained(path, self._study), replacing(path) as file:
            np.savez_compressed(file, **arrays)  # type: ignore[arg-type]
        return path

    def of_trial(self, number: int) -> Path:
        """Return where a complete trial's predictions lie."""
        return self._folder / file_name(number)

    def drop_folds(self, number: int, folds: Iterable[int]) -> None:
        """Remove predictions of all epochs of an ended trial, if they are there."""
        for fold in folds:
            self._fold(number, fold).unlink(missing_ok=True)

    def drop_folds_but_of(self, running: Collection[int]) -> None:
        """Remove what a crash left of trials that have ended, and half files."""
        for path in self._folder.glob("trial-*-fold-*"):
            if int(path.name.split("-")[1]) not in running:
                path.unlink()
        for path in self._folder.glob(".*.part"):  # a process was killed while writing
            path.unlink()

    def _fold(self, number: int, fold: int) -> Path:
        return self._folder / f"trial-{number:05}-fold-{fold}.npy"


def file_name(number: int) -> str:
    """Return the name of the file of a complete trial's predictions."""
    return f"trial-{number:05}.npz"
