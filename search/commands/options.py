"""Options that several commands share."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])


class Advanced(click.Option):
    """An option that a first search does not need."""


class WithAdvanced(click.Command):
    """A command whose help lists its advanced options apart."""

    def format_options(
        self, ctx: click.Context, formatter: click.HelpFormatter
    ) -> None:
        """Write the usual options, then the advanced ones."""
        sections: dict[str, list[tuple[str, str]]] = {"Options": [], "Advanced": []}
        for param in self.get_params(ctx):
            record = param.get_help_record(ctx)
            if record is not None and isinstance(param, click.Option):
                title = "Advanced" if isinstance(param, Advanced) else "Options"
                sections[title].append(record)
        for title, records in sections.items():
            with formatter.section(title):
                formatter.write_dl(records)


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
