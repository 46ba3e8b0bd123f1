"""How networks whose configurations prepare rows differently take the same rows.

One model has one input: the rows that one of its members prepares. What another one
prepares otherwise is often these rows shifted and scaled (`input_norm`), and then goes
into the model as a layer.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from pipelines.part import Part
from pipelines.pipeline import Pipeline, Rows
from search.errors import SettingsError
from search.final import FinalJob, final_rows

Noun = Literal["trial", "fold"]
"""What the networks of one model belong to."""

_OPTIONS = {"trial": "--ensemble", "fold": "--folds"}

N_IMAGES = 2_000
"""So many are compared: one scale belongs to all their pixels, or to a channel."""

TOLERANCE = 1e-5
"""Of the values' range: float32 values scaled and scaled back differ by less."""


@dataclass(frozen=True)
class Rescale:
    """Makes a member's rows of those that the model takes: x * scale + offset.

    Attributes:
        scale: One for all, or one for each column or channel.
        offset: As many.
    """

    scale: tuple[float, ...] = (1.0,)
    offset: tuple[float, ...] = (0.0,)


SAME = Rescale()
"""For rows that are equal."""


def common_inputs(
    pipeline: Pipeline,
    train: Part,
    jobs: Mapping[int, FinalJob],
    *,
    study: str,
    noun: Noun = "trial",
) -> list[Rescale]:
    """Return how each network's rows are made of those that the first one prepares.

    Preparations are learned as `search.final` learns them, and applied to all training
    rows (of images, to some): a column that is constant in a part of the rows would
    hide its scale.

    Args:
        pipeline: Of all jobs.
        train: The training part.
        jobs: By the number of the trial or the fold.
        study: Its name, for the message.
        noun: What the numbers are of.

    Raises:
        SettingsError: More than a shift and a scale lies between the rows of two.
    """
    y = np.asarray(train.y)
    places = np.arange(len(y))
    if train.X.ndim >= 3:
        places = np.linspace(0, len(y) - 1, min(len(y), N_IMAGES)).astype(np.int64)
    compared = train.X[places]

    def prepared(job: FinalJob) -> Rows:
        rows = final_rows(pipeline, train, job)
        return pipeline.prepare(train.X[rows], y[rows], job.params)(compared)

    (first, job), *others = jobs.items()
    given = prepared(job)
    found = {number: find_rescale(given, prepared(other)) for number, other in others}
    differing = [str(number) for number, rescale in found.items() if rescale is None]
    if differing:
        raise SettingsError(
            f"{_OPTIONS[noun]}: one model has one input, and rows as {noun} {first} "
            f"prepares them cannot be scaled to those of {noun} "
            f"{', '.join(differing)}; "
            f"'tunefold rerun {study}' trains the best trial alone"
        )
    return [SAME, *(rescale for rescale in found.values() if rescale is not None)]


def find_rescale(given: Rows, wanted: Rows) -> Rescale | None:
    """Return what makes the wanted rows of the given ones, None where nothing does.

    Args:
        given: Vectors (n, d), of which each column may have a scale of its own; images
            (n, h, w), with one for all; or with channels (n, h, w, c). Sparse rows are
            equal or not.
        wanted: The same rows in another preparation.
    """
    if given.shape != wanted.shape:
        return None
    if not (isinstance(given, np.ndarray) and isinstance(wanted, np.ndarray)):
        return SAME if (given != wanted).nnz == 0 else None
    if np.array_equal(given, wanted):
        return SAME
    n_scales = 1 if given.ndim == 3 else given.shape[-1]
    x, y = (rows.reshape(-1, n_scales) for rows in (given, wanted))
    low, high = (_at(x, y, pick) for pick in (np.argmin, np.argmax))
    width = high[0] - low[0]
    constant = width == 0  # both scalers only shift such a column
    scale = np.where(constant, 1.0, (high[1] - low[1]) / np.where(constant, 1.0, width))
    offset = low[1] - scale * low[0]
    error = np.abs(x * scale + offset - y).max(axis=0)
    if (error > TOLERANCE * np.maximum(1.0, np.ptp(y, axis=0))).any():
        return None
    return Rescale(tuple(scale.tolist()), tuple(offset.tolist()))


def _at(
    x: NDArray[np.float32],
    y: NDArray[np.float32],
    pick: Callable[..., NDArray[np.int64]],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return both values in the rows where each column of `x` is picked."""
    rows = pick(x, axis=0)[None]
    return (
        np.take_along_axis(x, rows, axis=0)[0].astype(np.float64),
        np.take_along_axis(y, rows, axis=0)[0].astype(np.float64),
    )
