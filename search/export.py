"""A configuration as plain Keras code that needs nothing of tunefold."""

from collections.abc import Collection, Mapping
from textwrap import indent

from pipelines.pipeline import Task
from search.errors import SettingsError
from search.export_code import (
    COMPILED_CLASSES,
    COMPILED_VALUES,
    model_code,
    optimizer_code,
)
from spaces.params import Scalar

_OFF: Mapping[str, Scalar] = {
    "dropout": 0.0,
    "l1": 0.0,
    "l2": 0.0,
    "label_smoothing": 0.0,
    "weight_decay": 0.0,
    "gaussian_noise": 0.0,
    "batch_norm": False,
    "layer_norm": False,
    "max_norm": 0.0,
    "unit_norm": False,
    "skip": False,
    "schedule": "constant",
    "warmup": 0.0,
    "ema_momentum": 0.0,
    "flip": False,
    "brightness": 0.0,
    "contrast": 0.0,
    "input_noise": 0.0,
}
"""Arguments of the written function that switch a technique on, with their value when
it is off."""

_ALWAYS = ("dropout", "l1", "l2", "label_smoothing")
"""Those that are written whether they are used or not."""

_PARAMETERS = {
    "l1": "l1_strength",
    "l2": "l2_strength",
    "weight_decay": "weight_decay_strength",
    "flip": "augment_flip",
    "brightness": "augment_brightness",
    "contrast": "augment_contrast",
    "input_noise": "augment_noise",
}
"""The parameter that an argument is read from, where it has another name."""

_TRAINING = ("early_stopping", "patience", "members", "batch_size", "rows")
_ROWS = ("resample", "class_weights", "mix", "mix_strength", "word_dropout")
_BATCHES = ("augment_shift", "augment_rotation", "augment_zoom")
_PREPARATION = ("n_words", "ngrams", "weighting", "input_norm")
_NETWORK = ("n_layers", "activation", "optimizer", "learning_rate", "sgd_learning_rate")
_SWITCHES = ("l1", "l2", "weight_decay", "constraint", "averaging")
_KNOWN = {
    *(_PARAMETERS.get(name, name) for name in _OFF),
    *(*_TRAINING, *_ROWS, *_BATCHES, *_PREPARATION, *_NETWORK, *_SWITCHES),
}
_NOTHING = (False, 0, "off", "none")
_NOT_WRITTEN = (("averaging", "swa"), ("input_norm", "minmax"), ("input_norm", "raw"))


def builder_code(
    params: Mapping[str, Scalar], *, task: Task, used: Collection[str] = ()
) -> str:
    """Write the function that builds and compiles a dense network.

    The function takes the shape of a row and, for classes, their number; capacity,
    optimisation and regularization are keyword arguments with the configuration's
    values as defaults. With a schedule it also takes `steps`, those of a training.

    Args:
        params: A point of a dense space; parameters of training and preparation are
            passed over.
        task: Decides head and loss. A regression's network learns a standardised
            target.
        used: Arguments that are wanted beside those the point switches on.

    Returns:
        Source of `build_model`, which needs `import keras` before it.

    Raises:
        SettingsError: A parameter is on that no plain code is known for.
    """
    check_writable(params)
    of_classes = task == "classification"
    options = builder_options(params, task=task)
    shown = {
        name: value
        for name, value in options.items()
        if name in _ALWAYS or name in used or value != _OFF[name]
    }
    if "warmup" in shown:  # a part of a schedule
        shown["schedule"] = options["schedule"]
    sizes = "input_shape, n_classes" if of_classes else "input_shape"
    given = {**network_options(params), **shown}
    arguments = [f"{name}={value!r}" for name, value in given.items()]
    if "schedule" in shown:
        arguments.append("steps=None")  # its length
    head = 'n_classes, activation="softmax"' if of_classes else "1"
    body = (
        model_code(shown, head)
        + optimizer_code(shown, str(params["optimizer"]))
        + (COMPILED_CLASSES if of_classes else COMPILED_VALUES)
    )
    return (
        f"def build_model(\n    {sizes},\n    *,\n"
        + "".join(f"    {argument},\n" for argument in arguments)
        + '):\n    """Return a compiled dense network."""\n'
        + indent(body, "    ")
    )


def check_writable(params: Mapping[str, Scalar]) -> None:
    """Refuse what no plain code is known for.

    Raises:
        SettingsError: The parameter that is on.
    """
    for name, value in params.items():
        written = name in _KNOWN or name.startswith(("width_", "use_"))
        if (not written and value not in _NOTHING) or (name, value) in _NOT_WRITTEN:
            raise SettingsError(
                f"export: no plain code is known for {name} = {value}; leave it out "
                "of the configuration"
            )


def network_options(params: Mapping[str, Scalar]) -> dict[str, object]:
    """Return capacity and optimisation as arguments of the written function."""
    rate = params.get("sgd_learning_rate") if params["optimizer"] == "sgd" else None
    return {
        "widths": tuple(
            params.get(f"width_{layer}") or params["width"]
            for layer in range(1, int(params["n_layers"]) + 1)
        ),
        "activation": params["activation"],
        "learning_rate": rate or params["learning_rate"],
    }


def builder_options(params: Mapping[str, Scalar], *, task: Task) -> dict[str, Scalar]:
    """Return regularization as arguments of the written function, off ones included."""
    options = {
        name: params.get(_PARAMETERS.get(name, name), off)
        for name, off in _OFF.items()
        if name != "label_smoothing" or task == "classification"
    }
    options["unit_norm"] = params.get("constraint") == "unit_norm"
    for name, switch, on in (
        ("max_norm", "constraint", "max_norm"),
        ("ema_momentum", "averaging", "ema"),
        ("warmup", "schedule", "cosine"),
    ):
        if params.get(switch) != on:
            options[name] = _OFF[name]
    return options


def options_in_use(params: Mapping[str, Scalar], *, task: Task) -> dict[str, Scalar]:
    """Return the arguments of the written function that switch something on."""
    options = builder_options(params, task=task)
    return {name: value for name, value in options.items() if value != _OFF[name]}
