import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from pipelines.digits_data import load_digits
from pipelines.mapped import open_mapped
from pipelines.part import digest
from pipelines.prepared import fetch, load_prepared
from spaces.errors import DataError

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def no_folder(monkeypatch):
    monkeypatch.delenv("TUNEFOLD_DATA", raising=False)


def test_digits_are_cut_once_and_for_all():
    from sklearn.datasets import load_digits as load_all

    train, test = load_digits("train"), load_digits("test")
    assert (train.X.shape, test.X.shape) == ((1437, 8, 8), (360, 8, 8))
    for part in (train, test):
        assert part.source == "scikit-learn"
        assert (part.X.dtype, part.y.dtype) == (np.uint8, np.int64)
        assert (part.X.min(), part.X.max()) == (0, 16)
    # Every row is in exactly one part.
    images = load_all().images.reshape(1797, -1)
    rows = np.concatenate([train.X, test.X]).reshape(1797, -1)
    assert sorted(map(bytes, rows)) == sorted(map(bytes, images.astype(np.uint8)))
    # Stratified: no class is off by more than a row.
    share = np.bincount(np.concatenate([train.y, test.y])) * 360 / 1797
    assert (abs(np.bincount(test.y) - share) <= 1).all()


def test_the_digests_of_digits_never_change():
    # A study names its data by them: a change here makes old studies unrepeatable.
    assert digest(load_digits("train")).startswith("d6843d5b6a393e19")
    assert digest(load_digits("test")).startswith("53c090ca30939218")


def test_digits_know_two_parts():
    with pytest.raises(KeyError):
        load_digits("valid")


def test_a_prepared_copy_comes_first(tmp_path, monkeypatch):
    fetch(["digits"], tmp_path, {"digits": load_digits})
    monkeypatch.setenv("TUNEFOLD_DATA", str(tmp_path))
    prepared = load_digits("train")
    assert prepared.source == "TUNEFOLD_DATA (scikit-learn)"
    monkeypatch.delenv("TUNEFOLD_DATA")
    assert digest(prepared) == digest(load_digits("train"))
    assert load_prepared("digits", "train") is None


def test_a_damaged_copy_never_falls_through_to_the_package(tmp_path, monkeypatch):
    fetch(["digits"], tmp_path, {"digits": load_digits})
    monkeypatch.setenv("TUNEFOLD_DATA", str(tmp_path))
    (tmp_path / "digits" / "train.npz").write_bytes(b"")
    with pytest.raises(DataError, match=r"digits/train\.npz"):
        load_digits("train")


def test_workers_map_what_the_study_loaded(tmp_path):
    loaded = load_digits("train")
    mapped = open_mapped(
        load_digits,
        name="digits",
        part="train",
        expected_digest=digest(loaded),
        cache=tmp_path,
    )
    assert isinstance(mapped.X, np.memmap)
    np.testing.assert_array_equal(mapped.X, loaded.X, strict=True)
    np.testing.assert_array_equal(mapped.y, loaded.y, strict=True)


def test_importing_the_loader_loads_neither_keras_nor_scikit_learn():
    code = (
        "import sys, pipelines.digits_data;"
        "print(sorted({'keras', 'sklearn', 'tensorflow', 'jax'} & set(sys.modules)))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True
    )
    assert ran.stdout == "[]\n", ran.stderr
