"""The learning rate over the steps of a training.

A schedule is laid over the epochs that a model is planned for (`Shape.epochs`). A
training that stops earlier goes down a part of it: the rates of its epochs are the
same.
"""

import math
from collections.abc import Mapping
from typing import Any, cast

from pipelines.early_stopping import n_inner_rows
from pipelines.pipeline import Shape
from spaces.params import Scalar

LAST_SHARE = 0.01
"""Share of the first rate that is left at the end of an exponential schedule."""


def learning_rate(
    rate: float, params: Mapping[str, Scalar], shape: Shape
) -> float | Any:
    """Return the rate, or the Keras schedule of `schedule` that begins with it.

    Args:
        rate: The largest rate.
        params: `schedule` is `constant`, `linear` (down to zero), `exponential` (down
            to `LAST_SHARE`), or `cosine` (half a wave down to zero), the last with
            `warmup`: the share of the steps, in [0, 1), in which the rate first rises
            from zero. `snapshots` above 1 restarts a cosine so many times and takes no
            other schedule beside it.
        shape: Rows and epochs give the number of steps.

    Raises:
        ValueError: A schedule is asked for and the number of epochs is not known, or
            two of them are.

    Source: Loshchilov and Hutter 2017, SGDR, arXiv:1608.03983, equation 5; warm-up as
    in Goyal et al. 2017, arXiv:1706.02677, section 2.2.
    """
    import keras

    kind = params.get("schedule", "constant")
    snapshots = cast(int, params.get("snapshots", 1))
    if kind == "constant" and snapshots < 2:
        return rate
    if shape.epochs is None:
        raise ValueError("schedule: needs the number of epochs, the shape has none")
    steps = steps_per_epoch(params, shape)
    schedules = keras.optimizers.schedules
    if snapshots > 1:
        if kind != "constant":
            raise ValueError(f"snapshots: has a schedule of its own, got {kind!r} too")
        cycle = steps * cycle_epochs(snapshots, shape.epochs)
        return schedules.CosineDecayRestarts(rate, cycle, t_mul=1.0)
    total = steps * shape.epochs
    if kind == "linear":
        return schedules.PolynomialDecay(rate, total, end_learning_rate=0.0)
    if kind == "exponential":
        return schedules.ExponentialDecay(rate, total, LAST_SHARE)
    warmup = round(cast(float, params.get("warmup", 0.0)) * total)
    if not warmup:
        return schedules.CosineDecay(rate, total)
    return schedules.CosineDecay(
        0.0, total - warmup, warmup_target=rate, warmup_steps=warmup
    )


def cycle_epochs(snapshots: int, epochs: int) -> int:
    """Return the epochs between two snapshots, at least 1."""
    return max(1, epochs // snapshots)


def steps_per_epoch(params: Mapping[str, Scalar], shape: Shape) -> int:
    """Return how often an epoch changes the weights.

    The rows that early stopping sets apart are not among those it trains on.
    """
    n_rows = shape.n_rows
    if params.get("early_stopping") == "on":
        n_rows -= n_inner_rows(n_rows)
    return math.ceil(n_rows / cast(int, params["batch_size"]))
