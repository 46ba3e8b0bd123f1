"""Names of studies: each is a folder, part of an address and of a file's name."""

import re

from search.errors import SettingsError

_PLAIN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*")
MAX_LENGTH = 100


def is_plain(name: object) -> bool:
    """Say whether something can be the name of a study.

    Example:
        >>> is_plain("digits-1"), is_plain("../digits"), is_plain(".hidden")
        (True, False, False)
    """
    return (
        isinstance(name, str)
        and _PLAIN.fullmatch(name) is not None
        and len(name) <= MAX_LENGTH
        and any(letter.isalnum() for letter in name)
    )


def check_name(name: str) -> None:
    """Refuse names that are no single folder or would confuse an address.

    Raises:
        SettingsError: The name holds something else than letters, digits, `-._`.
    """
    if len(name) > MAX_LENGTH:
        raise SettingsError(f"--name: at most {MAX_LENGTH} characters, got {len(name)}")
    if not is_plain(name):
        raise SettingsError(
            f"--name: letters, digits, '-', '_' and '.' (not first), got {name!r}"
        )
