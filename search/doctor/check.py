"""One line of what the doctor finds."""

from dataclasses import dataclass
from enum import StrEnum

from search.store_errors import without_login


class Status(StrEnum):
    """How bad it is; only `broken` makes the command fail."""

    OK = "ok"
    WARNING = "warning"
    BROKEN = "broken"


@dataclass(frozen=True, kw_only=True)
class Check:
    """One thing that was looked at.

    Attributes:
        section: Heading it stands under.
        name: The thing.
        status: How it is.
        found: What was found, in words.
        cure: What to do about it; empty where nothing has to be done.

    User names and passwords of addresses are cut out of `found` and `cure`.

    Example:
        >>> Check(section="a", name="b", status=Status.OK, found="http://u:p@h:1").found
        'http://h:1'
    """

    section: str
    name: str
    status: Status
    found: str
    cure: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "status", Status(self.status))
        for field in ("found", "cure"):
            object.__setattr__(self, field, without_login(getattr(self, field)))


def size_text(n_bytes: int) -> str:
    """Return a size in words: GiB from one GiB on, else MiB."""
    if n_bytes < 2**30:
        return f"{n_bytes / 2**20:,.0f} MiB"
    return f"{n_bytes / 2**30:,.1f} GiB"
