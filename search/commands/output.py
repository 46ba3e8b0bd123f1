"""Where commands write: results to stdout, notes and progress to stderr."""

import json
import math
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from rich.console import Console


def stdout() -> "Console":
    """Return the console for results; in a file or pipe, lines are not folded."""
    from rich.console import Console

    wide = None if sys.stdout.isatty() else 200
    return Console(width=wide, highlight=False)


def stderr() -> "Console":
    """Return the console for progress."""
    from rich.console import Console

    return Console(stderr=True)


def note(text: str) -> None:
    """Print a line that is no result."""
    click.echo(text, err=True)


def print_json(value: Any) -> None:
    """Print a result as JSON; what is not finite becomes null, for JSON has no NaN."""
    click.echo(json.dumps(_plain(value), indent=2, allow_nan=False))


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
