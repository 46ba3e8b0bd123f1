"""Hidden layers that the pipelines share.

Each piece reads its own parameters from a point of a space and treats a missing one as
switched off, so that any joined space works. Keras is imported where it is used:
looking at a pipeline's name, classes or space must not cost the seconds of its import.
"""

from collections.abc import Mapping
from typing import Any, cast

from spaces.params import Scalar


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
