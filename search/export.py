"""A configuration as plain Keras code that needs nothing of tunefold."""

from collections.abc import Mapping
from textwrap import indent

from pipelines.pipeline import Task
from search.errors import SettingsError
from spaces.params import Scalar

_OPTIMIZERS = {
    "adam": "keras.optimizers.Adam(learning_rate)",
    "adamw": "keras.optimizers.AdamW(learning_rate)",
    "sgd": "keras.optimizers.SGD(learning_rate, momentum=0.9, nesterov=True)",
}

_ELSEWHERE = {
    *("n_layers", "activation", "optimizer", "learning_rate", "sgd_learning_rate"),
    *("l1", "l1_strength", "l2", "l2_strength", "dropout", "label_smoothing"),
    *("early_stopping", "patience", "members", "batch_size"),  # of training
    *("n_words", "ngrams", "weighting"),  # of preparation
}


def builder_code(params: Mapping[str, Scalar], *, task: Task) -> str:
    """Write the function that builds and compiles a dense network.

    The function takes the shape of a row and, for classes, their number; capacity,
    optimisation and regularization are keyword arguments with the configuration's
    values as defaults.

    Args:
        params: A point of a dense space; parameters of training and preparation are
            passed over.
        task: Decides head and loss. A regression's network learns a standardised
            target.

    Returns:
        Source of `build_model`, which needs `import keras` before it.

    Raises:
        SettingsError: A parameter is on that plain Keras has no layer for.
    """
    for name, value in params.items():
        if name not in _ELSEWHERE and not name.startswith("width_") and value:
            raise SettingsError(
                f"export: only dense networks with dropout, L1, L2 and label smoothing "
                f"can be written as plain Keras code, got {name} = {value}; leave it "
                "out of the configuration"
            )
    of_classes = task == "classification"
    sizes = "input_shape, n_classes" if of_classes else "input_shape"
    defaults = {**network_options(params), **technique_options(params, task=task)}
    options = "".join(f"    {name}={value!r},\n" for name, value in defaults.items())
    head = 'n_classes, activation="softmax"' if of_classes else "1"
    return (
        f"def build_model(\n    {sizes},\n    *,\n{options}):\n"
        + '    """Return a compiled dense network."""\n'
        + indent(_LAYERS.replace("HEAD", head), "    ")
        + indent(_CLASSES if of_classes else _VALUES, "    ").replace(
            "OPTIMIZER", _OPTIMIZERS[str(params["optimizer"])]
        )
    )


def network_options(params: Mapping[str, Scalar]) -> dict[str, object]:
    """Return capacity and optimisation as arguments of the written function."""
    rate = params.get("sgd_learning_rate") if params["optimizer"] == "sgd" else None
    return {
        "widths": tuple(
            params[f"width_{layer}"] for layer in range(1, int(params["n_layers"]) + 1)
        ),
        "activation": params["activation"],
        "learning_rate": rate or params["learning_rate"],
    }


def technique_options(
    params: Mapping[str, Scalar], *, task: Task = "classification"
) -> dict[str, Scalar]:
    """Return regularization as arguments of the written function; off is 0."""
    options = {
        "dropout": params.get("dropout", 0.0),
        "l1": params.get("l1_strength", 0.0),
        "l2": params.get("l2_strength", 0.0),
    }
    if task == "classification":
        options["label_smoothing"] = params.get("label_smoothing", 0.0)
    return options


_LAYERS = """\
penalty = keras.regularizers.L1L2(l1=l1, l2=l2) if l1 or l2 else None
inputs = keras.Input(input_shape)
x = keras.layers.Flatten()(inputs) if len(input_shape) > 1 else inputs
for width in widths:
    x = keras.layers.Dense(
        width, activation=activation, kernel_regularizer=penalty
    )(x)
    if dropout:
        x = keras.layers.Dropout(dropout)(x)
model = keras.Model(inputs, keras.layers.Dense(HEAD)(x))
"""

_CLASSES = """\
model.compile(
    optimizer=OPTIMIZER,
    loss=keras.losses.CategoricalCrossentropy(label_smoothing=label_smoothing),
    metrics=[keras.metrics.CategoricalCrossentropy(name="log_loss")],
)
return model
"""

_VALUES = """\
model.compile(
    optimizer=OPTIMIZER,
    loss="mean_squared_error",
    metrics=[keras.metrics.MeanSquaredError(name="mse")],
)
return model
"""
