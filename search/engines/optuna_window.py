"""Optuna's storage in memory, showing samplers a window of a long study."""

from bisect import insort
from collections import deque
from collections.abc import Container, Sequence

from optuna.storages import InMemoryStorage
from optuna.trial import FrozenTrial, TrialState


class WindowStorage(InMemoryStorage):
    """Shows the best and the latest complete trials, and the running ones.

    For one study, which maximises each of its values; with several values the places
    for the best trials are shared out among them. By its id each trial can be had.

    Args:
        n_best: Complete trials that are seen for their values.
        n_latest: Complete trials that are seen because they were told last.
    """

    def __init__(self, *, n_best: int, n_latest: int) -> None:
        super().__init__()
        self._n_best = n_best
        self._best: dict[int, list[tuple[float, int]]] = {}
        self._latest: deque[int] = deque(maxlen=n_latest)
        self._running: set[int] = set()

    def create_new_trial(
        self, study_id: int, template_trial: FrozenTrial | None = None
    ) -> int:
        """Add a trial, running or ended."""
        trial_id: int = super().create_new_trial(study_id, template_trial)
        self._place(trial_id)
        return trial_id

    def set_trial_state_values(
        self, trial_id: int, state: TrialState, values: Sequence[float] | None = None
    ) -> bool:
        """End a trial."""
        changed: bool = super().set_trial_state_values(trial_id, state, values)
        self._place(trial_id)
        return changed

    def get_all_trials(
        self,
        study_id: int,
        deepcopy: bool = True,
        states: Container[TrialState] | None = None,
    ) -> list[FrozenTrial]:
        """Return the window, in the order of the trials' numbers."""
        if deepcopy or states == (TrialState.WAITING,):
            trials: list[FrozenTrial] = super().get_all_trials(
                study_id, deepcopy, states
            )
            return trials
        seen = self._running.union(self._latest)
        seen.update(trial_id for best in self._best.values() for _, trial_id in best)
        trials = [self.get_trial(trial_id) for trial_id in sorted(seen)]
        return [t for t in trials if states is None or t.state in states]

    def _place(self, trial_id: int) -> None:
        trial = self.get_trial(trial_id)
        if not trial.state.is_finished():
            self._running.add(trial_id)
            return
        self._running.discard(trial_id)
        if trial.state is TrialState.COMPLETE:
            self._latest.append(trial_id)
            for place, value in enumerate(trial.values):
                best = self._best.setdefault(place, [])
                insort(best, (-value, trial_id))
                del best[self._n_best // len(trial.values) :]
