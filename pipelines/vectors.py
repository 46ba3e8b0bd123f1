"""Preparation that pipelines with columns of numbers share."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.pipeline import Transform
from pipelines.scaling import make_scaler
from spaces.params import Scalar


def scale_columns(
    X: NDArray[Any],
    y: NDArray[Any],  # noqa: ARG001  (every `prepare` receives the targets too)
    params: Mapping[str, Scalar],
) -> Transform:
    """Learn a scale of each column of `X`.

    Args:
        X: Training rows, (n, n_columns), any numeric type, nothing missing.
        y: Not used.
        params: `input_norm`; see `pipelines.scaling`.

    Returns:
        A function from rows (m, n_columns) to float32 (m, n_columns), by default each
        column with mean 0 and standard deviation 1 over the training rows. A column
        that is constant in them is only shifted.
    """
    scaler = make_scaler(params).fit(X.astype(np.float64))

    def transform(rows: NDArray[Any]) -> NDArray[np.float32]:
        scaled: NDArray[np.float64] = scaler.transform(rows.astype(np.float64))
        return scaled.astype(np.float32)

    return transform
