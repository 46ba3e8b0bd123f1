"""`tunefold check`: what hand-ins of the homework contain."""

import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from search.commands.options import json_option
from search.commands.output import print_json, stdout

if TYPE_CHECKING:
    from search.homework.check import HandIn


@click.command("check")
@click.argument("path", type=click.Path(path_type=Path))
@json_option
def check_command(path: Path, as_json: bool) -> None:
    """Look at a hand-in of the homework, or at a folder of them; nothing is run.

    Says which requirements a notebook meets, whether its seeds belong to the name it
    carries, whether numbers were edited, and what was handed in twice. Status 1: in
    one of them something is missing or conspicuous.

    \b
    tunefold check tunefold-homework/homework-digits/homework-digits.ipynb
    tunefold check hand-ins --json
    """
    from search.errors import SettingsError
    from search.homework.check import check_notebooks

    if not path.exists():
        raise SettingsError(f"check: there is no {path}; name a notebook or a folder")
    found = check_notebooks(path)
    if not found:
        raise SettingsError(
            f"check: {path} must hold notebooks (*.ipynb), got none; name their folder"
        )
    if as_json:
        print_json([asdict(each) | {"complete": each.complete} for each in found])
    else:
        for each in found:
            _show(each)
        n_complete = sum(each.complete for each in found)
        click.echo(f"{n_complete} of {len(found)} complete")
    if not all(each.complete for each in found):
        sys.exit(1)


def _show(hand_in: "HandIn") -> None:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    if hand_in.error:
        click.echo(f"{hand_in.file}: {hand_in.error}\n")
        return
    who = hand_in.student or "(no name)"
    table = Table(
        title=Text(f"{hand_in.file}: {who}, {hand_in.homework}"),
        title_justify="left",
        box=box.SIMPLE_HEAD,
    )
    for column in ("asked for", "", "found"):
        table.add_column(column, overflow="fold")
    for requirement in hand_in.requirements:
        met = Text("met", style="green") if requirement.met else Text("no", "bold red")
        table.add_row(Text(requirement.name), met, Text(requirement.found))
    for warning in hand_in.warnings:
        table.add_row("look at", Text("!", style="yellow"), Text(warning))
    if hand_in.looks is not None:
        table.add_row("looks at the test rows", "", str(hand_in.looks))
    stdout().print(table)
