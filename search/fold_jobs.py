"""Make the jobs of a study's folds: what stays the same and what a trial adds."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from search.seeding import fold_seed
from search.splitters import rows_digest
from search.types import Fold, FoldJob, Settings
from spaces.space import Params


@dataclass(frozen=True, eq=False)
class JobMaker:
    """Turns parameters and a fold's number into a job.

    Attributes:
        settings: The study's.
        folds: All folds of the study.
        y: All training targets, (n,); `folds` count in them.
        n_outputs: Classes, or 1 for a regression.
        groups: Group of every training row, int64 (n,); None where none are kept
            together.
    """

    settings: Settings
    folds: Sequence[Fold]
    y: NDArray[Any]
    n_outputs: int
    groups: NDArray[np.int64] | None = None

    @property
    def n_folds(self) -> int:
        """Number of folds of each trial."""
        return len(self.folds)

    def make(
        self,
        params: Params,
        fold: int,
        *,
        epochs: int,
        floor: Sequence[float] | None = None,
        seconds: float = 0.0,
    ) -> FoldJob:
        """Return the job that trains `params` on one fold.

        `seconds` is what the trial's other folds took.
        """
        s = self.settings
        left = None if s.max_seconds is None else max(0.0, s.max_seconds - seconds)
        return FoldJob(
            pipeline=s.pipeline,
            data_digest=s.data_digest,
            n_rows=s.n_rows,
            params=params,
            cv=s.cv,
            split_seed=s.split_seed,
            fold=fold,
            rows_digest=rows_digest([self.folds[fold]]),
            seed=fold_seed(s.seed, fold=fold, repeat=self.folds[fold].repeat),
            epochs=epochs,
            metrics=s.metrics,
            backend=s.backend,
            groups=s.groups,
            max_parameters=s.max_parameters,
            max_seconds=left,
            max_memory=s.max_memory,
            init_digest=s.init_digest,
            floor=None if floor is None else tuple(floor),
        )
