"""Every extension point of a search on one page.

Protocols, not base classes: an implementation shares no code with another. Engines
never see data, pipelines never see engines, the tracker never sees a model.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

from numpy.typing import NDArray

from search.types import Done, Fold, FoldResult, Suggestion, Trial, Wait


class Engine(Protocol):
    """Proposes configurations; an oracle in Keras Tuner, a study in Optuna.

    `ask` is a function of the study's seed, the number, and what was asked and
    told before, in that order, and of nothing else: after a crash the journal
    replays the same calls and the engine goes on as if nothing had happened.

    Example:
        >>> from search.engines.random import RandomEngine
        >>> from spaces.dense import OPTIMISATION
        >>> engine = RandomEngine(OPTIMISATION, seed=0, sampler="random")
        >>> engine.ask(0) == engine.ask(0)
        True
    """

    def ask(self, number: int) -> Suggestion | Wait | Done:
        """Propose the trial with this number."""
        ...

    def tell(self, trial: Trial) -> None:
        """Take in an ended trial with its one finite `told`, higher is better.

        Called for every ended trial: complete, stopped or failed, also for those
        that another engine proposed.
        """
        ...


class Splitter(Protocol):
    """Cuts training rows into folds."""

    def split(
        self, y: NDArray[Any], groups: NDArray[Any] | None = None
    ) -> Iterator[Fold]:
        """Yield the folds, always the same ones for the same rows and seed.

        Args:
            y: Targets, (n,).
            groups: Group of each row, (n,); rows of one group stay together.
        """
        ...


class Pruner(Protocol):
    """Decides what is not worth finishing.

    By the trials that the trial's proposal knew, those numbered from 0 to some number,
    all ended: so no decision depends on which slot was faster.
    """

    def floor(
        self, fold: int, epochs: int, known: Sequence[Trial]
    ) -> Sequence[float] | None:
        """Return per epoch the value below which a fold stops, None for never.

        Values are signed so that higher is better.
        """
        ...

    def stop_after(self, trial: Trial, known: Sequence[Trial]) -> str | None:
        """Say why the trial should end after its latest fold, or None."""
        ...


class Tracker(Protocol):
    """Mirrors the journal for people to look at; never blocks a slot.

    Each call may be repeated: the same fold or trial sent twice is stored once.
    """

    def trial_begun(self, trial: Trial) -> None:
        """Record a trial that is going to be trained."""
        ...

    def fold_done(self, trial: Trial, result: FoldResult) -> None:
        """Record a finished fold of a running trial."""
        ...

    def trial_done(self, trial: Trial) -> None:
        """Record how a trial ended."""
        ...

    def study_done(
        self, trials: Sequence[Trial], *, reason: str, finished: bool
    ) -> None:
        """Record the study as it stands when its loop ends.

        Args:
            trials: All trials, also those that miss folds.
            reason: Why it ended, one line.
            finished: Whether its budget was spent; otherwise it was interrupted or
                could not go on.
        """
        ...

    def close(self) -> None:
        """Wait until everything is stored."""
        ...
