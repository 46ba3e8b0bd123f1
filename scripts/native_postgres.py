"""Debian's PostgreSQL, made and started as its container's image does it."""

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path


class NotInstalledError(Exception):
    """A package of Debian's is missing; the message names it."""


def postgres_bin() -> Path:
    """Return the folder of its programs, those of the newest version.

    Raises:
        NotInstalledError: There is none.
    """
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if not found:
        raise NotInstalledError("postgresql")
    return found[-1]


def create_database(data: Path, *, user: str, password: str, database: str) -> None:
    """Make its folder and a database in it; one that is there stays as it is.

    Args:
        data: Its folder.
        user: Its superuser.
        password: The user's.
        database: Owned by the user.
    """
    if (data / "PG_VERSION").is_file():
        return
    data.mkdir(parents=True, exist_ok=True)
    file = data.with_name("password")
    file.write_text(password)
    if os.geteuid() == 0:
        for path in (data, file):
            shutil.chown(path, "postgres", "postgres")
    initdb = [
        str(postgres_bin() / "initdb"),
        *("-D", str(data), "-U", user),
        *("--auth=scram-sha-256", f"--pwfile={file}"),
    ]
    subprocess.run(as_postgres(initdb), check=True, stdout=subprocess.DEVNULL)
    file.unlink()
    single = [str(postgres_bin() / "postgres"), "--single", "-D", str(data), "postgres"]
    subprocess.run(
        as_postgres(single),
        input=f"CREATE DATABASE {database}\n".encode(),
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def takes_logins(port: int) -> bool:
    """Say whether the server on this port of this machine has come up."""
    test = [str(postgres_bin() / "pg_isready"), "-h", "127.0.0.1", "-p", str(port)]
    done = subprocess.run(test, stdout=subprocess.DEVNULL, check=False)
    return done.returncode == 0


def as_postgres(words: Sequence[str]) -> list[str]:
    """Return a command that runs as the user postgres where this one is root.

    PostgreSQL refuses to run as root. The capability lets it walk through folders that
    are root's alone, as temporary ones are.
    """
    if os.geteuid() != 0:
        return list(words)
    caps = ["--inh-caps=+dac_override", "--ambient-caps=+dac_override"]
    user = ["--reuid=postgres", "--regid=postgres", "--clear-groups"]
    return ["setpriv", *user, *caps, *words]
