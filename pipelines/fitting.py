"""Training and prediction that the pipelines share: plain `model.fit`."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from pipelines.batches import dense, make_batches
from pipelines.compiling import UNITS
from pipelines.early_stopping import BestSoFar, inner_rows
from pipelines.pipeline import Rows
from pipelines.shipping import Keeper, shipping
from spaces.params import Scalar

PREDICT_ROWS = 1024
"""Rows predicted at once: fewer cost calls, more fall out of the processor's cache
(measured: 4,096 rows take a third longer for 64 units, a tenth for 512)."""


def fit(
    model: Any,
    X: Rows,
    y: NDArray[Any],
    params: Mapping[str, Scalar],
    *,
    epochs: int,
    callbacks: Sequence[Any],
) -> None:
    """Train in place.

    Args:
        model: Compiled by `pipelines.compiling.compile_model`.
        X: Prepared training rows.
        y: Class numbers, int64 (n,), made one-hot for the loss; or values (n,).
        params: `batch_size`, and the techniques that act while training.
        epochs: At most so many; early stopping may take fewer.
        callbacks: Called after the techniques' own: what they see in the model after
            an epoch is what would be shipped.
    """
    keepers: list[Keeper] = []
    if params.get("early_stopping") == "on":
        learn, stop = inner_rows(y)
        patience = cast(int, params["patience"])
        keepers.append(BestSoFar(predict, X[stop], y[stop], patience=patience))
        X, y = X[learn], y[learn]
    targets, batch_size = _targets(model, y), cast(int, params["batch_size"])
    after_epoch = [*([shipping(keepers)] if keepers else []), *callbacks]
    options = {"epochs": epochs, "callbacks": after_epoch, "verbose": 0}
    if isinstance(X, np.ndarray):
        model.fit(X, targets, batch_size=batch_size, **options)
    else:
        model.fit(make_batches(X, targets, batch_size=batch_size), **options)


def predict(model: Any, X: Rows) -> NDArray[np.float32]:
    """Predict in inference mode, some thousand rows at once.

    Batch by batch without Keras' data set machinery, which costs several times
    the prediction itself for a few batches of a small network.

    Returns:
        Probabilities float32 (n, n_outputs), or values float32 (n,).
    """
    starts = range(0, X.shape[0], PREDICT_ROWS)
    batches = [
        np.asarray(model.predict_on_batch(dense(X[start : start + PREDICT_ROWS])))
        for start in starts
    ]
    predictions = np.concatenate(batches).astype(np.float32, copy=False)
    return predictions[:, 0] if is_regression(model) else predictions


def is_regression(model: Any) -> bool:
    """Say whether a model predicts values: it ends in their unit."""
    return bool(model.layers[-1].name == UNITS)


def _targets(model: Any, y: NDArray[Any]) -> NDArray[np.float32]:
    """Return targets as the loss takes them; sets a regression's unit."""
    import keras

    if not is_regression(model):
        one_hot = keras.utils.to_categorical(y, model.output_shape[-1])
        return cast(NDArray[np.float32], one_hot.astype(np.float32))
    spread = float(y.std()) or 1.0  # a constant target stays finite
    units = model.get_layer(UNITS)
    units.set_weights([np.array([[spread]]), np.array([y.mean()])])
    return y.astype(np.float32)[:, None]
