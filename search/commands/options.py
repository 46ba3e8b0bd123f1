"""Options that several commands share."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])


def store_option(command: F) -> F:
    """Add --tracking-uri."""
    return click.option(
        "--tracking-uri",
        metavar="URI",
        help="MLflow store [default: MLFLOW_TRACKING_URI, or ./mlflow.db].",
    )(command)


def json_option(command: F) -> F:
    """Add --json."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON.")(command)


def budget_options(command: F) -> F:
    """Add --trials and --minutes."""
    for option in (
        click.option("--minutes", type=float, help="Stop after so many minutes."),
        click.option("--trials", type=int, help="Stop after so many trials."),
    ):
        command = option(command)
    return command
