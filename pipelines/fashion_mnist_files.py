"""Where the files of Fashion-MNIST lie, and how they are read and checked.

Looked up in this order: the TUNEFOLD_DATA folder (prepared, then the original gzip
files), the Debian package `dataset-fashion-mnist`, Keras' cache folder, a download from
where Keras takes it. All give the same arrays. A file that is there but damaged is an
error; it never sends the search on to the next place.

Source: Xiao, Rasul, Vollgraf 2017, arXiv:1708.07747; MIT licence. File names and
address as in `keras/src/datasets/fashion_mnist.py`.
"""

import gzip
import hashlib
import zlib
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from pipelines.downloads import download, keras_datasets
from pipelines.part import Part, PartName
from pipelines.prepared import data_folder, in_data_folder, is_there, load_prepared
from spaces.errors import DataError

DEBIAN_FOLDER = Path("/usr/share/datasets/fashion-mnist")
KERAS_FOLDER = "fashion-mnist"
DOWNLOAD_URL = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"

# Images, then labels. Debian strips name and time from the gzip header, so only the
# unzipped content can be compared: its official MD5 stands behind each name.
FILES: dict[PartName, dict[str, str]] = {
    "train": {
        "train-images-idx3-ubyte.gz": "f4a8712d7a061bf5bd6d2ca38dc4d50a",
        "train-labels-idx1-ubyte.gz": "9018921c3c673c538a1fc5bad174d6f9",
    },
    "test": {
        "t10k-images-idx3-ubyte.gz": "8181f5470baa50b63fa0f6fddb340f0a",
        "t10k-labels-idx1-ubyte.gz": "15d484375f8d13e6eb1aabb0c3f46965",
    },
}
IMAGES_OFFSET, LABELS_OFFSET = 16, 8  # bytes of IDX header before the values


@dataclass(frozen=True)
class Place:
    """A folder that may hold the files."""

    folder: Path
    source: str
    """The place in words, for `Part.source`."""
    cure: str
    """What to do about a damaged or missing file here."""
    may_be_partial: bool = False
    """Whether one file without the other is a normal state rather than damage."""


def load_fashion_mnist(part: PartName) -> Part:
    """Load one half of Fashion-MNIST; only the files of this half are opened.

    Args:
        part: Which half: train has 60,000 rows, test 10,000.

    Returns:
        X uint8 (n, 28, 28) in 0..255, y int64 (n,) in 0..9; row order as published.

    Raises:
        DataError: No place has the data, or a file is cut short or altered.
    """
    prepared = load_prepared("fashion_mnist", part)
    if prepared is not None:
        return prepared
    for place in _places():
        paths = [place.folder / name for name in FILES[part]]
        there = [is_there(path) for path in paths]
        if all(there) or (any(there) and not place.may_be_partial):
            return _read(paths, source=place.source, cure=place.cure)
    return _download(part)


def _places() -> list[Place]:
    """List the folders to look in, first choice first."""
    places = []
    if (root := data_folder()) is not None:
        cure = (
            "copy it again from the original, or delete it and run"
            f" `tunefold data fetch fashion_mnist --to {root}`"
        )
        source = in_data_folder("original gzip files")
        places += [
            Place(root / name, source=source, cure=cure)
            for name in ("fashion_mnist", "fashion-mnist")
        ]
    places.append(
        Place(
            DEBIAN_FOLDER,
            source="Debian package dataset-fashion-mnist",
            cure="run `apt-get install --reinstall dataset-fashion-mnist`",
        )
    )
    places.append(
        Place(
            keras_datasets() / KERAS_FOLDER,
            source="Keras cache folder",
            cure="delete it, so that it is downloaded again",
            may_be_partial=True,  # Keras loads file by file and may be stopped between
        )
    )
    return places


def _read(paths: list[Path], *, source: str, cure: str) -> Part:
    """Read images and labels and check their content."""
    images, labels = (_unzip(path, cure=cure) for path in paths)
    return Part(
        X=np.frombuffer(images, np.uint8, offset=IMAGES_OFFSET).reshape(-1, 28, 28),
        y=np.frombuffer(labels, np.uint8, offset=LABELS_OFFSET).astype(np.int64),
        source=source,
    )


def _unzip(path: Path, *, cure: str, name: str | None = None) -> bytes:
    """Return the content of a gzip file, if it is the official one."""
    name = name or path.name
    official = next(files[name] for files in FILES.values() if name in files)
    try:
        content = gzip.decompress(path.read_bytes())
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(
            f"{path}: must be a complete gzip file, got one that cannot be read"
            f" ({error}); {cure}"
        ) from error
    actual = hashlib.md5(content, usedforsecurity=False).hexdigest()
    if actual != official:
        raise DataError(
            f"{path}: the unzipped content must have the official md5 {official},"
            f" got {actual}; {cure}"
        )
    return content


def _download(part: PartName) -> Part:
    """Download the files of a part into Keras' cache folder."""
    folder = keras_datasets() / KERAS_FOLDER
    paths = [folder / name for name in FILES[part]]
    try:
        for path in paths:
            if not is_there(path):
                check = partial(_unzip, name=path.name)
                download(DOWNLOAD_URL + path.name, path, check=check)
    except OSError as error:
        raise DataError(
            f"fashion_mnist: the {part} files must be in TUNEFOLD_DATA, in"
            f" {DEBIAN_FOLDER}, in {folder} or online, got none of them ({error});"
            " run `apt-get install dataset-fashion-mnist` (Debian, Ubuntu), or run"
            " `tunefold data fetch fashion_mnist --to FOLDER` on a machine with"
            " network and set TUNEFOLD_DATA=FOLDER here, or go online"
        ) from error
    return _read(paths, source="download from Keras", cure="delete it and try again")
