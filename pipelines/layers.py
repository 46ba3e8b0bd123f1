"""Hidden layers that the pipelines share.

Each piece reads its own parameters from a point of a space and treats a missing one as
switched off, so that any joined space works. Keras is imported where it is used:
looking at a pipeline's name, classes or space must not cost the seconds of its import.
"""

from collections.abc import Mapping
from typing import Any, cast

from spaces.params import Scalar

TRAINING_ONLY = ("drop_connect", "weight_norm", "prune_share")
"""Parameters that change how a kernel is trained, not how a network with known weights
predicts: without them the same builder gives the network that is shipped."""


def dense_stack(x: Any, params: Mapping[str, Scalar]) -> Any:
    """Add the hidden layers of a dense network to the symbolic tensor `x`.

    Each layer is Gaussian noise, Dense, batch normalization, layer normalization,
    activation, dropout, in this order; all but Dense and activation as far as `params`
    switches them on. `width_1`, `width_2`, ... are the layers' units, or `width` those
    of all layers without one of their own. With `skip` each layer after the first adds
    its input to its output, by a linear projection where the widths differ: the way
    past a layer is neither normalised, activated nor dropped. What acts on weights (L1,
    L2, constraints, DropConnect, weight normalization, pruning) acts on kernels only,
    not on biases, and not on the head.

    Source: noise as in Bishop 1995, Training with Noise is Equivalent to Tikhonov
    Regularization, Neural Computation 7; Ioffe and Szegedy 2015, arXiv:1502.03167; Ba,
    Kiros, Hinton 2016, arXiv:1607.06450; Srivastava et al. 2014, JMLR 15; skip
    connections as in He et al. 2015, arXiv:1512.03385, section 3.2 equation 2, with the
    sum left bare as in He et al. 2016, arXiv:1603.05027, section 3.
    """
    import keras

    for layer in range(1, cast(int, params["n_layers"]) + 1):
        entered = x
        width = cast(int, params.get(f"width_{layer}") or params["width"])
        x = _regularised(x, hidden_dense(width, params), params)
        if params.get("skip", False) and layer > 1:
            if entered.shape[-1] != width:
                entered = hidden_dense(width, params, use_bias=False)(entered)
            x = keras.layers.Add()([entered, x])
    return x


def conv_stack(x: Any, params: Mapping[str, Scalar]) -> Any:
    """Add blocks of convolutions to symbolic images, up to one row of features each.

    A block has `convs_per_block` convolutions of `conv_filters_1`, `conv_filters_2`,
    ... filters that keep height and width, and ends in a pooling that halves them,
    rounded up: an image of any size survives any number of blocks. Around each
    convolution stands what `dense_stack` puts around a dense layer; normalizations are
    over filters. What acts on weights acts on these kernels, too, but for DropConnect,
    weight normalization and pruning: they, and `skip`, are for dense layers alone.

    Args:
        x: Images (n, h, w) or (n, h, w, channels).
        params: A point of `spaces.conv`; `reduction` says how the last pixels become
            one row.

    Returns:
        A symbolic tensor (n, features).

    Source: blocks of equal filters between poolings as in Simonyan and Zisserman 2015,
    arXiv:1409.1556, table 1; global average as in Lin, Chen, Yan 2014, arXiv:1312.4400,
    section 3.2.
    """
    import keras

    layers = keras.layers
    if len(x.shape) == 3:
        x = layers.Reshape((*x.shape[1:], 1))(x)
    pools = {"max": layers.MaxPooling2D, "average": layers.AveragePooling2D}
    for block in range(1, cast(int, params["n_conv_blocks"]) + 1):
        for _ in range(cast(int, params["convs_per_block"])):
            convolution = layers.Conv2D(
                params[f"conv_filters_{block}"],
                params["kernel_size"],
                padding="same",
                kernel_regularizer=penalty(params),
                kernel_constraint=constraint(params, axis=(0, 1, 2)),
            )
            x = _regularised(x, convolution, params)
        x = pools[cast(str, params["pooling"])](2, padding="same")(x)
    if params["reduction"] == "global_average":
        return layers.GlobalAveragePooling2D()(x)
    return layers.Flatten()(x)


def _regularised(x: Any, layer: Any, params: Mapping[str, Scalar]) -> Any:
    """Add a layer with noise before it, norms, activation and dropout behind it."""
    import keras

    if params.get("gaussian_noise", 0.0):
        x = keras.layers.GaussianNoise(cast(float, params["gaussian_noise"]))(x)
    x = layer(x)
    if params.get("batch_norm", False):
        x = keras.layers.BatchNormalization()(x)
    if params.get("layer_norm", False):
        x = keras.layers.LayerNormalization()(x)
    x = keras.layers.Activation(cast(str, params["activation"]))(x)
    if params.get("dropout", 0.0):
        x = keras.layers.Dropout(cast(float, params["dropout"]))(x)
    return x


def hidden_dense(
    width: int, params: Mapping[str, Scalar], *, use_bias: bool = True
) -> Any:
    """Return a dense layer with what `params` does to its kernel.

    It is Keras' own unless one of `TRAINING_ONLY` is on.
    """
    import keras

    options: dict[str, Any] = {
        "use_bias": use_bias,
        "kernel_regularizer": penalty(params),
        "kernel_constraint": constraint(params),
    }
    if not any(params.get(name) for name in TRAINING_ONLY):
        return keras.layers.Dense(width, **options)
    from pipelines.reparametrised import ReparametrisedDense

    return ReparametrisedDense(
        width,
        drop_connect=cast(float, params.get("drop_connect", 0.0)),
        weight_norm=cast(bool, params.get("weight_norm", False)),
        prunable=bool(params.get("prune_share", 0.0)),
        **options,
    )


def penalty(params: Mapping[str, Scalar]) -> Any:
    """Return the kernel penalty of `l1_strength` and `l2_strength`, None if off.

    Keras adds l1 * sum(|w|) + l2 * sum(w ** 2) to the loss: the gradient of the second
    is 2 * l2 * w. Where a lecture writes loss + lambda / 2 * sum(w ** 2), its lambda is
    2 * l2; where it writes lambda * sum(w ** 2), its lambda is l2. Decoupled weight
    decay, which is no penalty, is in `pipelines.compiling.optimizer`.

    Source: Goodfellow, Bengio, Courville 2016, Deep Learning, section 7.1 (with the
    half).
    """
    import keras

    l1, l2 = params.get("l1_strength", 0.0), params.get("l2_strength", 0.0)
    if not l1 and not l2:
        return None
    return keras.regularizers.L1L2(l1=l1, l2=l2)


def constraint(params: Mapping[str, Scalar], *, axis: int | tuple[int, ...] = 0) -> Any:
    """Return what holds the norm of each unit's weights, None if off.

    `unit_norm` makes it 1 after each step, `max_norm` at most the value of that name.

    Args:
        params: A missing name is off.
        axis: Of the kernel, which a unit's weights lie along.

    Source: Srivastava et al. 2014, Dropout, JMLR 15, section 5.1.
    """
    import keras

    kind = params.get("constraint", "none")
    if kind == "unit_norm":
        return keras.constraints.UnitNorm(axis=axis)
    if kind == "max_norm":
        return keras.constraints.MaxNorm(cast(float, params["max_norm"]), axis=axis)
    return None
