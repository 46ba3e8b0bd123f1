"""A dense layer whose kernel is computed from what is trained.

Keras has no layer for DropConnect, weight normalization or pruned weights. This one
is for training only: `ReparametrisedDense.plain_weights` are those of a
`keras.layers.Dense` that predicts the same, and that is what is shipped and saved
(`pipelines.shipping`). A saved model needs nothing of this project.
"""

from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

TINY = 1e-12
"""Keeps the norm of a column above zero where all its weights are pruned."""


class ReparametrisedDense(keras.layers.Dense):  # type: ignore[misc]
    """Dense layer with masked, normalised or randomly disconnected weights.

    What a prediction multiplies by is `kernel`: the trained weights v, with pruned
    ones as zeros, scaled to the trained length g where normalised. Penalties act on
    it, constraints on g where there is one, as g is the norm of a column then.
    Initial weights are those of a plain layer with the same random numbers.

    Args:
        units: Width.
        drop_connect: Share of the weights that each training batch leaves out, in
            [0, 1); those kept are scaled up. One draw for all rows of a batch: a
            draw for each row would cost a kernel per row. Biases are always kept.
        weight_norm: Train direction and length of each unit's weights apart,
            w = g v / |v|.
        prunable: Keep a mask; all weights take part until `prune`.
        options: Of `keras.layers.Dense`.

    Source: Wan et al. 2013, Regularization of Neural Networks using DropConnect,
    ICML, section 3 (at inference the mean of the weights, not their section 3.2);
    Salimans and Kingma 2016, arXiv:1602.07868, equation 2; Han et al. 2015,
    arXiv:1506.02626, section 3.
    """

    def __init__(
        self,
        units: int,
        *,
        drop_connect: float = 0.0,
        weight_norm: bool = False,
        prunable: bool = False,
        **options: Any,
    ) -> None:
        super().__init__(units, **options)
        self.drop_connect = drop_connect
        self.weight_norm = weight_norm
        self.prunable = prunable
        self.length: Any = None
        self.kept: Any = None
        if drop_connect:
            self.seed_generator = keras.random.SeedGenerator()

    def build(self, input_shape: Any) -> None:
        """Create the weights."""
        super().build(input_shape)
        trained = self._kernel
        trained.regularizer = None  # `call` penalises what it makes of them
        if self.weight_norm:
            self.length = self.add_weight(
                name="length", shape=(1, self.units), constraint=trained.constraint
            )
            self.remeasure()
            trained.constraint = None
        if self.prunable:
            self.kept = self.add_weight(
                name="kept", shape=trained.shape, initializer="ones", trainable=False
            )

    def remeasure(self) -> None:
        """Make the length of each unit's weights that of the trained ones as they are.

        For whoever has put weights of a plain layer into it.
        """
        if self.length is not None:
            self.length.assign(_norms(self._kernel))

    @property
    def kernel(self) -> Any:
        """The weights that a prediction multiplies by."""
        kernel = keras.ops.convert_to_tensor(self._kernel)
        if self.kept is not None:
            kernel = kernel * self.kept
        if self.length is not None:
            kernel = self.length * kernel / _norms(kernel)
        return kernel

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        """Return activation(inputs @ kernel + bias)."""
        kernel = self.kernel
        if self.kernel_regularizer is not None:
            self.add_loss(self.kernel_regularizer(kernel))
        if training and self.drop_connect:
            kernel = keras.random.dropout(
                kernel, self.drop_connect, seed=self.seed_generator
            )
        outputs = keras.ops.matmul(inputs, kernel)
        if self.bias is not None:
            outputs = outputs + self.bias
        return self.activation(outputs)

    def prune(self, share: float) -> None:
        """Leave out that share of the weights, the smallest, from now on."""
        sizes = np.abs(np.asarray(keras.ops.convert_to_numpy(self.kernel)))
        kept = np.ones_like(sizes)
        n_pruned = round(share * kept.size)
        if n_pruned:
            smallest = np.argpartition(sizes, n_pruned - 1, axis=None)[:n_pruned]
            kept.flat[smallest] = 0
        self.kept.assign(kept)

    def plain_weights(self) -> list[NDArray[np.float32]]:
        """Return the weights of a `keras.layers.Dense` that predicts the same."""
        weights = [self.kernel] if self.bias is None else [self.kernel, self.bias]
        return [np.asarray(keras.ops.convert_to_numpy(each)) for each in weights]


def _norms(kernel: Any) -> Any:
    """Return the norm of each column, (1, units)."""
    squares = keras.ops.sum(keras.ops.square(kernel), axis=0, keepdims=True)
    return keras.ops.sqrt(squares + TINY)
