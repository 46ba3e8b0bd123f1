"""The `tunefold` command: parse, call, print.

Libraries are imported inside the commands that need them: `tunefold --help` takes
under half a second. The commands lie in `search/commands/`.
"""

import sys
from typing import Any

import click

from search.commands.checking import check_command
from search.commands.comparing import compare_command
from search.commands.doctor import doctor_command
from search.commands.ensembling import ensemble_command
from search.commands.exporting import export_command
from search.commands.homework import homework_command
from search.commands.listing import data_group, list_command, space_command
from search.commands.reporting import report_command
from search.commands.results import best_command, rerun_command, ui_command
from search.commands.resuming import resume_command
from search.commands.searching import search_command
from search.commands.users import users_group
from search.commands.watching import watch_command
from spaces.errors import TunefoldError


class OneLineErrors(click.Group):
    """Shows an error of ours as one line; a traceback means a bug."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; an expected error is one line and its exit status."""
        try:
            return super().invoke(ctx)
        except TunefoldError as error:
            click.echo(f"Error: {error}", err=True)
            ctx.exit(error.exit_status)
        except BrokenPipeError:  # the reader of a pipe has seen enough
            sys.stderr.close()
            ctx.exit(1)
        except Exception as error:
            # Compared by name: importing MLflow takes seconds.
            if type(error).__module__ != "mlflow.exceptions":
                raise
            # The store answered when the command began; it does not any more.
            from search.store_errors import first_line

            click.echo(
                f"Error: the tracking store failed: {first_line(error)}", err=True
            )
            ctx.exit(1)


@click.group(
    cls=OneLineErrors, context_settings={"help_option_names": ["-h", "--help"]}
)
@click.version_option(package_name="tunefold")
def main() -> None:
    """Search Keras networks by cross-validation and log every trial to MLflow.

    \b
    tunefold search digits              a first search: seconds, no network
    tunefold search fashion_mnist       a good search of about ten minutes
    tunefold watch                      look at a running search, from elsewhere
    tunefold best                       the leaderboard of the latest study
    tunefold compare A B                two studies, paired on the same folds
    tunefold report                     its figures, as one HTML page
    tunefold ensemble                   trials whose mean predicts better than the best
    tunefold rerun                      train its winner, open the test set once
    tunefold export                     its code, as plain Keras
    tunefold ui                         look at all trials in MLflow
    tunefold homework fashion_mnist     the lecture's experiment, as a notebook
    """


for command in (
    list_command,
    data_group,
    space_command,
    search_command,
    resume_command,
    watch_command,
    best_command,
    compare_command,
    report_command,
    ensemble_command,
    rerun_command,
    export_command,
    ui_command,
    homework_command,
    check_command,
    doctor_command,
    users_group,
):
    main.add_command(command)
