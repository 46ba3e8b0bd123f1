"""Pruners: what is not worth finishing."""

from collections.abc import Sequence

from search.types import FoldResult, Trial


class NoPruner:
    """Finish every trial."""

    def observe(self, result: FoldResult, trial: Trial) -> None:
        """Remember nothing."""

    def floor(self, fold: int, epochs: int) -> Sequence[float] | None:  # noqa: ARG002
        """Never stop a fold."""
        return None

    def stop_after(self, trial: Trial) -> str | None:  # noqa: ARG002
        """Never stop a trial."""
        return None
