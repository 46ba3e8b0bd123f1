"""The pipelines by name, imported when asked for."""

import multiprocessing
from dataclasses import replace
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import cast

from pipelines.card import Load, find_card, write_card
from pipelines.outer import outer_pipeline, read_outer
from pipelines.part import Part
from pipelines.pipeline import Pipeline
from pipelines.spec import MODULE, Spec, read_spec
from spaces.errors import DataError, UnknownNameError
from spaces.space import unknown

MODULES = {
    "boston_housing": "pipelines.boston_housing",
    "california_housing": "pipelines.california_housing",
    "digits": "pipelines.digits",
    "fashion_mnist": "pipelines.fashion_mnist",
    "fashion_mnist_noise": "pipelines.fashion_mnist_noise",
    "fashion_mnist_zeros": "pipelines.fashion_mnist_zeros",
    "imdb": "pipelines.imdb",
    "moons": "pipelines.moons",
    "sunspots": "pipelines.sunspots",
}


_OWN = {
    "table": "pipelines.table",
    "images": "pipelines.image_folder",
    "text": "pipelines.text_file",
    MODULE: "pipelines.user_module",
}
"""What the user brings, by kind."""


def get_pipeline(word: str) -> Pipeline:
    """Return the pipeline that a word names.

    What is read for the user's own data is kept for the next call of this process,
    until the file changes.

    Args:
        word: A name in `MODULES`, or one of the forms in `pipelines.spec`.

    Raises:
        UnknownNameError: There is none; the message names the nearest.
        DataError: The user's data cannot be used.
    """
    if word in MODULES:
        return cast(Pipeline, import_module(MODULES[word]).PIPELINE)
    outer = read_outer(word)
    if outer is not None:
        return outer_pipeline(outer, get_pipeline(outer.word))
    spec = read_spec(word)
    if spec is None:
        hint = "; for a file of your own: table:FILE.csv" if "." in word else ""
        raise UnknownNameError(unknown("pipeline", word, MODULES) + hint)
    return _own(str(spec.absolute()), _stamp(spec))


def complete(word: str) -> str:
    """Return a typed word with all that a worker and a later rerun need.

    Paths become absolute; a module of the user gets the SHA-256 of its file. Only for
    what the user typed: see `recorded_word`.
    """
    outer = read_outer(word)
    if outer is not None:
        return str(replace(outer, word=complete(outer.word)))
    spec = read_spec(word)
    if spec is None or word in MODULES:
        return word
    if spec.kind == MODULE:
        from pipelines.user_module import located

        return str(located(spec))
    return str(spec.absolute())


def recorded_word(word: str, *, named: str | None) -> str:
    """Return a study's recorded pipeline, unless it would import a module unasked.

    Args:
        word: What the study's record says; anybody may have written it.
        named: The module as the user names it now, for a module of the user.

    Raises:
        DataError: The record names a module that the user does not, or the user
            another pipeline than the record.
    """
    outer = read_outer(word)
    if outer is not None:  # the whole pipeline is what the user can name
        whole = recorded_word(outer.word, named=named)
        return str(replace(outer, word=whole))
    spec = read_spec(word)
    own = spec is not None and spec.kind == MODULE and word not in MODULES
    if named is None:
        if own:
            raise DataError(
                f"the study's pipeline is {cast(Spec, spec).place}, code that is not "
                "part of tunefold; if you trust it, name it again where it lies: "
                f"--pipeline {cast(Spec, spec).place}"
            )
        return word
    typed = complete(named)
    if typed != word:
        raise DataError(
            f"--pipeline: must be the study's, {word}, got {typed}; name the same file "
            "as it was, or start a new study"
        )
    return word


def _stamp(spec: Spec) -> tuple[int, ...]:
    """Return what changes with a file: size and time of change."""
    if spec.kind == MODULE:
        return ()
    named = [spec.place, *filter(None, [spec.options.get("test")])]
    paths = [path for path in map(Path, named) if path.exists()]
    folders = [p for path in paths if path.is_dir() for p in sorted(path.iterdir())]
    found = [path.stat() for path in (*paths, *folders)]
    return tuple(n for stat in found for n in (stat.st_size, stat.st_mtime_ns))


@lru_cache(maxsize=2)
def _own(word: str, stamp: tuple[int, ...]) -> Pipeline:
    spec = cast(Spec, read_spec(word))
    module = import_module(_OWN[spec.kind])
    if spec.kind == MODULE:
        return cast(Pipeline, module.pipeline_of(spec))
    key = f"{word} {stamp}"
    card = None if multiprocessing.parent_process() is None else find_card(key)
    if card is not None:  # a worker: the rows are mapped, or else read when asked for
        return cast(Pipeline, module.make_pipeline(spec, card, _reader(module, spec)))
    card, load = module.read(spec)
    write_card(card, key)
    return cast(Pipeline, module.make_pipeline(spec, card, load))


def _reader(module: ModuleType, spec: Spec) -> Load:
    return lambda part: cast(Part, module.read(spec)[1](part))
