"""Training and prediction that the pipelines share: plain `model.fit`."""

import functools
from collections.abc import Mapping, Sequence
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from pipelines.alterations import alteration
from pipelines.averaging import EpochAverage, StepAverage
from pipelines.batches import dense, make_batches
from pipelines.compiling import UNITS
from pipelines.early_stopping import BestSoFar, inner_rows
from pipelines.pipeline import Rows
from pipelines.pruning import Pruner
from pipelines.resampling import class_weights, resampled
from pipelines.shipping import Keeper, several, shipping
from pipelines.snapshots import Snapshots
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
    stopping: list[Keeper] = []
    if params.get("early_stopping") == "on":
        learn, stop = inner_rows(y)
        patience = cast(int, params["patience"])
        stopping = [BestSoFar(predict, X[stop], y[stop], patience=patience)]
        X, y = X[learn], y[learn]
    X, y = resampled(X, y, params)
    alter = alteration(params, X)
    # A training may end before the epochs its schedules are laid over.
    planned = getattr(model, "planned_epochs", None) or epochs
    keepers = [*_keepers(X, params, planned), *stopping]
    targets, batch_size = _targets(model, y), cast(int, params["batch_size"])
    own = [shipping(keepers), *_beginnings(model, keepers)] if keepers else []
    options = {
        "epochs": epochs,
        "callbacks": [*own, *callbacks],
        "class_weight": class_weights(y, params),
        "verbose": 0,
    }
    if isinstance(X, np.ndarray) and alter is None:
        model.fit(X, targets, batch_size=batch_size, **options)
    else:
        batches = make_batches(X, targets, batch_size=batch_size, alter=alter)
        model.fit(batches, **options)


def predict(model: Any, X: Rows) -> NDArray[np.float32]:
    """Predict in inference mode, some thousand rows at once.

    A model that holds several networks (`pipelines.shipping.hold`) gives the mean of
    their predictions. Batch by batch without Keras' data set machinery, which costs
    several times the prediction itself for a few batches of a small network.

    Returns:
        Probabilities float32 (n, n_outputs), or values float32 (n,).
    """
    networks = several(model)
    if not networks:
        return _predict_alone(model, X)
    own = model.get_weights()
    members = []
    for weights in networks:
        model.set_weights(weights)
        members.append(_predict_alone(model, X))
    model.set_weights(own)
    return cast(NDArray[np.float32], np.mean(members, axis=0, dtype=np.float32))


def _predict_alone(model: Any, X: Rows) -> NDArray[np.float32]:
    starts = range(0, X.shape[0], PREDICT_ROWS)
    batches = [
        _predict_batch(model, dense(X[start : start + PREDICT_ROWS]))
        for start in starts
    ]
    predictions = np.concatenate(batches).astype(np.float32, copy=False)
    return predictions[:, 0] if is_regression(model) else predictions


def _predict_batch(model: Any, X: NDArray[np.float32]) -> NDArray[np.float32]:
    # The last rows are filled up to a power of two: each number of rows is a program to
    # compile, which takes longer than all the predictions of a small network.
    n_rows = len(X)
    empty = (1 << (n_rows - 1).bit_length()) - n_rows
    if empty:
        X = np.concatenate([X, np.zeros((empty, *X.shape[1:]), X.dtype)])
    return np.asarray(model.predict_on_batch(X))[:n_rows]


def is_regression(model: Any) -> bool:
    """Say whether a model predicts values: it ends in their unit."""
    return bool(model.layers[-1].name == UNITS)


def _keepers(X: Rows, params: Mapping[str, Scalar], planned: int) -> list[Keeper]:
    """Return what decides which networks are shipped, in the order in which it acts."""
    keepers: list[Keeper] = []
    share = cast(float, params.get("prune_share", 0.0))
    pruner = Pruner(share, epochs=planned) if share else None
    averaging = params.get("averaging", "none")
    if averaging == "ema":
        keepers.append(StepAverage(X))
    elif averaging == "swa":
        start = int(cast(float, params["swa_start"]) * planned)
        if pruner:  # weights from before and after do not mix
            start = max(start, pruner.start)
        keepers.append(EpochAverage(X, start=start))
    if pruner:
        keepers.append(pruner)
    snapshots = cast(int, params.get("snapshots", 1))
    if snapshots > 1:
        keepers.append(Snapshots(snapshots, epochs=planned))
    return keepers


def _beginnings(model: Any, keepers: Sequence[Keeper]) -> list[Any]:
    """Return callbacks for the keepers that also change what is trained."""
    import keras

    return [
        keras.callbacks.LambdaCallback(
            on_epoch_begin=functools.partial(keeper.begin, model)
        )
        for keeper in keepers
        if isinstance(keeper, Pruner)
    ]


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
