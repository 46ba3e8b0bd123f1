"""What trackers are not told yet: they hear of a thing once the disk has it."""

import threading
from collections import deque
from collections.abc import Sequence

from search.journal import Journal
from search.protocols import Tracker
from search.types import FoldResult, Trial, TrialState


class News:
    """What happens to trials on its way to the trackers, in the journal's order.

    Args:
        journal: Where each was written just before it is announced here.
        trackers: Who is told.
    """

    def __init__(self, journal: Journal, trackers: Sequence[Tracker]) -> None:
        self._journal = journal
        self._trackers = trackers
        # With the lines that must be on the disk first.
        self._untold: deque[tuple[int, Trial, FoldResult | None]] = deque()
        self._telling = threading.Lock()

    def __bool__(self) -> bool:
        """Say whether trackers have something to hear."""
        return bool(self._untold)

    def trial_begun(self, trial: Trial) -> None:
        """Announce a trial that is going to be trained. With the study's lock."""
        self._untold.append((self._journal.written, trial, None))

    def fold_done(self, trial: Trial, result: FoldResult) -> None:
        """Announce a fold; the trial holds it already. With the study's lock."""
        self._untold.append((self._journal.written, trial, result))

    def trial_done(self, trial: Trial) -> None:
        """Announce an ended trial. With the study's lock."""
        self._untold.append((self._journal.written, trial, None))

    def settle(self) -> None:
        """Wait until the disk has what was written, then tell the trackers of it.

        Without the study's lock. What trackers know is never taken back by a crash.
        """
        committed = self._journal.commit()
        with self._telling:  # one at a time: they hear it in the journal's order
            while self._untold and self._untold[0][0] <= committed:
                _, trial, result = self._untold.popleft()
                for tracker in self._trackers:
                    if result is not None:
                        tracker.fold_done(trial, result)
                    elif trial.state is TrialState.RUNNING:
                        tracker.trial_begun(trial)
                    else:
                        tracker.trial_done(trial)
