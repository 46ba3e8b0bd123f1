import numpy as np
import pytest

from pipelines.moons import load_moons
from pipelines.part import digest
from pipelines.prepared import fetch


@pytest.fixture(autouse=True)
def no_folder(monkeypatch):
    monkeypatch.delenv("TUNEFOLD_DATA", raising=False)


def test_few_points_to_learn_from_and_many_to_test_on():
    train, test = load_moons("train"), load_moons("test")
    for part, n in ((train, 200), (test, 2000)):
        assert (part.X.shape, part.X.dtype) == ((n, 2), np.float64)
        assert part.y.dtype == np.int64
        assert np.bincount(part.y).tolist() == [n // 2, n // 2]
        # the first class is the upper moon
        assert part.X[part.y == 0, 1].mean() > part.X[part.y == 1, 1].mean() + 0.5
    # A study names its data by them: a change here makes old studies unrepeatable.
    assert digest(train).startswith("2205df2872ad9ed0")
    assert digest(test).startswith("199f9075424f590c")


def test_the_moons_overlap_and_no_line_parts_them():
    from sklearn.linear_model import LogisticRegression
    from sklearn.svm import SVC

    train, test = load_moons("train"), load_moons("test")
    line = LogisticRegression().fit(train.X, train.y).score(test.X, test.y)
    curve = SVC().fit(train.X, train.y).score(test.X, test.y)
    assert line < 0.9 < curve < 0.97


def test_a_prepared_copy_comes_first(tmp_path, monkeypatch):
    fetch([], tmp_path, {"moons": load_moons})
    monkeypatch.setenv("TUNEFOLD_DATA", str(tmp_path))
    assert load_moons("train").source == "TUNEFOLD_DATA (scikit-learn)"
