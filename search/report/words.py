"""What a page says beside its figures: settings, and trials without a score."""

from collections.abc import Mapping, Sequence

from pipelines.spec import short_name
from search.numbers import with_unit
from search.types import Settings, Trial, TrialState
from spaces.errors import SpaceError
from spaces.params import Param, write_scalar
from spaces.space import SearchSpace


def settings_in_words(settings: Settings) -> list[tuple[str, str]]:
    """Return what defined a study, a term and its words each."""
    s = settings
    first, *others = (with_unit(name, s.unit) for name in s.metrics)
    rule = "the best common epoch" if s.epoch == "best" else "the last epoch"
    rows = "all training rows" if s.n_rows is None else f"{s.n_rows:,} training rows"
    groups = f", kept together by groups ({s.groups})" if s.groups else ""
    limit = "any" if s.max_parameters is None else f"at most {s.max_parameters:,}"
    words = [
        ("data", f"{short_name(s.pipeline)}: {rows}; {s.data_source}"),
        ("folds", f"{s.cv}{groups}; split seed {s.split_seed}"),
        ("score", f"{first}, mean over folds at {rule} of {s.epochs}"),
        ("also measured", ", ".join(others)),
        ("searched", ", ".join(s.objectives)),
        ("engine", f"{s.engine}, sampler {s.sampler}; seed {s.seed}"),
        ("pruner", s.pruner),
        ("weights", limit),
        (
            "time of a trial",
            "" if s.max_seconds is None else f"at most {s.max_seconds:g} s",
        ),
        (
            "memory of a worker",
            "" if s.max_memory is None else f"at most {s.max_memory:,} MB",
        ),
        ("workers", str(s.workers)),
        ("backend", s.backend),
    ]
    if s.init_from is not None:
        words.append(("begun with", f"the weights of run {s.init_from}"))
    words += [(f"tag {name}", value) for name, value in s.tags.items()]
    return [(term, text) for term, text in words if text]


def space_in_words(settings: Settings) -> list[tuple[str, str]]:
    """Return the parameters and their ranges; empty where none were recorded."""
    try:
        space = SearchSpace.from_dict(settings.space)
    except SpaceError:
        return []
    return [(name, _range(param)) for name, param in space.params.items()]


def _range(param: Param) -> str:
    if param.when is None:
        return param.describe()
    parent, values = param.when
    return f"{param.describe()}; only with {parent} {_either(values)}"


def _either(values: Sequence[bool | int | float | str]) -> str:
    return " or ".join(write_scalar(value) for value in values)


def without_score(trials: Sequence[Trial]) -> list[tuple[str, str, str]]:
    """Return number, state and reason of each trial that has no score."""
    states: Mapping[TrialState, str] = {
        TrialState.STOPPED: "stopped",
        TrialState.FAILED: "failed",
        TrialState.RUNNING: "unfinished",
    }
    return [
        (str(trial.number), states[trial.state], trial.reason or "")
        for trial in trials
        if trial.state in states
    ]
