"""What compiles the network: optimizer, schedule, loss."""

from collections.abc import Mapping
from typing import Any

from pipelines.compiling import STEPS_PER_EXECUTION
from pipelines.pipeline import Shape
from pipelines.schedules import LAST_SHARE, steps_per_epoch
from search.script.layout import WIDTH, Call, Name, assign, constant_name, write
from spaces.params import Scalar

_WIDTH = WIDTH - 4  # of a function's body


def compiled_code(params: Mapping[str, Scalar], shape: Shape) -> str:
    """Write the lines that compile `model`.

    They take the constants of the parameters, `STEPS` and `PLANNED_EPOCHS`.
    """
    lines = [*_optimizer(params, shape)]
    if shape.task == "classification":
        loss: Any = _cross_entropy(params)
    else:
        lines += _STANDARDISED_ERROR
        loss = Name("standardised_error")
    options = {
        "optimizer": Name("optimizer"),
        "loss": loss,
        "steps_per_execution": Name(f"min({STEPS_PER_EXECUTION}, STEPS)"),
    }
    lines.append(write(Call("model.compile", (), options), width=_WIDTH))
    return "".join(f"{line}\n" for line in lines)


def _optimizer(params: Mapping[str, Scalar], shape: Shape) -> list[str]:
    sgd = params["optimizer"] == "sgd"
    given = "sgd_learning_rate" if sgd and params.get("sgd_learning_rate") else None
    lines, rate = _rate(params, shape, constant_name(given or "learning_rate"))
    options: dict[str, Any] = {}
    if sgd:
        options |= {"momentum": 0.9, "nesterov": True}
    if params.get("averaging") == "ema":
        options |= {"use_ema": True, "ema_momentum": Name("EMA_MOMENTUM")}
    if params.get("weight_decay_strength"):
        options["weight_decay"] = Name("WEIGHT_DECAY_STRENGTH")
    kinds = {"adam": "Adam", "adamw": "AdamW", "sgd": "SGD"}
    made = Call(
        f"keras.optimizers.{kinds[str(params['optimizer'])]}", (Name(rate),), options
    )
    lines.append(assign("optimizer", made, width=_WIDTH))
    if "weight_decay" in options:
        lines.append(
            'optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])'
        )
    return lines


def _rate(
    params: Mapping[str, Scalar], shape: Shape, rate: str
) -> tuple[list[str], str]:
    """Return the lines that make the schedule, and the name of the rate."""
    kind = params.get("schedule", "constant")
    snapshots = params.get("snapshots", 1)
    if kind == "constant" and snapshots == 1:
        return [], rate
    schedules, first = "keras.optimizers.schedules", Name(rate)
    if snapshots != 1:
        cycle = Name("STEPS * CYCLE")
        options = {"t_mul": 1.0}
        made = Call(f"{schedules}.CosineDecayRestarts", (first, cycle), options)
        return [assign("rate", made, width=_WIDTH)], "rate"
    lines, total = ["total = STEPS * PLANNED_EPOCHS"], Name("total")
    if kind == "linear":
        end = {"end_learning_rate": 0.0}
        made = Call(f"{schedules}.PolynomialDecay", (first, total), end)
    elif kind == "exponential":
        made = Call(f"{schedules}.ExponentialDecay", (first, total, LAST_SHARE))
    elif _rising(params, shape):
        lines.append("rising = round(WARMUP * total)")
        warmup = {"warmup_target": first, "warmup_steps": Name("rising")}
        falling = (0.0, Name("total - rising"))
        made = Call(f"{schedules}.CosineDecay", falling, warmup)
    else:
        made = Call(f"{schedules}.CosineDecay", (first, total))
    return [*lines, assign("rate", made, width=_WIDTH)], "rate"


def _rising(params: Mapping[str, Scalar], shape: Shape) -> int:
    total = steps_per_epoch(params, shape) * (shape.epochs or 0)
    return round(float(params.get("warmup", 0.0)) * total)


def _cross_entropy(params: Mapping[str, Scalar]) -> Call:
    for name in ("label_smoothing", "head/label_smoothing"):
        if params.get(name):
            options = {"label_smoothing": Name(constant_name(name))}
            return Call("keras.losses.CategoricalCrossentropy", (), options)
    return Call("keras.losses.CategoricalCrossentropy")


_STANDARDISED_ERROR = [
    "spread = model.layers[-1].kernel",
    "",
    "def standardised_error(y, predicted):",
    "    squares = keras.ops.square((y - predicted) / spread)",
    "    return keras.ops.mean(squares, axis=-1)",
    "",
]
