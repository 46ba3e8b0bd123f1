from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.digits import PIPELINE as DIGITS
from pipelines.groups import row_groups
from pipelines.mapped import open_mapped
from pipelines.part import Part
from search.errors import FatalError, SettingsError
from search.rows import choose_rows, find_fold, make_folds
from search.splitters import make_splitter, rows_digest

y = np.random.default_rng(0).permutation(np.repeat(np.arange(4), [40, 80, 120, 160]))


def folds_of(**changes):
    settings = {"split_seed": 0, "n_rows": None, "stratified": True} | changes
    return make_folds(y, "kfold:4", **settings)


@given(st.integers(4, 396), st.integers(0, 1000))
def test_fewer_rows_keep_the_shares_of_the_classes(n_rows, seed):
    rows = choose_rows(y, n_rows, seed=seed, stratified=True)
    assert len(rows) == n_rows
    assert (np.diff(rows) > 0).all()
    expected = np.bincount(y) * n_rows / len(y)
    assert (abs(np.bincount(y[rows], minlength=4) - expected) <= 1).all()
    assert np.array_equal(choose_rows(y, n_rows, seed=seed, stratified=True), rows)


@pytest.mark.parametrize("n_rows", [None, len(y)])
def test_all_rows_are_all_rows(n_rows):
    rows = choose_rows(y, n_rows, seed=0, stratified=True)
    assert np.array_equal(rows, np.arange(len(y)))


@pytest.mark.parametrize("n_rows", [len(y) - 1, len(y) - 3])
def test_a_few_rows_less_than_all_can_be_had(n_rows):
    rows = choose_rows(y, n_rows, seed=0, stratified=True)
    assert len(rows) == n_rows
    left_out = np.bincount(y) - np.bincount(y[rows])
    assert left_out.max() <= 1


def test_the_only_row_of_a_class_is_never_left_out():
    rare = np.array([0] * 20 + [1] * 20 + [2])
    for seed in range(10):
        rows = choose_rows(rare, 39, seed=seed, stratified=True)
        assert set(rare[rows]) == {0, 1, 2}
    with pytest.raises(SettingsError, match="classes with two or more are 1; use all"):
        choose_rows(np.array([0] * 20 + [1, 2]), 20, seed=0, stratified=True)


def test_another_seed_chooses_others():
    one, two = (choose_rows(y, 100, seed=s, stratified=True) for s in (0, 1))
    assert not np.array_equal(one, two)


def test_a_regression_is_not_stratified():
    targets = np.random.default_rng(0).normal(size=50)
    assert len(choose_rows(targets, 20, seed=0, stratified=False)) == 20


@pytest.mark.parametrize(
    ("n_rows", "message"),
    [
        (0, "--rows: must lie between 1 and the 400 training rows, got 0"),
        (-5, "between 1 and the 400 training rows, got -5"),
        (401, "between 1 and the 400 training rows, got 401"),
        (3, "--rows 3: "),
    ],
)
def test_impossible_numbers_are_refused(n_rows, message):
    with pytest.raises(SettingsError) as caught:
        choose_rows(y, n_rows, seed=0, stratified=True)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_folds_of_chosen_rows_count_in_the_whole_training_part():
    rows = choose_rows(y, 100, seed=5, stratified=True)
    folds = folds_of(n_rows=100, split_seed=5)
    for fold in folds:
        assert sorted([*fold.train, *fold.valid]) == list(rows)
    covered = np.concatenate([fold.valid for fold in folds])
    assert sorted(covered) == list(rows)


def test_in_the_order_of_time_the_latest_rows_are_chosen():
    folds = make_folds(y, "time-series:3", split_seed=0, n_rows=100, stratified=True)
    rows = sorted({*folds[-1].train, *folds[-1].valid})
    assert rows == list(range(300, 400))
    assert all(fold.train[-1] < fold.valid[0] for fold in folds)


def test_groups_of_chosen_rows_stay_together():
    groups = np.arange(len(y)) // 3
    folds = folds_of(n_rows=200, groups=groups)
    for fold in folds:
        assert not np.isin(groups[fold.valid], groups[fold.train]).any()
    assert rows_digest(folds) != rows_digest(folds_of(n_rows=200))


def test_groups_of_other_data_are_refused():
    with pytest.raises(SettingsError, match="400 rows, so never more groups than rows"):
        folds_of(groups=np.arange(401))


def test_all_rows_give_the_splitters_own_folds():
    plain = make_splitter("kfold:4", seed=0, stratified=True).split(y)
    assert rows_digest(list(plain)) == rows_digest(folds_of())


def test_study_and_worker_find_the_same_rows(jobs_of):
    for n_rows in (None, 200):
        jobs = jobs_of(DIGITS, cv="repeated:2:3", n_rows=n_rows, split_seed=4)
        for number, fold in enumerate(jobs.folds):
            found = find_fold(
                jobs.make({}, number, epochs=1), DIGITS.load("train"), stratified=True
            )
            assert found.number == number
            assert np.array_equal(found.train, fold.train)
            assert np.array_equal(found.valid, fold.valid)


@pytest.mark.parametrize("kind", ["pipeline", "duplicates"])
def test_a_worker_makes_the_groups_anew(jobs_of, kind, tmp_path, monkeypatch):
    monkeypatch.setattr("pipelines.mapped.user_cache_folder", lambda: tmp_path)
    plain = DIGITS.load("train")
    X = np.concatenate([plain.X[:300], plain.X[:60]])
    rows = np.concatenate([np.arange(300), np.arange(60)])
    part = Part(
        X, plain.y[rows], source="made up", groups=[None, rows][kind == "pipeline"]
    )
    jobs = jobs_of(DIGITS)
    groups = row_groups(kind, part, digest="made up")
    folds = make_folds(
        part.y, "group:3", split_seed=0, n_rows=None, stratified=True, groups=groups
    )
    for fold in folds:
        job = replace(
            jobs.make({}, fold.number, epochs=1),
            cv="group:3",
            groups=kind,
            data_digest="made up",
            rows_digest=rows_digest([fold]),
        )
        found = find_fold(job, part, stratified=True)
        assert np.array_equal(found.valid, fold.valid)
        assert not np.isin(rows[found.valid], rows[found.train]).any()
    with pytest.raises(FatalError, match="rows must have the digest"):
        find_fold(replace(job, groups=None, cv="kfold:3"), part, stratified=True)


def test_targets_of_a_mapped_file_will_do(jobs_of, tmp_path):
    jobs = jobs_of(DIGITS)
    part = open_mapped(
        DIGITS.load,
        name="digits",
        part="train",
        expected_digest=jobs.settings.data_digest,
        cache=tmp_path,
    )
    assert isinstance(part.y.base, np.memmap)
    found = find_fold(jobs.make({}, 1, epochs=1), part, stratified=True)
    assert np.array_equal(found.valid, jobs.folds[1].valid)


@pytest.mark.parametrize(
    "change",
    [{"rows_digest": "0" * 16}, {"split_seed": 1}, {"fold": 1}, {"n_rows": 500}],
)
def test_other_rows_than_the_studys_are_refused(jobs_of, change):
    jobs = jobs_of(DIGITS)
    job = replace(jobs.make({}, 0, epochs=1), **change)
    with pytest.raises(FatalError, match=r"rows must have the digest \w{16}, got") as e:
        find_fold(job, DIGITS.load("train"), stratified=True)
    assert "\n" not in str(e.value)
