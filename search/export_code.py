"""What `search.export` writes: pieces of plain Keras code, for the arguments in use."""

from collections.abc import Collection
from textwrap import indent

Arguments = Collection[str]
"""Names of the written function's arguments; a technique that is not among them is not
written."""

_LIMITS = ("max_norm", "unit_norm")
_NORMS = ("batch_norm", "layer_norm")


def model_code(arguments: Arguments, head: str) -> str:
    """Write what makes `model`, from the shape of a row to the last layer.

    Args:
        arguments: See `Arguments`.
        head: Arguments of the last layer.
    """
    steps = [
        "penalty = keras.regularizers.L1L2(l1=l1, l2=l2) if l1 or l2 else None\n",
        _limit_code(arguments),
        "inputs = keras.Input(input_shape)\nx = inputs\n",
        _inputs_code(arguments),
        "if len(input_shape) > 1:\n    x = keras.layers.Flatten()(x)\n",
        _LAYERS_WITH_SKIP if "skip" in arguments else "for width in widths:\n",
        indent(_layer_code(arguments), "    "),
        f"model = keras.Model(inputs, keras.layers.Dense({head})(x))\n",
    ]
    return "".join(steps)


def optimizer_code(arguments: Arguments, kind: str) -> str:
    """Write what makes `optimizer`, with its schedule, decay and average."""
    given = [_OPTIMIZERS[kind]]
    code = "rate = learning_rate\n"
    if "schedule" in arguments:
        code += _SCHEDULES
    if "warmup" in arguments:
        code += _WARMUP
    if "weight_decay" in arguments:
        # without one Keras' AdamW has a decay of its own
        off = "0.004" if kind == "adamw" else "None"
        given.append(f"weight_decay=weight_decay or {off}")
    if "ema_momentum" in arguments:
        given.append("use_ema=bool(ema_momentum)")
        given.append("ema_momentum=ema_momentum or 0.99")
    name, _, first = given[0].partition("(")
    listed = "".join(f"    {each},\n" for each in [first, *given[1:]])
    code += f"optimizer = {name}(\n{listed})\n"
    if "weight_decay" in arguments:
        code += _DECAY_OF_KERNELS
    return code


def _limit_code(arguments: Arguments) -> str:
    code = "limit = None\n" if any(name in arguments for name in _LIMITS) else ""
    if "max_norm" in arguments:
        code += "if max_norm:\n    limit = keras.constraints.MaxNorm(max_norm)\n"
    if "unit_norm" in arguments:
        code += "if unit_norm:\n    limit = keras.constraints.UnitNorm()\n"
    return code


def _inputs_code(arguments: Arguments) -> str:
    """Write what alters the rows in training; at evaluation they pass unaltered."""
    found = [name for name in _ALTERATIONS if name in arguments]
    code = "".join(_ALTERATIONS[name] for name in found)
    if {"brightness", "contrast"} & {*found}:
        code = _UNBOUNDED + code
    return _CHANNEL + code if {*found} - {"input_noise"} else code


def _layer_code(arguments: Arguments) -> str:
    norms = [name for name in _NORMS if name in arguments]
    options = ["kernel_regularizer=penalty"]
    if any(name in arguments for name in _LIMITS):
        options.append("kernel_constraint=limit")
    activated = [] if norms else ["activation=activation"]
    code = _NOISE if "gaussian_noise" in arguments else ""
    code += _dense("x", ["width", *activated, *options])
    code += "".join(_NORM[name] for name in norms)
    if norms:
        code += "x = keras.layers.Activation(activation)(x)\n"
    code += "if dropout:\n    x = keras.layers.Dropout(dropout)(x)\n"
    if "skip" in arguments:
        past = _dense("entered", ["width", "use_bias=False", *options])
        code += _SKIP.replace("PAST", indent(past, " " * 8).rstrip())
    return code


def _dense(tensor: str, options: list[str]) -> str:
    listed = "".join(f"    {option},\n" for option in options)
    return f"{tensor} = keras.layers.Dense(\n{listed})({tensor})\n"


_CHANNEL = """\
if len(input_shape) == 2:
    x = keras.layers.Reshape((*input_shape, 1))(x)  # grey is a channel, too
"""

_UNBOUNDED = """\
unbounded = (-1e4, 1e4)  # pixels are standardised: nothing is clipped
"""

_ALTERATIONS = {
    "flip": """\
if flip:
    x = keras.layers.RandomFlip("horizontal")(x)
""",
    "brightness": """\
if brightness:
    share = brightness / 2e4
    x = keras.layers.RandomBrightness(share, value_range=unbounded)(x)
""",
    "contrast": """\
if contrast:
    ends = (contrast, contrast)
    x = keras.layers.RandomContrast(ends, value_range=unbounded)(x)
""",
    "input_noise": """\
if input_noise:
    x = keras.layers.GaussianNoise(input_noise)(x)
""",
}

_LAYERS_WITH_SKIP = """\
for number, width in enumerate(widths):
    entered = x
"""

_NOISE = """\
if gaussian_noise:
    x = keras.layers.GaussianNoise(gaussian_noise)(x)
"""

_NORM = {
    "batch_norm": """\
if batch_norm:
    x = keras.layers.BatchNormalization()(x)
""",
    "layer_norm": """\
if layer_norm:
    x = keras.layers.LayerNormalization()(x)
""",
}

_SKIP = """\
if skip and number > 0:
    if entered.shape[-1] != width:  # a linear way past the layer
PAST
    x = keras.layers.Add()([entered, x])
"""

_SCHEDULES = """\
schedules = keras.optimizers.schedules
if schedule == "linear":
    rate = schedules.PolynomialDecay(rate, steps, end_learning_rate=0.0)
elif schedule == "exponential":
    rate = schedules.ExponentialDecay(rate, steps, 0.01)
elif schedule == "cosine":
    rate = schedules.CosineDecay(rate, steps)
"""

_WARMUP = """\
rising = round(warmup * steps) if warmup else 0
if rising:
    rate = schedules.CosineDecay(
        0.0, steps - rising, warmup_target=learning_rate, warmup_steps=rising
    )
"""

_OPTIMIZERS = {
    "adam": "keras.optimizers.Adam(rate",
    "adamw": "keras.optimizers.AdamW(rate",
    "sgd": "keras.optimizers.SGD(rate, momentum=0.9, nesterov=True",
}

_DECAY_OF_KERNELS = """\
if weight_decay:
    optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
"""

COMPILED_CLASSES = """\
model.compile(
    optimizer=optimizer,
    loss=keras.losses.CategoricalCrossentropy(label_smoothing=label_smoothing),
    metrics=[keras.metrics.CategoricalCrossentropy(name="log_loss")],
)
return model
"""

COMPILED_VALUES = """\
model.compile(
    optimizer=optimizer,
    loss="mean_squared_error",
    metrics=[keras.metrics.MeanSquaredError(name="mse")],
)
return model
"""
