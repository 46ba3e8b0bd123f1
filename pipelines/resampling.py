"""Classes of unequal size: drawn equally often, or weighed in the loss.

Source: Japkowicz and Stephen 2002, The Class Imbalance Problem, Intelligent Data
Analysis 6.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.pipeline import Rows
from spaces.params import Scalar


def resampled(
    X: Rows, y: NDArray[Any], params: Mapping[str, Scalar]
) -> tuple[Rows, NDArray[Any]]:
    """Draw training rows so that all classes have equally many.

    Rows of a class are repeated or left out, each equally often up to one; which, is
    drawn from NumPy's global generator, which each fold seeds.

    Args:
        X: Prepared training rows.
        y: Their class numbers, int64 (n,).
        params: `resample` is `over` (as many rows of each class as the largest has),
            `under` (as the smallest has) or `none`. Classes without rows stay so.

    Returns:
        Rows and class numbers, class by class; the same objects where it is off.

    Raises:
        ValueError: The target is a number.
    """
    n_each = _rows_of_each(y, params)
    if n_each is None:
        return X, y
    chosen = np.concatenate(
        [
            np.resize(np.random.permutation(np.flatnonzero(y == number)), n_each)  # noqa: NPY002
            for number in np.unique(y)
        ]
    )
    return X[chosen], y[chosen]


def n_resampled(y: NDArray[Any], params: Mapping[str, Scalar]) -> int:
    """Return how many rows `resampled` gives: an epoch's steps follow from it.

    Raises:
        ValueError: The target is a number.
    """
    n_each = _rows_of_each(y, params)
    return len(y) if n_each is None else n_each * len(np.unique(y))


def class_weights(
    y: NDArray[Any], params: Mapping[str, Scalar]
) -> dict[int, float] | None:
    """Return weights by which all classes count equally in the loss.

    Args:
        y: Class numbers of the training rows, int64 (n,).
        params: `class_weights` switches them on.

    Returns:
        For each class that has rows n / (n_classes * n_rows_of_it), as Keras'
        `class_weight` takes it: mean 1 over the rows. A row that was mixed of two
        classes has the weight of the larger share. None where it is off.

    Raises:
        ValueError: The target is a number.

    Source: scikit-learn's `compute_class_weight`, after King and Zeng 2001, Logistic
    Regression in Rare Events Data, Political Analysis 9.
    """
    if not params.get("class_weights", False):
        return None
    from sklearn.utils.class_weight import compute_class_weight

    _check_classes("class_weights", y)
    numbers = np.unique(y)
    weights = compute_class_weight("balanced", classes=numbers, y=y)
    return dict(zip(numbers.tolist(), weights.tolist(), strict=True))


def _rows_of_each(y: NDArray[Any], params: Mapping[str, Scalar]) -> int | None:
    kind = params.get("resample", "none")
    if kind == "none":
        return None
    _check_classes("resample", y)
    _, counts = np.unique(y, return_counts=True)
    return int(counts.max() if kind == "over" else counts.min())


def _check_classes(name: str, y: NDArray[Any]) -> None:
    if y.dtype.kind not in "iu":
        raise ValueError(
            f"{name}: needs classes, the target is a number; leave it out of the space"
        )
