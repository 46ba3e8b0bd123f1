"""The network that a homework begins with: no technique, everything else ordinary."""

import numpy as np

from pipelines.part import Part
from pipelines.pipeline import Pipeline
from spaces.dense import OPTIMISATION, REGULARIZATION, capacity
from spaces.space import Params
from spaces.technique import Inputs

BATCH_SIZE, SMALL_BATCH, SMALL_DATA = 128, 32, 2_000
"""Rows of a batch; fewer where there are few rows, for as many steps an epoch."""

_OURS = {"n_layers", "activation", *OPTIMISATION, *REGULARIZATION}


def inputs_of(data: Part) -> Inputs:
    """Say what kind of rows a data set has, for the techniques that suit it.

    Images have a height and a width; texts are words as numbers without sign
    (`pipelines.tokens`); everything else is a table.
    """
    if data.X.ndim >= 3:
        return "images"
    return "text" if data.X.dtype == np.uint32 else "vectors"


def base_params(pipeline: Pipeline, n_rows: int) -> Params:
    """Return a plain network's parameters but for its widths.

    What the pipeline's own space has besides (the number of words of a text) is what
    a search begins with.

    Args:
        pipeline: Its first space is read.
        n_rows: Training rows.
    """
    initial = next(iter(pipeline.spaces.values())).initial()
    known = _OURS | set(capacity(12))
    return {
        **{name: value for name, value in initial.items() if name not in known},
        "activation": "relu",
        "optimizer": "adam",
        "learning_rate": 1e-3,
        "batch_size": SMALL_BATCH if n_rows < SMALL_DATA else BATCH_SIZE,
    }
