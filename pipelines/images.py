"""Preparation that image pipelines share."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.pipeline import Transform
from pipelines.scaling import scaling
from spaces.params import Scalar


def scale_images(
    X: NDArray[Any],
    y: NDArray[Any],  # noqa: ARG001  (every `prepare` receives the targets too)
    params: Mapping[str, Scalar],
) -> Transform:
    """Learn one scale over all pixels of `X`.

    One pair for the whole image, not one per pixel: pixels at the border are
    almost constant, and dividing by their tiny spread would blow up noise. Channels
    measure different things: each has its own pair.

    Args:
        X: Training images, (n, height, width), or (n, height, width, channels), any
            numeric type.
        y: Not used.
        params: `input_norm`; see `pipelines.scaling`.

    Returns:
        A function from images (m, ...) to float32 (m, ...), by default with mean 0 and
        standard deviation 1 over the training rows, each channel by itself; what is
        constant in them becomes 0.
    """
    # One by one: the mean of all at once copies them as float64.
    channels = [X[..., c] for c in range(X.shape[3])] if X.ndim == 4 else [X]
    scale = _SCALES[scaling(params)]
    start, size = np.array([scale(channel) for channel in channels]).T
    size[size == 0] = 1.0

    def transform(images: NDArray[Any]) -> NDArray[np.float32]:
        scaled = images.astype(np.float32)
        scaled -= start.astype(np.float32)
        scaled *= (1 / size).astype(np.float32)
        return scaled

    return transform


_SCALES: dict[str, Callable[[NDArray[Any]], tuple[float, float]]] = {
    "standard": lambda x: (x.mean(dtype=np.float64), x.std(dtype=np.float64)),
    "minmax": lambda x: (float(x.min()), float(x.max()) - float(x.min())),
    "raw": lambda _: (0.0, 1.0),
}
"""What becomes 0, and what becomes 1 more."""
