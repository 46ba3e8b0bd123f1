"""Preparation that image pipelines share."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.pipeline import Transform
from spaces.params import Scalar


def standardise(
    X: NDArray[Any],
    y: NDArray[Any],  # noqa: ARG001  (every `prepare` receives the targets too)
    params: Mapping[str, Scalar],  # noqa: ARG001
) -> Transform:
    """Learn one mean and one standard deviation over all pixels of `X`.

    One pair for the whole image, not one per pixel: pixels at the border are
    almost constant, and dividing by their tiny spread would blow up noise. Channels
    measure different things: each has its own pair.

    Args:
        X: Training images, (n, height, width), or (n, height, width, channels), any
            numeric type.
        y: Not used.
        params: Not used.

    Returns:
        A function from images (m, ...) to float32 (m, ...) with mean 0 and
        standard deviation 1 over the training rows, each channel by itself; what is
        constant in them becomes 0.
    """
    # One by one: the mean of all at once copies them as float64.
    channels = [X[..., c] for c in range(X.shape[3])] if X.ndim == 4 else [X]
    mean = np.array([channel.mean(dtype=np.float64) for channel in channels])
    spread = np.array([channel.std(dtype=np.float64) or 1.0 for channel in channels])

    def transform(images: NDArray[Any]) -> NDArray[np.float32]:
        scaled = images.astype(np.float32)
        scaled -= mean.astype(np.float32)
        scaled *= (1 / spread).astype(np.float32)
        return scaled

    return transform
