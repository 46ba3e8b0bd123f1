"""Heads, losses and optimizers: what turns hidden layers into a compiled model."""

import math
from collections.abc import Mapping
from typing import Any, cast

from pipelines.pipeline import Shape
from spaces.params import Scalar

STEPS_PER_EXECUTION = 25
"""Steps between two looks of the host; more gains nothing (measured on JAX)."""

UNITS = "target_units"
"""Name of the last layer of a regression; see `value_head`."""


def class_head(x: Any, n_outputs: int) -> Any:
    """Add the last layer: one probability per class."""
    import keras

    return keras.layers.Dense(n_outputs, activation="softmax")(x)


def value_head(x: Any) -> Any:
    """Add the last layers of a regression: one value, in units of the target.

    The network learns a standardised target, whatever its unit: gradients, learning
    rates and penalties then mean the same for dollars and for thousands of dollars.
    A frozen layer of one weight and one bias, the training targets' standard
    deviation and mean (set by `pipelines.fitting.fit`), turns it into the unit.
    """
    import keras

    standardised = keras.layers.Dense(1)(x)
    return keras.layers.Dense(1, name=UNITS, trainable=False)(standardised)


def compile_model(
    inputs: Any, features: Any, params: Mapping[str, Scalar], shape: Shape
) -> Any:
    """Put a head on hidden features and compile for the task.

    Args:
        inputs: The symbolic input.
        features: The last hidden layer's output.
        params: Optimisation, and `label_smoothing` for classes: it acts on the
            training loss only.
        shape: Task, outputs and number of steps.

    Returns:
        A compiled Keras model: float32 (n, *inputs) to probabilities float32
        (n, n_outputs), or to values float32 (n, 1) for a regression.

    Source: label smoothing as in Szegedy et al. 2016, arXiv:1512.00567, section 7.
    """
    import keras

    if shape.task == "classification":
        model = keras.Model(inputs, class_head(features, shape.n_outputs))
    else:
        model = keras.Model(inputs, value_head(features))
    model.compile(
        optimizer=optimizer(params),
        loss=_loss(model, params, shape),
        steps_per_execution=steps_per_execution(params, shape),
    )
    return model


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


def steps_per_execution(params: Mapping[str, Scalar], shape: Shape) -> int:
    """Return `STEPS_PER_EXECUTION`, or the steps of an epoch if it has fewer."""
    steps = math.ceil(shape.n_rows / cast(int, params["batch_size"]))
    return min(STEPS_PER_EXECUTION, steps)


def _loss(model: Any, params: Mapping[str, Scalar], shape: Shape) -> Any:
    import keras

    smoothing = cast(float, params.get("label_smoothing", 0.0))
    if shape.task == "classification":
        return keras.losses.CategoricalCrossentropy(label_smoothing=smoothing)
    if smoothing:
        raise ValueError("label_smoothing: needs classes, the target is a number")
    spread = model.get_layer(UNITS).kernel

    def standardised_error(y: Any, predicted: Any) -> Any:
        # The variable, not its value: `fit` sets it anew for each fold.
        return keras.ops.mean(keras.ops.square((y - predicted) / spread), axis=-1)

    return standardised_error
