"""Options that several commands share."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from search.commands.formats import FORMATS

F = TypeVar("F", bound=Callable[..., Any])


class Advanced(click.Option):
    """An option that a first search does not need."""


class OwnData(click.Option):
    """An option that is only for data of the user's own."""


_SECTIONS = {"Options": click.Option, "Own data": OwnData, "Advanced": Advanced}


class WithAdvanced(click.Command):
    """A command whose help lists its advanced options apart."""

    def format_options(
        self, ctx: click.Context, formatter: click.HelpFormatter
    ) -> None:
        """Write the usual options, then those for own data and the advanced ones."""
        for title, kind in _SECTIONS.items():
            records = [
                record
                for param in self.get_params(ctx)
                if type(param) is kind and (record := param.get_help_record(ctx))
            ]
            if records:
                with formatter.section(title):
                    formatter.write_dl(records)


def store_option(command: F) -> F:
    """Add --tracking-uri."""
    return click.option(
        "--tracking-uri",
        metavar="URI",
        help="MLflow store [default: MLFLOW_TRACKING_URI, or ./mlflow.db].",
    )(command)


def pipeline_option(command: F) -> F:
    """Add --pipeline."""
    return click.option(
        "--pipeline",
        metavar="MODULE:NAME",
        help="The study's pipeline, where it is code of your own.",
    )(command)


def check_members(size: int | None) -> None:
    """Refuse an --ensemble of fewer than two members; None is fine.

    Raises:
        SettingsError: There are fewer.
    """
    from search.errors import SettingsError

    if size is not None and size < 2:
        raise SettingsError(
            f"--ensemble: must be at least 2, got {size}; leave it out for the best "
            "trial alone"
        )


def select_option(command: F) -> F:
    """Add --select."""
    return click.option(
        "--select",
        "rule",
        type=click.Choice(["best", "one-se"]),  # `search.selecting.RULES`
        default="best",
        show_default=True,
        help="The best trial, or the smallest within one standard error of it.",
    )(command)


def format_option(command: F) -> F:
    """Add --format."""
    return click.option(
        "--format",
        "form",
        type=click.Choice(["table", "json", *FORMATS]),
        default="table",
        show_default=True,
        help="How to print.",
    )(command)


def json_option(command: F) -> F:
    """Add --json."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON.")(command)


def cluster_options(command: F) -> F:
    """Add --cluster and what its TLS needs."""
    for option in (
        click.option("--tls-key", metavar="FILE", help="Its key, PEM.", cls=Advanced),
        click.option(
            "--tls-cert",
            metavar="FILE",
            help="Certificate to show to a tls:// scheduler, PEM.",
            cls=Advanced,
        ),
        click.option(
            "--tls-ca-file",
            metavar="FILE",
            help="Authority of a tls:// scheduler, PEM [default: Dask's settings].",
            cls=Advanced,
        ),
        click.option(
            "--cluster",
            metavar="ADDRESS",
            envvar="TUNEFOLD_CLUSTER",
            help="Train on the workers of a Dask scheduler: tcp://HOST:8786 "
            "[default: TUNEFOLD_CLUSTER].",
            cls=Advanced,
        ),
    ):
        command = option(command)
    return command


def budget_options(command: F) -> F:
    """Add --trials and --minutes."""
    for option in (
        click.option("--minutes", type=float, help="Stop after so many minutes."),
        click.option("--trials", type=int, help="Stop after so many trials."),
    ):
        command = option(command)
    return command
