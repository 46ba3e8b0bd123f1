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
    almost constant, and dividing by their tiny spread would blow up noise.

    Args:
        X: Training images, (n, ...), any numeric type.
        y: Not used.
        params: Not used.

    Returns:
        A function from images (m, ...) to float32 (m, ...) with mean 0 and
        standard deviation 1 over the training rows.
    """
    mean = X.mean(dtype=np.float64)
    spread = X.std(dtype=np.float64) or 1.0  # a constant image set stays finite

    def transform(images: NDArray[Any]) -> NDArray[np.float32]:
        scaled = images.astype(np.float32)
        scaled -= np.float32(mean)
        scaled *= np.float32(1 / spread)
        return scaled

    return transform
