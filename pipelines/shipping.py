"""The networks that a technique would ship, in the model whenever it is looked at.

Some techniques train one set of weights and give away another: the best so far, an
average over steps, several networks whose predictions are averaged. After each epoch
the model holds what would be shipped if training ended there, so that whoever measures
it measures that; before the next epoch it gets the weights back that are trained.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from pipelines.layers import TRAINING_ONLY
from spaces.params import Scalar

Weights = list[NDArray[np.float32]]
"""Of one network, as `model.get_weights` lists them."""

Networks = list[Weights]
"""One network, or several whose predictions are averaged; never empty."""


class Keeper(Protocol):
    """Decides which networks are shipped after an epoch."""

    def keep(self, model: Any, epoch: int, networks: Networks) -> Networks:
        """Return the networks to ship.

        Args:
            model: Holds `networks` (see `hold`); its weights may be changed.
            epoch: From 0.
            networks: The one trained, or those kept by the keeper before this one; not
                to be changed in place.
        """
        ...

    @property
    def done(self) -> bool:
        """Whether more training cannot change what is shipped."""
        ...


def hold(model: Any, networks: Networks) -> None:
    """Let a model predict as these networks do together."""
    model.set_weights(networks[-1])
    # not as a list: Keras would look for layers to track in it
    model.held = _Held(networks if len(networks) > 1 else [])


def several(model: Any) -> Networks:
    """Return the networks that a model predicts as, empty where it is alone."""
    held: _Held | None = getattr(model, "held", None)
    return held.networks if held else []


def held(model: Any) -> Networks:
    """Return the networks that a model holds: its own weights but for `hold`."""
    return several(model) or [model.get_weights()]


def shipped(model: Any) -> Networks:
    """Return the networks a model holds as weights of plain layers.

    They fit the model that the same builder makes of `plain` parameters.
    """
    networks = held(model)
    if all(not hasattr(layer, "plain_weights") for layer in model.layers):
        return networks
    own, plain_networks = model.get_weights(), []
    for weights in networks:
        model.set_weights(weights)
        plain_networks.append(_plain_weights(model))
    model.set_weights(own)
    return plain_networks


def plain(params: Mapping[str, Scalar]) -> dict[str, Scalar]:
    """Return the parameters without those that matter in training only."""
    return {
        name: value
        for name, value in params.items()
        if name not in TRAINING_ONLY and not name.startswith("augment_")
    }


def n_parameters(model: Any) -> int:
    """Return the number of weights of a network as it is shipped."""
    return sum(weight.size for weight in _plain_weights(model))


def shipping(keepers: Sequence[Keeper]) -> Any:
    """Return the Keras callback that ships what the keepers keep.

    It must stand before the callbacks that measure.
    """
    import keras

    class Ship(keras.callbacks.Callback):  # type: ignore[misc]
        trained: Weights | None = None  # where something else is held
        networks: Networks | None = None

        def on_train_begin(self, logs: Any = None) -> None:  # noqa: ARG002
            self.model.held = None  # the model may have been trained before

        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:  # noqa: ARG002
            if self.trained is not None:
                hold(self.model, [self.trained])
                self.trained = None

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:  # noqa: ARG002
            trained = self.model.get_weights()
            networks = [trained]
            for keeper in keepers:
                kept = keeper.keep(self.model, epoch, networks)
                if kept is not networks:
                    hold(self.model, kept)
                    networks, self.trained = kept, trained
                if keeper.done:
                    self.model.stop_training = True
            self.networks = networks

        def on_train_end(self, logs: Any = None) -> None:  # noqa: ARG002
            # Keras ends with the optimizer's average, whatever was kept of it.
            if self.networks is not None:
                hold(self.model, self.networks)

    return Ship()


class _Held:
    """Networks in a place where Keras does not look for layers."""

    def __init__(self, networks: Networks) -> None:
        self.networks = networks


def _plain_weights(model: Any) -> Weights:
    return [
        weight
        for layer in model.layers
        for weight in (
            layer.plain_weights()
            if hasattr(layer, "plain_weights")
            else layer.get_weights()
        )
    ]
