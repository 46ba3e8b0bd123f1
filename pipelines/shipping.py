"""The weights that a technique would ship, in the model whenever it is looked at.

Some techniques train one set of weights and give away another: the best so far, an
average over steps. After each epoch the model holds what would be shipped if training
ended there, so that whoever measures it measures that; before the next epoch it gets
the weights back that are trained.
"""

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Weights = list[NDArray[np.float32]]


class Keeper(Protocol):
    """Decides which weights are shipped after an epoch."""

    def keep(self, model: Any, epoch: int, weights: Weights) -> Weights:
        """Return the weights to ship.

        Args:
            model: Holds `weights`.
            epoch: From 0.
            weights: Trained, or kept by the keeper before this one.
        """
        ...

    @property
    def done(self) -> bool:
        """Whether more training cannot change what is shipped."""
        ...


def shipping(keepers: Sequence[Keeper]) -> Any:
    """Return the Keras callback that ships what the keepers keep.

    It must stand before the callbacks that measure.
    """
    import keras

    class Ship(keras.callbacks.Callback):  # type: ignore[misc]
        trained: Weights | None = None

        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:  # noqa: ARG002
            if self.trained is not None:
                self.model.set_weights(self.trained)
                self.trained = None

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:  # noqa: ARG002
            trained = weights = self.model.get_weights()
            for keeper in keepers:
                kept = keeper.keep(self.model, epoch, weights)
                if kept is not weights:
                    self.model.set_weights(kept)
                    weights = kept
                if keeper.done:
                    self.model.stop_training = True
            if weights is not trained:
                self.trained = trained

    return Ship()
