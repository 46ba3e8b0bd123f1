"""Options that say what the user's own data is, and the word they become."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import click

from search.commands.options import OwnData

F = TypeVar("F", bound=Callable[..., Any])

_OPTIONS = {
    "target": click.option(
        "--target", metavar="COLUMN", help="Column to predict.", cls=OwnData
    ),
    "task": click.option(
        "--task",
        metavar="TASK",
        help="classification or regression [default: by the target's values].",
        cls=OwnData,
    ),
    "time": click.option(
        "--time",
        metavar="COLUMN",
        help="Column that orders the rows; the latest are the test.",
        cls=OwnData,
    ),
    "column": click.option(
        "--column",
        metavar="COLUMN",
        help="Column of the text [default: the longest].",
        cls=OwnData,
    ),
    "test": click.option(
        "--test",
        metavar="FILE",
        help="File or folder of test rows [default: 20 % are set aside].",
        cls=OwnData,
    ),
    "encoding": click.option(
        "--encoding", metavar="NAME", help="Of a CSV [default: utf-8].", cls=OwnData
    ),
    "image_size": click.option(
        "--image-size",
        metavar="PIXELS",
        help="Side of the images [default: the commonest size, at most 64].",
        cls=OwnData,
    ),
}


def own_data_options(command: F) -> F:
    """Add the options of `table:`, `images:` and `text:`."""
    for option in reversed(_OPTIONS.values()):
        command = option(command)
    return command


def take_pipeline(typed: str, options: dict[str, Any]) -> str:
    """Return the pipeline's word, with the options that belong into it.

    Args:
        typed: The argument PIPELINE.
        options: Of the command; those of own data are taken out. `groups` is one of
            them where it names a column.

    Raises:
        SettingsError: An option was given that this pipeline cannot take.
    """
    from pipelines.groups import KINDS
    from pipelines.spec import OPTIONS, Spec, read_spec
    from search.errors import SettingsError

    given = {
        name.replace("_", "-"): str(value)
        for name in _OPTIONS
        if (value := options.pop(name, None)) is not None
    }
    spec = read_spec(typed)
    known = () if spec is None else OPTIONS.get(spec.kind, ())
    groups = options.get("groups")
    if "groups" in known and groups not in (None, "none", *KINDS):
        given["groups"] = str(options.pop("groups"))
        options["groups"] = None
    for name in given:
        if name not in known:
            raise SettingsError(_not_for(name, typed, OPTIONS))
    if spec is None or not given:
        return typed
    merged = {**spec.options, **given}
    return str(Spec(kind=spec.kind, place=spec.place, options=merged))


def say_beforehand(word: str) -> str | None:
    """Say what reading large data will need, before it is read."""
    from pipelines.spec import read_spec

    spec = read_spec(word)
    if spec is None or spec.kind not in ("table", "text"):
        return None
    from pipelines.table_memory import memory_line

    return memory_line(spec.path)


def _not_for(name: str, typed: str, known: Mapping[str, tuple[str, ...]]) -> str:
    kinds = [f"{kind}:" for kind, options in known.items() if name in options]
    return (
        f"--{name}: is for data of your own ({', '.join(kinds)}), got pipeline "
        f"'{typed}'; leave it out"
    )
