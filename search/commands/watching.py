"""`tunefold watch`: look at a search that runs in another process."""

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from search.commands.options import store_option
from search.commands.output import note, stdout

if TYPE_CHECKING:
    from search.live.snapshot import Snapshot

JOURNAL_SECONDS = 1.0
STORE_SECONDS = 4.0  # each look asks the server for all trials


@click.command("watch")
@click.argument("study", required=False)
@click.option("--once", is_flag=True, help="Print how it stands, and end.")
@store_option
def watch_command(study: str | None, once: bool, tracking_uri: str | None) -> None:
    """Look at a running search from another terminal, until it ends.

    Reads what the search writes into the same folder, and does not touch it; a study
    of another machine is read from the tracking store. Ctrl-C ends the watching only.
    In a pipe it is a line for each trial that ends.

    \b
    tunefold watch
    tunefold watch digits-1 --once
    """
    look, pause = _source(study, tracking_uri)
    if once:
        _print(look())
        return
    try:
        last = _watch(look, pause) if sys.stdout.isatty() else _follow(look, pause)
    except KeyboardInterrupt:
        return
    note(f"study '{last.study}' has ended: {last.outcome}")


def _source(
    study: str | None, tracking_uri: str | None
) -> tuple[Callable[[], "Snapshot"], float]:
    """Return what looks at the study, and after how many seconds to look again."""
    from search.journal import FOLDER, has_begun, studies_in

    here = Path(FOLDER)
    if study is None and tracking_uri is None and (begun := studies_in(here)):
        study = begun[-1].name
    if study is not None and has_begun(here / study):
        from search.live.follow import JournalView

        view = JournalView(here / study)
        return lambda: view.look(time.time()), JOURNAL_SECONDS
    from search.live.recorded import RecordedView
    from search.store import Store, choose_uri

    stored = RecordedView(Store(choose_uri(tracking_uri)), study)
    return lambda: stored.look(time.time()), STORE_SECONDS


def _print(snapshot: "Snapshot") -> None:
    from search.live.screen import draw

    console = stdout()
    console.print(draw(snapshot, width=console.width))
    if snapshot.outcome is not None:
        note(f"study '{snapshot.study}' has ended: {snapshot.outcome}")


def _watch(look: Callable[[], "Snapshot"], pause: float) -> "Snapshot":
    """Draw the study again and again until it has ended."""
    from rich.live import Live

    from search.live.screen import draw

    console = stdout()
    with Live(console=console, auto_refresh=False) as live:
        while True:
            snapshot = look()
            width, height = console.size
            # a frame as high as the terminal would scroll it
            frame = draw(snapshot, width=width, height=height - 1)
            live.update(frame, refresh=True)
            if snapshot.outcome is not None:
                return snapshot
            time.sleep(pause)


def _follow(look: Callable[[], "Snapshot"], pause: float) -> "Snapshot":
    """Write a line whenever a trial has ended, until the study has."""
    from search.live.screen import summary

    n_ended = -1
    while True:
        snapshot = look()
        if snapshot.n_ended != n_ended:
            click.echo(summary(snapshot))
            sys.stdout.flush()
            n_ended = snapshot.n_ended
        if snapshot.outcome is not None:
            return snapshot
        time.sleep(pause)
