"""What is said when a search has ended."""

import sys
from typing import TYPE_CHECKING

import click

from search.commands.output import note, stdout

if TYPE_CHECKING:
    from search.session import Outcome


def show_outcome(outcome: "Outcome", uri: str) -> None:
    """Say how a search ended, and show what it found."""
    name = outcome.study
    note(outcome.reason)
    if outcome.saved:
        note(outcome.saved)
    if outcome.unfinished or outcome.interrupted:
        note(f"go on with it: tunefold resume {name}")
    if outcome.refused:
        note(
            f"the tracking store refused {outcome.refused} records; "
            f"'tunefold resume {name}' sends them again"
        )
    if outcome.left_behind:
        note(
            f"the tracking store missed {outcome.left_behind} records; "
            f"'tunefold resume {name}' sends them"
        )
    else:
        _show_results(name, uri)


def leave_if_interrupted(outcome: "Outcome") -> None:
    """End the process with Ctrl-C's status where that ended the search."""
    if outcome.interrupted:
        sys.exit(130)


def _show_results(name: str, uri: str) -> None:
    from search.address import study_addresses
    from search.leaderboard import leaderboard_view
    from search.results import best_trials, load_study, rows_of
    from search.store import Store
    from search.stored_winner import stored_winner

    store = Store(uri)
    study = load_study(store, name)
    rows = rows_of(study, best_trials(store, study, 5))
    winner = stored_winner(store, study)
    if winner is not None:
        console = stdout()
        console.print(leaderboard_view(study.settings, rows, width=console.width))
        click.echo(winner.describe(study.settings) + "\n")
    address = study_addresses(store, store.find_study(name)).table
    note(
        f"look at the trials: tunefold ui {name}  ({address})"
        if store.is_local
        else f"look at the trials: {address}"
    )
    if rows:
        note(f"train the winner and open the test set: tunefold rerun {name}")
