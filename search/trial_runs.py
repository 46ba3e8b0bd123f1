"""The runs of a study's trials, whatever became of the study's own run."""

from collections.abc import Sequence
from typing import Any

from search.store import KEY, KIND, PARENT, Store


def number_of(run: Any) -> int:
    """Return the number of a trial, by its run."""
    return int(run.data.tags[KEY].rpartition("/")[2])


def trials_named(store: Store, study: str) -> list[Any]:
    """Return the runs of a study's trials by their keys, the oldest first.

    Args:
        store: The tracking store.
        study: The study's name.
    """
    return [
        run
        for run in store.tagged(KEY, f"{study}/%", relation="LIKE")
        if run.data.tags.get(KIND) == "trial"
        and run.data.tags[KEY]
        == f"{study}/{number_of(run)}"  # in LIKE, _ is any letter
    ]


def is_taken(store: Store, name: str) -> bool:
    """Say whether a new study of that name would mix with what a store holds.

    Args:
        store: The tracking store.
        name: The study's. Runs of trials keep it although the study's own is deleted.
    """
    return store.find(name) is not None or bool(trials_named(store, name))


def adopt(store: Store, trials: Sequence[Any], study_run_id: str) -> None:
    """Hang below a study's run what hangs below earlier ones, which were deleted.

    Reruns of ensembles, which belong to no trial, lie beside the trials.

    Args:
        store: The tracking store.
        trials: All trials of the study.
        study_run_id: The study's run.
    """
    for former in {run.data.tags.get(PARENT) for run in trials} - {study_run_id, None}:
        for run in store.children(former):
            store.client.set_tag(run.info.run_id, PARENT, study_run_id)
