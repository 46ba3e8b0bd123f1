"""From a point of a space to a compiled Keras model, for either task."""

from collections.abc import Mapping
from typing import Any

from pipelines.augmentation import augment
from pipelines.compiling import compile_model
from pipelines.layers import dense_stack
from pipelines.pipeline import Shape
from spaces.params import Scalar


def network(params: Mapping[str, Scalar], shape: Shape) -> Any:
    """Build the network a point describes: an AutoKeras graph where it has a `block`.

    Args and result are those of `dense_network`.
    """
    if "block" in params:
        from pipelines.autokeras_graph import nas_classifier

        return nas_classifier(params, shape)
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
