"""Runs that a dead study left RUNNING in the tracking store; how they are closed."""

from dataclasses import dataclass

from search.lease import holder_of, is_held
from search.run_tags import UNFINISHED
from search.store import KEY, KILLED, KIND, RUNNING, Store
from search.types import TrialState

REASON = "its process died; closed by tunefold doctor --fix"


@dataclass(frozen=True)
class LeftRunning:
    """A study that is RUNNING in the store though nobody works on it.

    Attributes:
        name: The study's.
        run_id: Its run.
        trials: Runs of its trials that are RUNNING as well.
    """

    name: str
    run_id: str
    trials: tuple[str, ...]


def left_running(store: Store) -> list[LeftRunning]:
    """Find the studies whose process has died."""
    left = []
    for run in store.tagged(KIND, "study"):
        holder = holder_of(run)
        if run.info.status == RUNNING and not (holder and is_held(holder)):
            trials = tuple(
                trial.info.run_id
                for trial in store.trials(run.info.run_id)
                if trial.info.status == RUNNING
            )
            left.append(LeftRunning(run.data.tags[KEY], run.info.run_id, trials))
    return left


def close_left_running(store: Store) -> list[LeftRunning]:
    """End the runs that dead studies left RUNNING, and return which.

    `tunefold resume` opens them again and goes on.
    """
    left = left_running(store)
    for study in left:
        for run_id in study.trials:
            tags = store.client.get_run(run_id).data.tags
            if tags.get("state") == TrialState.RUNNING:
                store.client.set_tag(run_id, "state", UNFINISHED)
            store.client.set_terminated(run_id, KILLED)
        store.client.set_tag(study.run_id, "reason", REASON)
        store.client.set_terminated(study.run_id, KILLED)
    return left
