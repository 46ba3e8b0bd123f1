"""From a point of a space to a compiled Keras model, for either task."""

from collections.abc import Mapping
from typing import Any

from pipelines.augmentation import augment, check_images
from pipelines.compiling import compile_model
from pipelines.layers import conv_stack, dense_stack
from pipelines.pipeline import Shape
from spaces.params import Scalar


def network(params: Mapping[str, Scalar], shape: Shape) -> Any:
    """Build the network a point describes.

    It is an AutoKeras graph where the point has a `block`, convolutional where it has
    `n_conv_blocks`, otherwise dense. Args and result are those of `dense_network`.
    """
    if "block" in params:
        from pipelines.autokeras_graph import nas_classifier

        return nas_classifier(params, shape)
    if "n_conv_blocks" in params:
        return conv_network(params, shape)
    return dense_network(params, shape)


def dense_network(params: Mapping[str, Scalar], shape: Shape) -> Any:
    """Build and compile a dense network.

    Args:
        params: A point of a space with capacity and optimisation, and as much
            regularization as wanted.
        shape: Rows are flattened.

    Returns:
        See `pipelines.compiling.compile_model`.
    """
    import keras

    inputs = keras.Input(shape.inputs)
    x = augment(inputs, params)
    x = keras.layers.Flatten()(x) if len(shape.inputs) > 1 else x
    return compile_model(inputs, dense_stack(x, params), params, shape)


def conv_network(params: Mapping[str, Scalar], shape: Shape) -> Any:
    """Build and compile a convolutional network with a dense tail.

    Args:
        params: A point of a space with convolutions and optimisation, and as much
            regularization as wanted.
        shape: Rows are images (h, w) or (h, w, channels).

    Returns:
        See `pipelines.compiling.compile_model`.

    Raises:
        ValueError: Rows are no images.
    """
    import keras

    check_images(["n_conv_blocks"], shape.inputs)
    inputs = keras.Input(shape.inputs)
    x = conv_stack(augment(inputs, params), params)
    return compile_model(inputs, dense_stack(x, params), params, shape)
