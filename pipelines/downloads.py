"""Files in Keras' cache folder: found, checked and downloaded without Keras.

Not through `keras.datasets`: it deletes a file of another checksum and then asks the
network, and its import alone takes seconds.
"""

import hashlib
import os
import shutil
import sys
import tempfile
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from pipelines.atomic_file import replacing
from pipelines.prepared import is_there
from spaces.errors import DataError

TIMEOUT_SECONDS = 10.0
"""Enough for a slow line; without a network the first connection fails at once."""


class Check(Protocol):
    """Refuses a file with other content than was published."""

    def __call__(self, path: Path, *, cure: str) -> object:
        """Raise DataError, its message ending with the cure."""


@dataclass(frozen=True)
class PublishedFile:
    """A file as it was published: where, and the checksum of its content."""

    url: str
    algorithm: str
    """Of the checksum, a name that `hashlib` knows."""
    checksum: str

    @property
    def cached(self) -> Path:
        """Where Keras keeps it."""
        return keras_datasets() / self.url.rpartition("/")[2]

    def check(self, path: Path, *, cure: str) -> None:
        """Refuse a file with other content.

        Raises:
            DataError: The checksum differs; the message ends with the cure.
            OSError: The file cannot be read.
        """
        with path.open("rb") as file:
            actual = hashlib.file_digest(file, self.algorithm).hexdigest()
        if actual != self.checksum:
            raise DataError(
                f"{path}: must have the official {self.algorithm} {self.checksum}, got"
                f" {actual}; {cure}"
            )


def keras_datasets() -> Path:
    """Return Keras' cache folder of data sets by Keras' own rule."""
    if named := os.environ.get("KERAS_HOME"):
        home = Path(named)
    else:
        try:
            home = Path.home() / ".keras"
        except RuntimeError:  # no home, as in some containers
            home = Path(tempfile.gettempdir()) / ".keras"
    return home / "datasets"


def find_or_download(published: PublishedFile) -> tuple[Path, str]:
    """Return a file of Keras' cache folder, downloaded if it is not there.

    Returns:
        The file, its content checked, and its source in words.

    Raises:
        DataError: The file is there with other content (it is left alone), or other
            content was downloaded (it is not kept).
        OSError: It is neither there nor can it be downloaded.
    """
    path = published.cached
    if is_there(path):
        published.check(path, cure="move it away, so that it is downloaded again")
        return path, "Keras cache folder"
    download(published.url, path, check=published.check)
    return path, "download"


def download(url: str, path: Path, *, check: Check) -> None:
    """Write what an address has to a file, complete and checked or not at all.

    Args:
        url: Where.
        path: The file; its folder is made.
        check: Is given the file before it has its name, and what to do if it is wrong.

    Raises:
        DataError: The check refused it.
        OSError: It cannot be had or written; without a network this is quick.
    """
    try:
        opened = urllib.request.urlopen(url, timeout=TIMEOUT_SECONDS)
    except urllib.error.HTTPError as error:
        error.close()  # it is an open connection, too
        raise
    with opened as answer:
        sys.stderr.write(f"downloading {url} to {path}\n")
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as file:
            shutil.copyfileobj(answer, file)
            file.flush()
            cure = "try again; a login page or proxy may stand in between"
            check(Path(file.name), cure=cure)
