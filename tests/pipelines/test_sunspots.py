import importlib.util
import subprocess
import sys
from importlib.machinery import ModuleSpec
from pathlib import Path

import numpy as np
import pytest

from pipelines.part import digest
from pipelines.prepared import fetch
from pipelines.sunspots import load_sunspots
from spaces.errors import DataError

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("statsmodels") is None, reason="needs statsmodels"
)


@pytest.fixture(autouse=True)
def no_folder(monkeypatch):
    monkeypatch.delenv("TUNEFOLD_DATA", raising=False)


def test_rows_are_years_in_order_and_the_test_is_the_latest():
    train, test = load_sunspots("train"), load_sunspots("test")
    assert (train.X.shape, test.X.shape) == ((238, 12), (59, 12))
    assert train.X.dtype == train.y.dtype == np.float64
    # 1700 to 1703, then from 2006
    assert train.X[0, :4].tolist() == [5, 11, 16, 23]
    assert test.y[-3:].tolist() == [15.2, 7.5, 2.9]
    X, y = np.concatenate([train.X, test.X]), np.concatenate([train.y, test.y])
    # each row looks back at the targets of the rows before it, the latest last
    assert np.array_equal(X[12], y[:12])
    assert np.array_equal(X[1:, -1], y[:-1])
    assert np.array_equal(X[1:, :-1], X[:-1, 1:])


def test_the_digests_never_change():
    # A study names its data by them: a change here makes old studies unrepeatable.
    assert digest(load_sunspots("train")).startswith("0a86bab673b3abf1")
    assert digest(load_sunspots("test")).startswith("75d11bbba206814b")


def test_the_package_is_not_imported():
    code = (
        "import sys; from pipelines.sunspots import load_sunspots;"
        "load_sunspots('train');"
        "print(sorted({'statsmodels', 'keras', 'sklearn'} & set(sys.modules)))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True
    )
    assert ran.stdout == "[]\n", ran.stderr


def test_without_the_package_the_error_names_it(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(DataError, match="run `pip install statsmodels`"):
        load_sunspots("train")


def test_a_damaged_file_is_an_error(monkeypatch, tmp_path):
    path = tmp_path / "datasets" / "sunspots" / "sunspots.csv"
    path.parent.mkdir(parents=True)
    package = ModuleSpec("statsmodels", None, origin=str(tmp_path / "__init__.py"))
    monkeypatch.setattr("importlib.util.find_spec", lambda name: package)
    for text in ("", "YEAR,SUNACTIVITY\n1700,five\n", "YEAR,SUNACTIVITY\n1700,5\n"):
        path.write_text(text)
        with pytest.raises(DataError, match=r"sunspots\.csv: must hold"):
            load_sunspots("train")


def test_a_prepared_copy_comes_first(tmp_path, monkeypatch):
    fetch([], tmp_path, {"sunspots": load_sunspots})
    monkeypatch.setenv("TUNEFOLD_DATA", str(tmp_path))
    assert load_sunspots("test").source == "TUNEFOLD_DATA (statsmodels)"
