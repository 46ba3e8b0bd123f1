"""Magnitude pruning: the smallest weights of each hidden layer become zero.

Trained, pruned once in the middle, trained on with what is left. An epoch before the
middle ships its network pruned without that second half: how it would be if training
ended there.

Source: Han et al. 2015, arXiv:1506.02626, section 3, with the same share in each layer.
"""

from typing import Any

from pipelines.shipping import Networks


class Pruner:
    """Prunes for good in the middle, and what is shipped at any time.

    Args:
        share: Of the weights of each hidden kernel, in (0, 1).
        epochs: Epochs that the training is planned for.
    """

    done = False

    def __init__(self, share: float, *, epochs: int) -> None:
        self._share = share
        self.start = max(1, epochs // 2)

    def begin(self, model: Any, epoch: int, logs: Any = None) -> None:  # noqa: ARG002
        """Prune the network that is trained, before its first epoch in the middle."""
        if epoch == self.start:
            self._prune(model)

    def keep(self, model: Any, epoch: int, networks: Networks) -> Networks:
        """Return the network pruned."""
        if epoch >= self.start:
            return networks
        self._prune(model)
        return [model.get_weights()]

    def _prune(self, model: Any) -> None:
        for layer in model.layers:
            if hasattr(layer, "prune"):
                layer.prune(self._share)
