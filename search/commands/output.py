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
    """Print a result as JSON; a value that is not finite becomes null."""
    click.echo(json.dumps(_finite(value), indent=2, default=str, allow_nan=False))


def _finite(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return None  # JSON knows no NaN, and jq and browsers refuse it
    if isinstance(value, Mapping):
        return {name: _finite(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(part) for part in value]
    return value
