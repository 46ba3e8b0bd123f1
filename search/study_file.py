"""The settings of a study as a small file, from which it can be searched again."""

import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from pipelines.registry import get_pipeline
from search.errors import SettingsError
from search.types import Settings
from spaces.errors import SpaceError
from spaces.narrow import narrow
from spaces.params import Choice, Param, Scalar
from spaces.space import SearchSpace

Options = dict[str, str | int | float | list[str]]
"""Options of `tunefold search` by name, without the dashes."""


def study_options(settings: Settings, *, n_trials: int) -> Options:
    """Return the options by which `tunefold search` repeats a study.

    Its name is not among them: a store holds it once. Neither is what is not recorded
    in the settings: a warm start, and an engine that took over by `tunefold resume`.

    Args:
        settings: The study's.
        n_trials: Trials asked in all.

    Raises:
        SettingsError: The pipeline's space is another one today.
    """
    options: dict[str, Any] = {
        "pipeline": settings.pipeline,
        "trials": n_trials,
        "space": settings.space_name,
        "set": _changes(settings),
        "engine": settings.engine,
        "sampler": settings.sampler,
        "objectives": ",".join(settings.objectives),
        "pruner": settings.pruner,
        "max-parameters": settings.max_parameters or 0,
        "max-seconds": settings.max_seconds,
        "max-memory": settings.max_memory,
        "cv": settings.cv,
        "groups": settings.groups or "none",
        "split-seed": settings.split_seed,
        "seed": settings.seed,
        "epochs": settings.epochs,
        "metric": ",".join(settings.metrics),
        "epoch": settings.epoch,
        "rows": settings.n_rows,
        "init-from": settings.init_from,
        "workers": settings.workers,
        "backend": settings.backend,
        "experiment": settings.experiment,
        "tag": [f"{key}={value}" for key, value in settings.tags.items()],
    }
    return {name: value for name, value in options.items() if value not in (None, [])}


def as_toml(options: Options, *, study: str) -> str:
    """Write options as TOML, with the lines that say what they are for.

    Example:
        >>> print(as_toml({"seed": 1, "set": ["l2=off"]}, study="a"))
        # Repeats the study a:
        #     tunefold search --from FILE
        # What is typed beside it comes before what stands here.
        <BLANKLINE>
        seed = 1
        set = [
            "l2=off",
        ]
        <BLANKLINE>
    """
    lines = [
        f"# Repeats the study {study}:",
        "#     tunefold search --from FILE",
        "# What is typed beside it comes before what stands here.",
        "",
    ]
    for name, value in options.items():
        if isinstance(value, list):
            items = "".join(f"    {_toml(item)},\n" for item in value)
            lines.append(f"{name} = [\n{items}]")
        else:
            lines.append(f"{name} = {_toml(value)}")
    return "\n".join(lines) + "\n"


def as_command(options: Options) -> str:
    """Write options as the command line that repeats the study."""
    words = ["tunefold", "search", str(options["pipeline"])]
    for name, value in options.items():
        for item in value if isinstance(value, list) else [value]:
            if name != "pipeline":
                words += [f"--{name}", str(item)]
    return shlex.join(words)


def _changes(settings: Settings) -> list[str]:
    """Return the `--set` by which the study's space was narrowed."""
    full = get_pipeline(settings.pipeline).spaces.get(settings.space_name)
    searched = SearchSpace.from_dict(settings.space)
    params = {} if full is None else full.params
    changes = [
        f"{name}={_values(param)}"
        for name, param in searched.params.items()
        if name in params and _range(param) != _range(params[name])
    ]
    try:
        again = None if full is None else narrow(full, changes).to_dict()
    except SpaceError:  # it reaches further than today's
        again = None
    if again != searched.to_dict():
        raise SettingsError(
            f"study '{settings.name}': its space '{settings.space_name}' must be that "
            f"of the pipeline {settings.pipeline}, narrowed; it has changed since, so "
            "no options give it again"
        )
    return changes


def _range(param: Param) -> Mapping[str, Any]:
    """Return what `--set` can change of a parameter."""
    if isinstance(param, Choice):
        return {"options": param.options}
    return {"low": param.low, "high": param.high}


def _values(param: Param) -> str:
    if isinstance(param, Choice):
        return ",".join(map(_exactly, param.options))
    if param.low == param.high:
        return _exactly(param.low)
    return f"{_exactly(param.low)}..{_exactly(param.high)}"


def _exactly(value: Scalar) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return repr(value) if isinstance(value, float) else str(value)


def _toml(value: str | int | float) -> str:
    if not isinstance(value, str):
        return repr(value)
    escaped = "".join(_escaped(character) for character in value)
    return f'"{escaped}"'


def _escaped(character: str) -> str:
    if character in '"\\':
        return f"\\{character}"
    # TOML allows no other control character in a string than the tab
    return character if character.isprintable() else f"\\U{ord(character):08x}"


def read_toml(text: str, *, where: str) -> Mapping[str, Any]:
    """Read what `as_toml` wrote, or somebody else.

    Raises:
        SettingsError: It is no TOML.
    """
    import tomllib

    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(
            f"{where}: must be TOML, lines such as seed = 1: {error}"
        ) from None


def known_keys(names: Sequence[str]) -> list[str]:
    """Return the names of options that a study file may hold."""
    return [name for name in names if name not in _NEVER]


_NEVER = (
    *("from", "help", "tracking-uri", "in-process", "name"),
    *("cluster", "tls-ca-file", "tls-cert", "tls-key"),
)
"""Of one machine, or of one search. Whom code is sent to, no file decides."""
