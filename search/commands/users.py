"""`tunefold users`: logins of a tracking server."""

from typing import IO, TYPE_CHECKING

import click

from search.commands.options import store_option
from search.commands.output import note

if TYPE_CHECKING:
    from search.users import Users


@click.group("users")
def users_group() -> None:
    """Logins of a tracking server, for a course: docs/service.md."""


@users_group.command("add")
@click.argument("names", nargs=-1)
@click.option(
    "--from",
    "file",
    type=click.File(lazy=True),
    help="A file with one name per line; - stdin.",
)
@store_option
def add_command(
    names: tuple[str, ...], file: IO[str] | None, tracking_uri: str | None
) -> None:
    """Make users and print their passwords, which are shown this once.

    \b
    tunefold users add ada grace
    tunefold users add --from students.txt > logins.csv
    """
    click.echo("name,password")
    for name, password in _users(tracking_uri).add(_all(names, file)):
        click.echo(f"{name},{password}")


@users_group.command("password")
@click.argument("names", nargs=-1, required=True)
@store_option
def password_command(names: tuple[str, ...], tracking_uri: str | None) -> None:
    """Give users a new password and print it.

    \b
    tunefold users password ada
    tunefold users password ada grace > logins.csv
    """
    click.echo("name,password")
    for name, password in _users(tracking_uri).renew(names):
        click.echo(f"{name},{password}")


@users_group.command("remove")
@click.argument("names", nargs=-1, required=True)
@store_option
def remove_command(names: tuple[str, ...], tracking_uri: str | None) -> None:
    """Remove users; what they logged stays.

    \b
    tunefold users remove ada
    tunefold users remove ada grace
    """
    _users(tracking_uri).remove(names)
    note(f"removed: {len(set(names))}")


@users_group.command("share")
@click.argument("experiment")
@click.argument("names", nargs=-1, required=True)
@click.option("--edit", is_flag=True, help="They may log to it as well.")
@store_option
def share_command(
    experiment: str, names: tuple[str, ...], edit: bool, tracking_uri: str | None
) -> None:
    """Let users see an experiment of yours.

    \b
    tunefold users share ada/digits grace
    tunefold users share ada/digits grace --edit
    """
    from search.users import EDIT, READ

    _users(tracking_uri).share(experiment, names, EDIT if edit else READ)
    note(f"shared with: {len(set(names))}")


def _users(tracking_uri: str | None) -> "Users":
    from search.store import Store, choose_uri
    from search.users import Users

    return Users(Store(choose_uri(tracking_uri)))


def _all(names: tuple[str, ...], file: IO[str] | None) -> list[str]:
    from search.errors import SettingsError

    lines = [] if file is None else [line.strip() for line in file]
    found = [*names, *filter(None, lines)]
    if not found:
        raise SettingsError("users: give names, or --from FILE, got neither")
    return found
