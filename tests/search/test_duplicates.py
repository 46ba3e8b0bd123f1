from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

from pipelines.digits import PIPELINE as DIGITS
from pipelines.part import Part
from search import duplicates
from search.duplicates import duplicate_groups, leak_warning
from search.splitters import make_splitter

PLAIN = DIGITS.load("train")
ROWS = np.concatenate([np.arange(300), np.arange(60)])
PART = Part(PLAIN.X[ROWS], PLAIN.y[ROWS], source="made up")
GROUPS = ROWS  # no two of the first 300 are near


def folds_of(text, part=PART, groups=None):
    return list(make_splitter(text, seed=0, stratified=True).split(part.y, groups))


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


def test_a_leak_is_one_line_with_figures_examples_and_the_cure(tmp_path):
    folds = folds_of("kfold:5")
    seen = [np.isin(GROUPS[f.valid], GROUPS[f.train]).sum() for f in folds]
    line = leak_warning(PART, folds, digest="x", cache=tmp_path)
    assert sum(seen) > 60
    assert line.startswith(
        f"near-duplicates: {sum(seen)} of 360 validation rows ({sum(seen) / 360:.2%}) "
        "have one in their fold's training part, in 5 of 5 folds"
    )
    assert line.endswith("keep them together with --groups duplicates")
    assert "\n" not in line
    examples = line.split("such as rows ")[1].split(";")[0].split("), ")
    assert len(examples) == 3
    for example in examples:
        one, other = (int(word) for word in example.split(" (")[0].split(" and "))
        assert one != other
        assert GROUPS[one] == GROUPS[other]
        assert f"(y {PART.y[one]} and {PART.y[other]}" in example


def test_folds_without_a_leak_are_not_counted(tmp_path):
    folds = folds_of("repeated:2:5", groups=GROUPS)
    assert leak_warning(PART, folds, digest="x", cache=tmp_path) is None
    [fold, *others] = folds  # one row of the first fold changes sides
    valid = np.union1d(fold.valid, fold.train[:1])
    apart = replace(fold, valid=valid, train=fold.train[1:])
    line = leak_warning(PART, [apart, *others], digest="x", cache=tmp_path)
    assert f"near-duplicates: 1 of {sum(len(f.valid) for f in folds) + 1} " in line
    assert "in 1 of 10 folds" in line


def test_the_cure_cures(tmp_path):
    groups = duplicate_groups(PART, digest="x", cache=tmp_path)
    for text in ("group:5", "monte-carlo:5:0.3"):
        folds = folds_of(text, groups=groups)
        assert leak_warning(PART, folds, digest="x", cache=tmp_path) is None
    assert leak_warning(PART, folds_of("kfold:5"), digest="x", cache=tmp_path)


def test_rows_that_are_not_used_do_not_leak(tmp_path):
    folds = [
        replace(f, train=f.train[f.train < 300], valid=f.valid[f.valid < 300])
        for f in folds_of("kfold:5")
    ]
    assert leak_warning(PART, folds, digest="x", cache=tmp_path) is None


def test_time_and_text_have_no_leak(tmp_path, searches):
    folds = folds_of("time-series:3")
    assert leak_warning(PART, folds, digest="x", cache=tmp_path) is None
    assert searches == []
    text = Part(np.array(["one", "one"] * 50), np.arange(100) % 2, source="made up")
    folds = folds_of("kfold:5", text)
    assert leak_warning(text, folds, digest="t", cache=tmp_path) is None
    assert duplicate_groups(text, digest="t", cache=tmp_path) is None
