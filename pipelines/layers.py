"""Building pieces that the pipelines share: stacks, heads, losses, optimizers.

Each reads its own parameters from a point of a space and treats a missing one as
switched off, so that any joined space works. Keras is imported where it is used:
looking at a pipeline's name, classes or space must not cost the seconds of its import.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from pipelines.pipeline import Shape
from spaces.params import Scalar

PREDICT_ROWS = 1024
"""Rows predicted at once: fewer cost calls, more fall out of the processor's cache
(measured: 4,096 rows take a third longer for 64 units, a tenth for 512)."""

STEPS_PER_EXECUTION = 25
"""Steps between two looks of the host; more gains nothing (measured on JAX)."""


def dense_stack(x: Any, params: Mapping[str, Scalar]) -> Any:
    """Add the hidden layers of a dense network to the symbolic tensor `x`.

    Each layer is Dense, batch normalization, activation, dropout, in this order;
    the last three as far as `params` switches them on. L1 and L2 act on kernels
    only, not on biases.
    """
    import keras

    for layer in range(1, cast(int, params["n_layers"]) + 1):
        x = keras.layers.Dense(
            cast(int, params[f"width_{layer}"]), kernel_regularizer=penalty(params)
        )(x)
        if params.get("batch_norm", False):
            x = keras.layers.BatchNormalization()(x)
        x = keras.layers.Activation(cast(str, params["activation"]))(x)
        if params.get("dropout", 0.0):
            x = keras.layers.Dropout(cast(float, params["dropout"]))(x)
    return x


def penalty(params: Mapping[str, Scalar]) -> Any:
    """Return the kernel penalty of `l1_strength` and `l2_strength`, None if off."""
    import keras

    l1, l2 = params.get("l1_strength", 0.0), params.get("l2_strength", 0.0)
    if not l1 and not l2:
        return None
    return keras.regularizers.L1L2(l1=l1, l2=l2)


def class_head(x: Any, n_outputs: int) -> Any:
    """Add the last layer: one probability per class."""
    import keras

    return keras.layers.Dense(n_outputs, activation="softmax")(x)


def optimizer(params: Mapping[str, Scalar]) -> Any:
    """Return the Keras optimizer of `optimizer` and its learning rate.

    `sgd` takes `sgd_learning_rate` where the space has one: it needs larger rates.
    """
    import keras

    if params["optimizer"] == "sgd":
        rate = params.get("sgd_learning_rate") or params["learning_rate"]
        return keras.optimizers.SGD(rate, momentum=0.9, nesterov=True)
    return {"adam": keras.optimizers.Adam, "adamw": keras.optimizers.AdamW}[
        cast(str, params["optimizer"])
    ](params["learning_rate"])


def dense_classifier(params: Mapping[str, Scalar], shape: Shape) -> Any:
    """Build and compile a dense network for classes.

    Args:
        params: A point of a space with capacity and optimisation, and as much
            regularization as wanted.
        shape: Rows are flattened; `n_outputs` is the number of classes.

    Returns:
        A compiled Keras model: float32 (n, *inputs) to probabilities float32
        (n, n_outputs). Label smoothing acts on the training loss only.

    Source: label smoothing as in Szegedy et al. 2016, arXiv:1512.00567, section 7.
    """
    import keras

    inputs = keras.Input(shape.inputs)
    x = keras.layers.Flatten()(inputs) if len(shape.inputs) > 1 else inputs
    model = keras.Model(inputs, class_head(dense_stack(x, params), shape.n_outputs))
    model.compile(
        optimizer=optimizer(params),
        loss=keras.losses.CategoricalCrossentropy(
            label_smoothing=cast(float, params.get("label_smoothing", 0.0))
        ),
        steps_per_execution=steps_per_execution(params, shape),
    )
    return model


def steps_per_execution(params: Mapping[str, Scalar], shape: Shape) -> int:
    """Return `STEPS_PER_EXECUTION`, or the steps of an epoch if it has fewer."""
    steps = math.ceil(shape.n_rows / cast(int, params["batch_size"]))
    return min(STEPS_PER_EXECUTION, steps)


def classifier(params: Mapping[str, Scalar], shape: Shape) -> Any:
    """Build the network a point describes: an AutoKeras graph where it has a `block`.

    Args and result are those of `dense_classifier`.
    """
    if "block" in params:
        from pipelines.autokeras_graph import nas_classifier

        return nas_classifier(params, shape)
    return dense_classifier(params, shape)


def fit_classes(
    model: Any,
    X: NDArray[np.float32],
    y: NDArray[Any],
    params: Mapping[str, Scalar],
    *,
    epochs: int,
    callbacks: Sequence[Any],
) -> None:
    """Train on class numbers `y`, int64 (n,), made one-hot for the loss."""
    import keras

    model.fit(
        X,
        keras.utils.to_categorical(y, model.output_shape[-1]).astype(np.float32),
        batch_size=params["batch_size"],
        epochs=epochs,
        callbacks=list(callbacks),
        verbose=0,
    )


def predict(model: Any, X: NDArray[np.float32]) -> NDArray[np.float32]:
    """Predict in inference mode, some thousand rows at once.

    Batch by batch without Keras' data set machinery, which costs several times
    the prediction itself for a few batches of a small network.
    """
    starts = range(0, len(X), PREDICT_ROWS)
    batches = [
        np.asarray(model.predict_on_batch(X[start : start + PREDICT_ROWS]))
        for start in starts
    ]
    return np.concatenate(batches).astype(np.float32, copy=False)
