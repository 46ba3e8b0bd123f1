"""Fashion-MNIST with a second channel that says nothing: noise, or zeros.

Both have the same rows, targets and number of inputs; what differs is whether a network
can take chance for a sign.

Source: Chollet, Deep Learning with Python, 2nd ed., 2021, section 5.1.1 (there with
MNIST).
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from pipelines.fashion_mnist_files import load_fashion_mnist
from pipelines.part import Part, PartName
from pipelines.prepared import load_prepared

NOISE_SEEDS: dict[PartName, int] = {"train": 0, "test": 1}
"""Part of the data set's definition: never a study's seed."""


def load_fashion_mnist_noise(part: PartName) -> Part:
    """Load Fashion-MNIST with a channel of noise, drawn once for each row.

    Args:
        part: Which half: train has 60,000 rows, test 10,000.

    Returns:
        X uint8 (n, 28, 28, 2): the image, and values drawn evenly from 0..255; y int64
        (n,) in 0..9. Rows and targets are those of `load_fashion_mnist`.

    Raises:
        DataError: See `load_fashion_mnist`.
    """
    prepared = load_prepared("fashion_mnist_noise", part)
    if prepared is not None:
        return prepared
    images = load_fashion_mnist(part)
    # NumPy keeps this generator's numbers for good; those of newer ones may change.
    drawn = np.random.RandomState(NOISE_SEEDS[part]).bytes(images.X.size)
    noise = np.frombuffer(drawn, np.uint8).reshape(images.X.shape)
    return _beside(images, noise)


def load_fashion_mnist_zeros(part: PartName) -> Part:
    """Load Fashion-MNIST with a channel of zeros.

    Args, errors and result are those of `load_fashion_mnist_noise` but for the zeros.
    """
    prepared = load_prepared("fashion_mnist_zeros", part)
    if prepared is not None:
        return prepared
    images = load_fashion_mnist(part)
    return _beside(images, np.zeros_like(images.X))


def _beside(images: Part, channel: NDArray[np.uint8]) -> Part:
    return replace(images, X=np.stack([images.X, channel], axis=-1))
