"""A line of a journal: an event as JSON that ends with a checksum of itself.

    {"event":"told","number":3,"crc":"3e2ac5e9"}

A line that a disk or a person changed is told from one that was written.
"""

import json
import re
import zlib

from search.events import Event, read_object

_END = re.compile(rb',"crc":"([0-9a-f]{8})"}$')
_ALMOST = re.compile(rb'"[0-9a-f]{8}"}$')


def write_line(event: Event) -> bytes:
    r"""Return the line of an event, with its end.

    Example:
        >>> write_line({"event": "told", "number": 3})
        b'{"event":"told","number":3,"crc":"3e2ac5e9"}\n'
    """
    text = json.dumps(event, allow_nan=False, separators=(",", ":")).encode()
    return text[:-1] + f',"crc":"{zlib.crc32(text):08x}"}}\n'.encode()


def read_line(line: bytes) -> Event | None:
    """Return the event of a line, None where it is damaged.

    A line without a checksum, of a journal from before there were any, is taken as it
    is.
    """
    text = line.rstrip(b"\n")
    end = _END.search(text)
    if end is not None:
        text = text[: end.start()] + b"}"
        if zlib.crc32(text) != int(end[1], 16):
            return None
    elif _ALMOST.search(text):  # it is the checksum's name that was changed
        return None
    event = read_object(text)
    if event is None or "event" not in event or "crc" in event:
        return None
    return event
