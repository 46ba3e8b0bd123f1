"""Files that are either complete or not there."""

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO


@contextmanager
def replacing(path: Path) -> Iterator[IO[bytes]]:
    """Write under a temporary name beside `path`; rename when all is on the disk.

    Readers see the old file or the new one, never a half, and processes that write
    the same file at once do not disturb each other: the last one stays.

    Args:
        path: The file to write or replace, in a folder that exists.

    Yields:
        The temporary file, open for writing bytes. If the block fails, it is removed
        and `path` stays as it was.

    Raises:
        OSError: The file cannot be written or renamed.
    """
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex}.part")
    try:
        with temporary.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
