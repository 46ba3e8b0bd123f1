"""Networks of `spaces.nas` as AutoKeras graphs: the one file that builds with it.

AutoKeras registers its parameters while it builds. Here they are declared before
(`spaces.nas`) and the build only asks for them: it must ask for exactly what was
proposed. The result is a plain Keras model of Keras' own layers.
"""

import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import keras

from pipelines.compiling import optimizer, steps_per_execution
from pipelines.layers import dense_stack, penalty
from pipelines.pipeline import Shape
from spaces.dense import OPTIMISATION
from spaces.nas import HEAD, PENALTIES, TAIL
from spaces.params import Scalar
from spaces.space import Params, SearchSpace


@contextmanager
def _hidden(*names: str) -> Iterator[None]:
    """Hide packages that are not loaded yet.

    AutoKeras imports every framework there is for the name of its out-of-memory
    error: TensorFlow alone costs three seconds and 430 MB in a worker on JAX.
    """
    hidden = set(names) - set(sys.modules)
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]
    try:
        yield
    finally:
        for name in hidden:
            del sys.modules[name]


with _hidden("jax", "tensorflow", "torch"):
    import autokeras as ak
    import keras_tuner
    from autokeras.graph import Graph

_NEVER = {"resnet/imagenet_size": False, "xception/imagenet_size": False}
"""What AutoKeras asks and nobody proposes: 224 x 224 pixels for the smallest image."""


def nas_classifier(params: Mapping[str, Scalar], shape: Shape) -> Any:
    """Build and compile the network for classes that a point describes.

    Args:
        params: A point of `NAS_IMAGES` or `NAS_TABLE`.
        shape: Rows are images (height, width), images with channels (height, width,
            channels) or columns (n,); `n_outputs` is the number of classes.

    Returns:
        A compiled Keras model: float32 (n, *inputs) to probabilities float32
        (n, n_outputs). It holds Keras' own layers only and can be saved and loaded
        without AutoKeras.

    Raises:
        LookupError: AutoKeras asked for a parameter that was not proposed, or did
            not ask for one that was.
    """
    proposed = _Proposed(params)
    inputs = _Rows(shape=shape.inputs, name="rows")
    trunk = _trunk(proposed.value("block"), inputs)
    head = _Head(num_classes=shape.n_outputs, shape=(shape.n_outputs,), name="head")
    graph = _Graph(inputs, head(_Tail(name="tail")(trunk)), shape)
    model = graph.build(proposed)
    proposed.check_asked()
    return model


def _trunk(block: Any, inputs: Any) -> Any:
    # Names are fixed: AutoKeras would number blocks through the whole process.
    if block == "dense":
        return ak.DenseBlock(name="dense")(inputs)
    if block == "structured":  # standardised by the pipeline, per fold
        return ak.StructuredDataBlock(normalize=False, name="structured")(inputs)
    if block == "wide_deep":
        deep = ak.DenseBlock(name="wide_deep")(inputs)
        return ak.Merge(merge_type="concatenate", name="merge")([inputs, *deep])
    if block == "conv":
        return ak.SpatialReduction(name="reduction")(ak.ConvBlock(name="conv")(inputs))
    if block == "resnet":
        features = ak.ResNetBlock(pretrained=False, name="resnet")(inputs)
        return ak.SpatialReduction(reduction_type="global_avg", name="reduction")(
            features
        )
    if block == "xception":
        features = ak.XceptionBlock(pretrained=False, name="xception")(inputs)
        return ak.SpatialReduction(name="reduction")(features)
    raise LookupError(f"nas: there is no block {block!r}")


