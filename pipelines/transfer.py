"""Transfer: a network begins with the first layers of one trained on other data.

Weights are held as plain arrays, layer by layer, so that they can be stored, and named
by their content, without anybody's code.

Source: Yosinski, Clune, Bengio, Lipson 2014, How transferable are features in deep
neural networks?, arXiv:1411.1792, section 2: the first layers are copied, those above
begin anew, and then all are trained ("fine-tuned").
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from tokenize import TokenError
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from pipelines.atomic_file import replacing

Layer = dict[str, NDArray[Any]]
"""Weights of one layer by Keras' names: kernel, bias, gamma, moving_mean, ..."""

Shapes = dict[str, tuple[int, ...]]


def layer_weights(model: Any) -> list[Layer]:
    """Return the weights of a model, layer by layer; layers without any are left out.

    Of several networks whose predictions are averaged the first one is taken.
    """
    return [
        {name: np.asarray(weight) for name, weight in layer.items()}
        for layer in _weighted(_first_member(model))
    ]


def assign_matching(model: Any, weights: Sequence[Layer]) -> int:
    """Copy the layers of equal shapes into a model, the others stay as they are.

    The first kernel is compared with the first, the second with the second, and so on,
    dense and convolutional alike. With a kernel go its bias and the normalizations
    behind it, as far as both have them. A layer above one that differs is copied, too:
    it then learns faster than a fresh one.

    Equal shapes are all that is asked for. That inputs (words of a vocabulary, columns
    of a table) stand in the same places is for the user to know.

    Args:
        model: A built Keras model. Its optimizer is not touched.
        weights: What `layer_weights` returned for another one.

    Returns:
        The number of kernels copied.
    """
    copied = 0
    pairs = zip(_by_kernel(_weighted(model)), _by_kernel(weights), strict=False)
    for number, (ours, theirs) in enumerate(pairs):
        if number == 0:  # what stands before the first kernel
            _copy(theirs, ours)
        elif _kernels(ours[0]) == _kernels(theirs[0]):
            _copy(theirs, ours)
            copied += 1
    for layer in _flat(model):
        if hasattr(layer, "remeasure"):
            layer.remeasure()
    return copied


def describe_kernels(weights: Sequence[Mapping[str, Any]]) -> str:
    """Return the shapes of the kernels in words.

    Example:
        >>> describe_kernels([{"kernel": np.ones((64, 10)), "bias": np.ones(10)}])
        '64x10'
    """
    shapes = [shape for layer in weights for shape in _kernels(layer).values()]
    return ", ".join("x".join(map(str, shape)) for shape in shapes) or "none"


def content_digest(weights: Sequence[Layer]) -> str:
    """Return the SHA-256 over names, dtypes, shapes and values: 64 hexadecimal digits.

    It does not depend on how they are stored.
    """
    sha256 = hashlib.sha256()
    for number, layer in enumerate(weights):
        for name, value in sorted(layer.items()):
            sha256.update(f"{number} {name} {value.dtype.str} {value.shape}\n".encode())
            sha256.update(np.ascontiguousarray(value).tobytes())
    return sha256.hexdigest()


def save_weights(file: Path, weights: Sequence[Layer]) -> None:
    """Write weights as plain arrays, whole or not at all; its folder is made.

    Raises:
        OSError: The file cannot be written.
    """
    arrays: dict[str, Any] = {
        f"{number}/{name}": value
        for number, layer in enumerate(weights)
        for name, value in layer.items()
    }
    file.parent.mkdir(parents=True, exist_ok=True)
    with replacing(file) as opened:
        np.savez(opened, **arrays)


def load_weights(file: Path) -> list[Layer]:
    """Read what `save_weights` wrote; no object is unpickled.

    Raises:
        OSError: There is no such file.
        ValueError: It holds something else.
    """
    layers: dict[int, Layer] = {}
    try:
        with np.load(file, allow_pickle=False) as arrays:
            for key in arrays.files:
                number, _, name = key.partition("/")
                layers.setdefault(int(number), {})[name] = arrays[key]
    except (BadZipFile, EOFError, TokenError) as error:
        raise ValueError(f"{file}: {error}") from None
    return [layers[number] for number in sorted(layers)]


def _flat(model: Any) -> Iterator[Any]:
    """Yield a model's layers, those of a model within it in its place."""
    for layer in model.layers:
        if hasattr(layer, "layers"):
            yield from _flat(layer)
        else:
            yield layer


def _first_member(model: Any) -> Any:
    import keras

    members = [layer for layer in model.layers if isinstance(layer, keras.Model)]
    averages = isinstance(model.layers[-1], keras.layers.Average)
    return _first_member(members[0]) if members and averages else model


def _weighted(model: Any) -> list[dict[str, Any]]:
    """Return the variables of each layer that has some, by name."""
    named = [{w.name: w for w in layer.weights} for layer in _flat(model)]
    return [layer for layer in named if layer]


def _kernels(layer: Mapping[str, Any]) -> Shapes:
    # a separable convolution has a depthwise and a pointwise one
    return {
        name: tuple(weight.shape)
        for name, weight in layer.items()
        if name.endswith("kernel")
    }


def _by_kernel(layers: Sequence[Mapping[str, Any]]) -> list[list[Mapping[str, Any]]]:
    """Group layers: those before the first kernel, then each kernel with what follows.

    The first group may be empty, no other one is.
    """
    groups: list[list[Mapping[str, Any]]] = [[]]
    for layer in layers:
        if _kernels(layer):
            groups.append([])
        groups[-1].append(layer)
    return groups


def _copy(
    source: Sequence[Mapping[str, Any]], into: Sequence[Mapping[str, Any]]
) -> None:
    left = list(source)
    for layer in into:
        found = next((other for other in left if _alike(other, layer)), None)
        if found is None:
            continue
        left.remove(found)
        for name, value in found.items():
            if name in layer:
                layer[name].assign(value)


def _alike(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    if _kernels(one) or _kernels(other):  # with or without a bias, length, mask
        return _kernels(one) == _kernels(other)
    return {name: tuple(w.shape) for name, w in one.items()} == {
        name: tuple(w.shape) for name, w in other.items()
    }
