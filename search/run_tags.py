"""Names and tags of the runs of a study and of its trials."""

import json
from collections.abc import Mapping

from search.events import asked_event
from search.store import KEY, KIND, PARENT
from search.types import Settings, Trial, TrialState

ASKED = "tunefold.asked"
"""Tag of a trial's run: what was proposed, as the journal has it."""

MISSING = "tunefold.missing"
"""Tag of a trial's run: why the store refused a record of it."""

UNFINISHED = "unfinished"
"""State of a trial that its study left open; `tunefold resume` goes on with it."""


def study_tags(settings: Settings, facts: Mapping[str, str]) -> dict[str, str]:
    """Return what a study's run says of it from its begin on.

    Args:
        settings: The study's.
        facts: Versions and machine.
    """
    s = settings
    return {
        KEY: s.name,
        KIND: "study",
        "engine": s.engine,
        "sampler": s.sampler,
        "backend": s.backend,
        "pipeline": s.pipeline,
        "space": s.space_name,
        "objectives": ",".join(s.objectives),
        "max_parameters": str(s.max_parameters or "none"),
        "max_seconds": str(s.max_seconds or "none"),
        "max_memory": str(s.max_memory or "none"),
        "cv": s.cv,
        "groups": s.groups or "none",
        "seed": str(s.seed),
        "split_seed": str(s.split_seed),
        "epochs": str(s.epochs),
        "metric": s.metrics[0],
        "epoch_rule": s.epoch,
        "workers": str(s.workers),
        "rows": "all" if s.n_rows is None else str(s.n_rows),
        "data_source": s.data_source,
        "data_digest": s.data_digest,
        "split_digest": s.split_digest,
        **_init_tags(s),
        **{f"version.{name}": value for name, value in facts.items()},
        **s.tags,
    }


def trial_tags(
    settings: Settings, trial: Trial, *, study_run_id: str
) -> dict[str, str]:
    """Return what a trial's run says of it from its begin on.

    Args:
        settings: The study's.
        trial: As it was proposed.
        study_run_id: The run above it.
    """
    tags = {
        KEY: f"{settings.name}/{trial.number}",
        KIND: "trial",
        PARENT: study_run_id,
        "state": TrialState.RUNNING.value,
        ASKED: json.dumps(asked_event(trial)),
        "engine": trial.engine,
        "sampler": trial.sampler,
        "backend": settings.backend,
        **_init_tags(settings),
        **trial.tags,
    }
    if trial.rung:
        tags["rung"] = str(trial.epochs)
    if trial.continues is not None:
        tags["continues"] = f"{settings.name}/{trial.continues}"
    return {**tags, **settings.tags}


def trial_name(settings: Settings, trial: Trial) -> str:
    """Return the name of a trial's run."""
    if "technique" in trial.tags:  # a homework's
        return f"{trial.tags['technique']}, {trial.tags['setting']}"
    return f"{settings.name}-{trial.number}"


def state_of(trial: Trial) -> str:
    """Return the tag `state` of a trial whose study has ended."""
    return UNFINISHED if trial.state is TrialState.RUNNING else trial.state.value


def _init_tags(settings: Settings) -> dict[str, str]:
    return {} if settings.init_from is None else {"init_from": settings.init_from}
