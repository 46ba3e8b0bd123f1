"""What a rerun of an ensemble leaves of the choice: `ensemble.json`."""

from collections.abc import Sequence
from typing import Any

from search.errors import TrackingError
from search.results import trial_of_id
from search.store import Store
from search.study_ensemble import Member, StudyEnsemble

FILE = "ensemble.json"
KIND = "rerun-ensemble"
"""Of such runs; `rerun` has one configuration, with whose weights others may begin."""


def as_plain(found: StudyEnsemble) -> dict[str, object]:
    """Return what is stored."""
    return {
        "study": found.study.settings.name,
        "metric": found.metric.name,
        "size": found.size,
        "members": [
            {
                "trial": member.trial.number,
                "run_id": member.recorded.run_id,
                "count": member.count,
                "weight": member.weight,
                "epochs": member.trial.epoch,
                "params": member.trial.params,
            }
            for member in found.members
        ],
        "cross_fitted": None
        if found.cross_fitted is None
        else vars(found.cross_fitted),
        "conclusion": found.conclusion,
    }


def read_members(store: Store, run: Any) -> Sequence[Member]:
    """Read the members of an ensemble that was rerun, the heaviest first.

    Args:
        store: Holds the ensemble's run and those of its trials.
        run: The ensemble's.

    Raises:
        TrackingError: Its artifact is damaged, or a trial is gone.
    """
    run_id = run.info.run_id
    plain = store.read_json(run_id, FILE)
    members = []
    try:
        for each in plain["members"]:
            trial = trial_of_id(store, str(each["run_id"]))
            if trial is None:
                raise TrackingError(
                    f"run {run_id}: the runs of its members must be in the store, that "
                    f"of trial {each['trial']} is not; export another ensemble"
                )
            count, weight = int(each["count"]), float(each["weight"])
            members.append(Member(recorded=trial, count=count, weight=weight))
    except (KeyError, TypeError, ValueError) as error:
        raise TrackingError(
            f"run {run_id}: {FILE} must hold an ensemble's members ({error}); was it "
            "written by another version?"
        ) from None
    return members
