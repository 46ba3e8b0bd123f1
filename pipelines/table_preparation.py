"""Tables made ready for a network by scikit-learn's transformers, fold by fold."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.impute import MissingIndicator, SimpleImputer
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder

from pipelines.pipeline import Transform
from pipelines.scaling import make_scaler
from pipelines.table_columns import CATEGORIES, DATES, MANY, NUMBERS
from spaces.params import Scalar

_RARE = 3
"""A category in fewer training rows is joined with others as rare."""

_DAY = 86_400.0  # seconds
_CYCLES = {"year": 365.2425, "week": 7.0, "day": 1.0}
"""Their length in days."""


def prepare_table(
    X: NDArray[Any],
    y: NDArray[Any],  # noqa: ARG001  (every `prepare` receives the targets too)
    params: Mapping[str, Scalar],
) -> Transform:
    """Learn medians, means, spreads and categories from training rows.

    Numbers: a missing one becomes the median, and where training rows miss some, a
    further column says so; then, by default, mean 0 and standard deviation 1. Dates:
    the day, and its place in year, week and day as sine and cosine, treated like
    numbers. Categories: a column of 0 and 1 for each, missing being one of them; those
    in fewer than 3 training rows, and all beyond the 50 most frequent, share one
    column; an unknown one counts as rare.

    Args:
        X: Training rows as in `pipelines.table_columns.Columns.X`.
        y: Not used.
        params: `input_norm`, of numbers and dates; see `pipelines.scaling`.

    Returns:
        A function from such rows (m,) to float32 (m, columns).
    """
    blocks = {
        name: _BLOCKS[name](params).fit(_plain(X, name)) for name in X.dtype.names or ()
    }

    def transform(rows: NDArray[Any]) -> NDArray[np.float32]:
        parts = [block.transform(_plain(rows, name)) for name, block in blocks.items()]
        return np.hstack(parts).astype(np.float32)

    return transform


def _plain(rows: NDArray[Any], name: str) -> NDArray[Any]:
    """Return a field as scikit-learn takes it: dates as days, NaN where missing."""
    values = rows[name]
    if name != DATES:
        return np.asarray(values)
    seconds = values.astype(np.int64).astype(np.float64)
    return np.asarray(np.where(np.isnat(values), np.nan, seconds / _DAY))


def _numbers(params: Mapping[str, Scalar], *steps: Any) -> Any:
    """Impute, apply the steps, scale; and say beside it what was missing."""
    filled = make_pipeline(
        SimpleImputer(strategy="median", keep_empty_features=True),
        *steps,
        make_scaler(params),
    )
    return make_union(filled, MissingIndicator(error_on_new=False))


def _dates(params: Mapping[str, Scalar]) -> Any:
    return _numbers(params, FunctionTransformer(_with_cycles))


def _with_cycles(days: NDArray[np.float64]) -> NDArray[np.float64]:
    """Add each date's place in year, week and day: the ends of a cycle meet."""
    angles = [2 * np.pi * days / length for length in _CYCLES.values()]
    waves = [wave(angle) for angle in angles for wave in (np.sin, np.cos)]
    return np.hstack([days, *waves])


def _categories(params: Mapping[str, Scalar]) -> Any:  # noqa: ARG001
    return OneHotEncoder(
        handle_unknown="infrequent_if_exist",
        min_frequency=_RARE,
        max_categories=MANY + 1,  # the joined ones share one
        sparse_output=False,
        dtype=np.float32,
    )


_BLOCKS: dict[str, Callable[[Mapping[str, Scalar]], Any]] = {
    NUMBERS: _numbers,
    DATES: _dates,
    CATEGORIES: _categories,
}
