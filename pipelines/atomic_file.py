"""Files that are either complete or not there."""

import errno
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO


@contextmanager
def replacing(path: Path) -> Iterator[IO[bytes]]:
    """Write under a temporary name beside `path`; rename when all is on the disk.

    At the end the disk has the new name as well.

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
        sync_folder(path.parent)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def sync_folder(folder: Path, *, above: int = 0) -> None:
    """Wait until the disk knows the names in a folder.

    A file that is on the disk is lost all the same when the power fails before its
    name is. Of no effect where folders cannot be opened (Windows) or synced (some
    networks).

    Args:
        folder: Has new or renamed files.
        above: So many folders above it are new as well, or have new names.

    Raises:
        OSError: The disk did not take them.
    """
    folder = folder.absolute()
    for path in (folder, *folder.parents[:above]):
        try:
            descriptor = os.open(path, os.O_RDONLY)
        except PermissionError:
            continue
        try:
            os.fsync(descriptor)
        except OSError as error:
            if error.errno not in (errno.EINVAL, errno.ENOTSUP):
                raise
        finally:
            os.close(descriptor)
