"""Near-duplicates are looked for once, and what was found is read or found anew."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from pipelines import duplicates
from pipelines.digits import PIPELINE as DIGITS
from pipelines.duplicates import duplicate_groups
from pipelines.part import Part

PLAIN = DIGITS.load("train")
ROWS = np.concatenate([np.arange(300), np.arange(60)])
PART = Part(PLAIN.X[ROWS], PLAIN.y[ROWS], source="made up")
GROUPS = ROWS  # no two of the first 300 are near


@pytest.fixture
def searches(monkeypatch):
    """Count how often rows are compared."""
    calls = []

    def counted(X):
        calls.append(len(X))
        return near(X)

    near = duplicates.near_duplicate_groups
    monkeypatch.setattr(duplicates, "near_duplicate_groups", counted)
    return calls


def test_rows_are_compared_once_per_data_set(tmp_path, searches):
    for digest in ("one", "one", "two", "one"):
        groups = duplicate_groups(PART, digest=digest, cache=tmp_path)
        assert np.array_equal(groups, GROUPS)
    assert searches == [360, 360]


@pytest.mark.parametrize(
    "damage",
    [
        lambda groups: b"",
        lambda groups: b"nonsense",
        lambda groups: b"\x93NUMPY\x01\x00\x10\x00{'descr': '<i8', (",
        lambda groups: npy(groups)[:-8],
        lambda groups: npy(groups[:-1]),
        lambda groups: npy(groups.astype(float)),
        lambda groups: npy(groups - 1),
        lambda groups: npy(groups + 1),
        lambda groups: npy(np.maximum(np.arange(360) - 1, 0)),
        lambda groups: npy(groups.astype(object), allow_pickle=True),
    ],
)
def test_a_damaged_file_is_written_anew(tmp_path, searches, damage):
    duplicate_groups(PART, digest="x", cache=tmp_path)
    [file] = (tmp_path / "x").iterdir()
    sound = file.read_bytes()
    file.write_bytes(damage(GROUPS))
    assert np.array_equal(duplicate_groups(PART, digest="x", cache=tmp_path), GROUPS)
    assert file.read_bytes() == sound
    assert len(searches) == 2


def npy(array, **options):
    from io import BytesIO

    file = BytesIO()
    np.save(file, array, **options)
    return file.getvalue()


def test_several_at_once_do_not_disturb_each_other(tmp_path):
    def find(_):
        return duplicate_groups(PART, digest="x", cache=tmp_path)

    with ThreadPoolExecutor(4) as pool:
        for groups in pool.map(find, range(8)):
            assert np.array_equal(groups, GROUPS)
    assert len(list((tmp_path / "x").iterdir())) == 1


def test_a_cache_that_cannot_be_written_costs_time_only(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("no folder")
    groups = duplicate_groups(PART, digest="x", cache=tmp_path / "file")
    assert np.array_equal(groups, GROUPS)
    monkeypatch.setattr("pipelines.mapped.user_cache_folder", lambda: None)
    assert np.array_equal(duplicate_groups(PART, digest="x"), GROUPS)
