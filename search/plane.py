"""What a network predicts in the plane around its training rows.

For rows of two inputs: the boundaries between its classes can be looked at.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.batches import dense
from pipelines.pipeline import Pipeline
from pipelines.registry import get_pipeline
from search.final import FinalJob, train_final
from search.fit import as_one_model

N_STEPS = 150
"""Points of the grid along each axis: finer than a panel's pixels can show."""

MARGIN = 0.1
"""Of the rows' range, left around them."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Plane:
    """Predictions on a regular grid, and the rows that they were learned from.

    Attributes:
        rows: Prepared training rows, float32 (n, 2).
        y: Their classes, int64 (n,).
        axes: The grid's values of the first and of the second input, float32 (k,)
            each.
        by_epoch: Probabilities float32 (k, k, n_classes) after each epoch that was
            asked for: [i, j] is where the second input is axes[1][i] and the first is
            axes[0][j].
    """

    rows: NDArray[np.float32]
    y: NDArray[Any]
    axes: tuple[NDArray[np.float32], NDArray[np.float32]]
    by_epoch: Mapping[int, NDArray[np.float32]]


def has_plane(pipeline: Pipeline, inputs: tuple[int, ...]) -> bool:
    """Say whether prepared rows of this shape can be drawn: two inputs, and classes."""
    return pipeline.task == "classification" and inputs == (2,)


def run_plane(job: FinalJob) -> Plane:
    """Train on the training rows, then predict the plane; no test row is read.

    Args:
        job: `also_after` says after which epochs beside its last; its test digest is
            not used.

    Raises:
        Errors of `search.final.run_final`.
    """
    trained = train_final(job)
    rows = dense(trained.X)
    low, high = rows.min(axis=0), rows.max(axis=0)
    margin = MARGIN * np.where(high > low, high - low, 1)
    first, second = np.linspace(low - margin, high + margin, N_STEPS).T.astype("f4")
    grid = np.stack(np.meshgrid(first, second), axis=2).reshape(-1, 2)
    pipeline, fitted = get_pipeline(job.pipeline), trained.fitted
    by_epoch = {
        epoch: pipeline.evaluate(
            as_one_model(pipeline, job.params, fitted.shape, networks), grid
        ).reshape(N_STEPS, N_STEPS, -1)
        for epoch, networks in {**fitted.kept, job.epochs: fitted.networks}.items()
    }
    return Plane(rows=rows, y=trained.y, axes=(first, second), by_epoch=by_epoch)
