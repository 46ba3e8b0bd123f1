"""Snapshot ensembles: several networks out of one training.

A cyclic learning rate (`pipelines.schedules`) comes down to zero several times; the
network at each low is kept, and the predictions of all are averaged.

Source: Huang et al. 2017, arXiv:1704.00109, section 3.
"""

from typing import Any

from pipelines.schedules import cycle_epochs
from pipelines.shipping import Networks


class Snapshots:
    """Ships the snapshots taken so far; before the first one, the network trained.

    Args:
        n: Number of snapshots, at least 2.
        epochs: Epochs that the training is planned for. What is left over after `n`
            cycles of equal length is not trained.
    """

    def __init__(self, n: int, *, epochs: int) -> None:
        self._n = n
        self._cycle = cycle_epochs(n, epochs)
        self._taken: Networks = []

    @property
    def done(self) -> bool:
        """Whether the last snapshot is taken."""
        return len(self._taken) == self._n

    def keep(self, model: Any, epoch: int, networks: Networks) -> Networks:  # noqa: ARG002
        """Return the snapshots so far."""
        if (epoch + 1) % self._cycle == 0:
            self._taken = [*self._taken, networks[-1]]
        return self._taken or networks
