"""What an engine is asked and told, in an order that a replay repeats."""

from collections.abc import Mapping

from search.errors import FatalError
from search.events import Event, taken_over, warm_trials
from search.journal import Journal
from search.protocols import Engine
from search.types import Trial


class Telling:
    """Tells an engine of ended trials in the order of their numbers.

    Ask k follows the tells of exactly the trials numbered below k - lag. So what an
    engine proposes does not depend on which slot was faster.

    Args:
        engine: Fresh.
        journal: Where each tell is recorded.
        lag: Trials a proposal may not know.
    """

    def __init__(self, engine: Engine, journal: Journal, *, lag: int) -> None:
        self._engine = engine
        self._journal = journal
        self._lag = lag
        self._n_told = 0
        self._of_others: set[int] = set()  # asked before the present engine took over

    def n_before(self, number: int) -> int:
        """Return how many trials the proposal of this number knows."""
        return max(0, number - self._lag)

    def tell(self, n: int, trials: Mapping[int, Trial]) -> None:
        """Tell of the trials numbered below `n`, those it has not heard of."""
        for number in range(self._n_told, n):
            self._tell_engine(trials[number])
            self._journal.told(number)
            self._n_told += 1

    def replay(self, events: list[Event], trials: Mapping[int, Trial]) -> None:
        """Ask and tell the engine anew what the journal holds.

        Of what was asked before the present engine took over it is told only, as of
        the trials a study was started from.

        Args:
            events: The journal's.
            trials: What they come to.

        Raises:
            FatalError: It was told of a trial that has not ended.
        """
        took_over = taken_over(events)
        for trial in warm_trials(events):
            self._engine.tell(trial)
        for place, event in enumerate(events):
            match event["event"]:
                case "asked" if place < took_over:
                    self._of_others.add(event["number"])
                case "asked":
                    self._engine.ask(event["number"])
                case "told":
                    told = trials.get(event["number"])
                    if told is None or told.told is None:
                        raise FatalError(
                            f"{self._journal.folder}: the journal tells of trial "
                            f"{event['number']}, which has not ended; restore it from "
                            "a copy"
                        )
                    self._tell_engine(told)
                    self._n_told += 1

    def _tell_engine(self, trial: Trial) -> None:
        # What a trial at few epochs is worth, only the engine knows that asked for it.
        if not (trial.rung and trial.number in self._of_others):
            self._engine.tell(trial)
