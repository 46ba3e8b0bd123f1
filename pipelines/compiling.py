"""Heads, losses and optimizers: what turns hidden layers into a compiled model."""

from collections.abc import Mapping
from typing import Any, cast

from pipelines.pipeline import Shape
from pipelines.schedules import learning_rate, steps_per_epoch
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
        optimizer=optimizer(params, shape),
        loss=_loss(model, params, shape),
        steps_per_execution=steps_per_execution(params, shape),
    )
    model.planned_epochs = shape.epochs  # for techniques that `fit` starts later
    return model


def optimizer(params: Mapping[str, Scalar], shape: Shape | None = None) -> Any:
    """Return the Keras optimizer of `optimizer`, with its schedule, decay and average.

    Args:
        params: `learning_rate`; `sgd` takes `sgd_learning_rate` where the space has
            one: it needs larger rates. `weight_decay_strength` makes each step take
            off rate * strength * w beside the step itself: no penalty, whose gradient
            an adaptive optimizer would scale, and not on biases and normalization.
            Keras' `adamw` is `adam` with a strength of .004 on all weights unless one
            is given. `averaging` `ema` keeps an average over steps.
        shape: See `pipelines.schedules.learning_rate`; only schedules need it.

    Source: Loshchilov and Hutter 2019, Decoupled Weight Decay Regularization,
    arXiv:1711.05101, algorithms 1 and 2, their schedule multiplier and rate in one
    number, as in Keras.
    """
    import keras

    sgd = params["optimizer"] == "sgd"
    given = (params.get("sgd_learning_rate") if sgd else None) or (
        params["learning_rate"]
    )
    rate = learning_rate(cast(float, given), params, shape) if shape else given
    options: dict[str, Any] = {}
    if params.get("averaging") == "ema":
        options |= {"use_ema": True, "ema_momentum": params["ema_momentum"]}
    strength = params.get("weight_decay_strength")
    if strength:
        options["weight_decay"] = strength
    if sgd:
        made = keras.optimizers.SGD(rate, momentum=0.9, nesterov=True, **options)
    else:
        kinds = {"adam": keras.optimizers.Adam, "adamw": keras.optimizers.AdamW}
        made = kinds[cast(str, params["optimizer"])](rate, **options)
    if strength:
        made.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    return made


def steps_per_execution(params: Mapping[str, Scalar], shape: Shape) -> int:
    """Return `STEPS_PER_EXECUTION`, or the steps of an epoch if it has fewer."""
    return min(STEPS_PER_EXECUTION, steps_per_epoch(params, shape))


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
