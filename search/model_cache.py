"""One compiled model per configuration, set back to fresh weights for each run.

Compilation costs seconds, a small network's fold less: the folds of a trial share
the compiled model. A reset gives bit for bit what a fresh build would give.
"""

from typing import Any

from pipelines.pipeline import Pipeline, Shape
from search.random_bits import unroll_random_bits
from search.seeding import set_keras_seed
from spaces.space import Params

_last: tuple[object, Any] | None = None


def fresh_model(pipeline: Pipeline, params: Params, shape: Shape, *, seed: int) -> Any:
    """Return a compiled model with initial weights drawn from `seed`.

    The process keeps the model of the latest configuration and hands out the same
    object again: one run at a time per process.

    Args:
        pipeline: Whose `build` is called; it must draw all random numbers from
            Keras' global seed.
        params: The configuration.
        shape: Sizes of the data. The number of rows counts as well: what a builder
            derives from it (steps, a schedule's length) is part of the model.
        seed: Seeds Keras, NumPy and Python before the build; the training that
            follows goes on with the same generators.
    """
    import keras

    global _last
    key = (pipeline.name, tuple(params.items()), shape)
    if keras.backend.backend() == "jax":
        unroll_random_bits()
    set_keras_seed(seed)
    model = pipeline.build(params, shape)
    if _last is None or _last[0] != key:
        _last = (key, model)
        return model
    compiled = _last[1]
    _copy_state(model, compiled)
    return compiled


def _copy_state(source: Any, target: Any) -> None:
    # Random state of dropout layers and the optimizer's moments are variables too.
    source.optimizer.build(source.trainable_variables)
    target.optimizer.build(target.trainable_variables)
    pairs = [
        *zip(source.variables, target.variables, strict=True),
        *zip(source.optimizer.variables, target.optimizer.variables, strict=True),
    ]
    for fresh, used in pairs:
        used.assign(fresh)
    target.reset_metrics()
    # The first `fit` of a new model looks at one batch to build its loss, and so
    # draws one shuffling more than a later `fit`; this lets every run be a first one.
    target._compile_loss.built = False
