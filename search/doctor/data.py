"""Where each pipeline's data set is found, without going online."""

import sys
from collections.abc import Iterator
from typing import Any

from pipelines.part import PARTS
from pipelines.registry import MODULES, get_pipeline
from search.doctor.check import Check, Status
from spaces.errors import DataError

SECTION = "data"


class _Offline:
    """An audit hook that refuses every connection and remembers that one was tried.

    It cannot be removed: only for a process that does nothing else.

    Source: PEP 578; the events as in the documentation of `socket`.
    """

    tried = False

    def __call__(self, event: str, _: tuple[Any, ...]) -> None:
        if event in ("socket.getaddrinfo", "socket.connect"):
            self.tried = True
            raise OSError("the doctor does not download")


def check_data(_: str) -> Iterator[Check]:
    """Load both halves of every data set, which checks their content.

    An examination for `examine_apart`: it takes this process off the network.
    """
    offline = _Offline()
    sys.addaudithook(offline)
    for name in MODULES:
        offline.tried = False
        try:
            parts = {part: get_pipeline(name).load(part) for part in PARTS}
        except DataError as error:
            # tried: it is nowhere here, which a download may mend
            where, _colon, advice = str(error).partition("; ")
            yield Check(
                section=SECTION,
                name=name,
                status=Status.WARNING if offline.tried else Status.BROKEN,
                found=where,
                cure=advice,
            )
            continue
        rows = " and ".join(f"{len(p.y):,} {part}" for part, p in parts.items())
        sources = dict.fromkeys(part.source for part in parts.values())
        yield Check(
            section=SECTION,
            name=name,
            status=Status.OK,
            found=f"{rows} rows from {', '.join(sources)}",
        )
