"""Preparation that pipelines with columns of numbers share."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.pipeline import Transform
from spaces.params import Scalar


def standardise_columns(
    X: NDArray[Any],
    y: NDArray[Any],  # noqa: ARG001  (every `prepare` receives the targets too)
    params: Mapping[str, Scalar],  # noqa: ARG001
) -> Transform:
    """Learn the mean and the standard deviation of each column of `X`.

    Args:
        X: Training rows, (n, n_columns), any numeric type, nothing missing.
        y: Not used.
        params: Not used.

    Returns:
        A function from rows (m, n_columns) to float32 (m, n_columns), each column with
        mean 0 and standard deviation 1 over the training rows. A column that is
        constant in them is only shifted.
    """
    from sklearn.preprocessing import StandardScaler

    scaler = StandardScaler().fit(X.astype(np.float64))

    def transform(rows: NDArray[Any]) -> NDArray[np.float32]:
        scaled: NDArray[np.float64] = scaler.transform(rows.astype(np.float64))
        return scaled.astype(np.float32)

    return transform