class _Proposed(keras_tuner.HyperParameters):  # type: ignore[misc]
    """Answers every question of a build from one point, and keeps count."""

    def __init__(self, params: Mapping[str, Scalar]) -> None:
        super().__init__()
        self._params = {**params, **_NEVER}
        self._open = set(params)

    def value(self, name: str) -> Scalar:
        """Return the proposed value of a full name."""
        # One number of filters for all layers of a ConvBlock's block.
        name = re.sub(r"(?<=/filters_)(\d+)_\d+$", r"\1", name)
        if name not in self._params:
            raise LookupError(
                f"nas: AutoKeras asks for '{name}', which nobody proposed"
            )
        self._open.discard(name)
        return self._params[name]

    def read(self, group: SearchSpace) -> Params:
        """Return what was proposed of a group, by name without its block."""
        names = [name for name in group if name in self._params]
        return {name.rpartition("/")[2]: self.value(name) for name in names}

    def check_asked(self) -> None:
        """Refuse a build that left a proposed parameter without effect."""
        if self._open:
            raise LookupError(f"nas: nobody asked for {sorted(self._open)}")

    def name_scope(self, name: str) -> AbstractContextManager[None]:
        """Enter a block's scope.

        A block that another block makes is numbered through the whole process: a
        second build would ask for other names.
        """
        scope: AbstractContextManager[None] = super().name_scope(
            re.sub(r"_\d+$", "", name)
        )
        return scope

    def _retrieve(self, hp: Any) -> Scalar:
        # Where all kinds of questions meet; Keras Tuner has no public place for it.
        self.values[hp.name] = self.value(hp.name)
        answer: Scalar = super()._retrieve(hp)
        return answer


class _Rows(ak.Input):  # type: ignore[misc]
    """Rows as they are; grey images get their one channel.

    AutoKeras' own inputs bring custom layers, without which no saved model loads.
    """

    column_names = column_types = None  # StructuredDataBlock copies them

    def build(self, hp: Any, inputs: Any = None) -> Any:  # noqa: ARG002
        rows = keras.tree.flatten(inputs)[0]
        if len(rows.shape) != 3:
            return rows
        return keras.layers.Reshape((*rows.shape[1:], 1))(rows)


class _Tail(ak.Block):  # type: ignore[misc]
    """No, one or two dense layers, each with its own width."""

    def build(self, hp: _Proposed, inputs: Any = None) -> Any:
        return dense_stack(keras.tree.flatten(inputs)[0], hp.read(TAIL))


class _Head(ak.ClassificationHead):  # type: ignore[misc]
    """AutoKeras' head with dropout as a range and with smoothed targets."""

    def build(self, hp: _Proposed, inputs: Any = None) -> Any:
        proposed = hp.read(HEAD)
        self.dropout = proposed["dropout"]
        self.loss = keras.losses.CategoricalCrossentropy(
            label_smoothing=proposed["label_smoothing"]
        )
        return super().build(hp, inputs)


class _Graph(Graph):  # type: ignore[misc]
    """AutoKeras' graph, compiled as this project's other networks are."""

    def __init__(self, inputs: Any, outputs: Any, shape: Shape) -> None:
        super().__init__(inputs, outputs)
        self._shape = shape

    def _compile_keras_model(self, hp: _Proposed, model: Any) -> Any:
        params = hp.read(OPTIMISATION)
        _penalise(model, penalty(hp.read(PENALTIES)))
        model.compile(
            optimizer=optimizer(params),
            loss=self.blocks[-1].loss,  # the head's
            steps_per_execution=steps_per_execution(params, self._shape),
        )
        return model


def _penalise(model: Any, regularizer: Any) -> None:
    """Put a penalty on every kernel but the last layer's.

    Both on the variable, for this model, and on the layer, for the saved one.
    """
    if regularizer is None:
        return
    head = model.layers[-2]  # Dense and softmax are two layers
    for layer in model._flatten_layers():
        for name in ("kernel", "depthwise_kernel", "pointwise_kernel"):
            if layer is not head and hasattr(layer, name):
                getattr(layer, name).regularizer = regularizer
                setattr(
                    layer, f"{name.removesuffix('_kernel')}_regularizer", regularizer
                )
