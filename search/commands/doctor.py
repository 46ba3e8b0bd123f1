"""`tunefold doctor`: what may keep a search from running, and what to do about it."""

import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from search.commands.options import json_option, store_option
from search.commands.output import note, print_json, stderr, stdout

if TYPE_CHECKING:
    from rich.table import Table

    from search.doctor.check import Check


@click.command("doctor")
@click.option(
    "--fix", is_flag=True, help="End runs that a study which died left running."
)
@json_option
@store_option
def doctor_command(fix: bool, as_json: bool, tracking_uri: str | None) -> None:
    """Check versions, known breakages, data, machine and tracking store.

    It downloads nothing and creates no store. Status 1: something is broken.

    \b
    tunefold doctor
    tunefold doctor --fix
    tunefold doctor --json --tracking-uri http://127.0.0.1:5000
    """
    from search.doctor.check import Status
    from search.doctor.examine import examine
    from search.store import choose_uri

    if fix:
        _fix(choose_uri(tracking_uri))
    with stderr().status("looking at everything, less than a minute ..."):
        checks = examine(choose_uri(tracking_uri))
    count = {status: sum(c.status is status for c in checks) for status in Status}
    if as_json:
        print_json({**count, "checks": [asdict(check) for check in checks]})
    else:
        for section in dict.fromkeys(check.section for check in checks):
            stdout().print(_table(section, [c for c in checks if c.section == section]))
        click.echo(", ".join(f"{n} {status}" for status, n in count.items()))
    if count[Status.BROKEN]:
        sys.exit(1)


def _fix(uri: str) -> None:
    from search.errors import TrackingError
    from search.left_running import close_left_running
    from search.store import Store, local_file

    try:
        store = Store(uri)
    except TrackingError:
        if local_file(uri) is None:
            raise
        return  # there is none yet
    for study in close_left_running(store):
        note(f"closed: study '{study.name}', trials: {len(study.trials)}")


def _table(title: str, checks: "list[Check]") -> "Table":
    from rich import box
    from rich.table import Table
    from rich.text import Text

    colour = {"ok": "green", "warning": "yellow", "broken": "bold red"}
    table = Table(title, "", box=box.SIMPLE_HEAD)
    table.add_column("found", overflow="fold")  # paths are shown whole
    if any(check.cure for check in checks):
        table.add_column("what to do", overflow="fold")
    for check in checks:
        status = Text(check.status, style=colour[check.status])
        table.add_row(Text(check.name), status, Text(check.found), Text(check.cure))
    return table
