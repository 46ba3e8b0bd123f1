import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from search.errors import SettingsError
from search.splitters import default_cv, make_splitter, nominal_ratios, rows_digest
from search.types import Fold

TEXTS = ["holdout:0.2", "kfold:3", "kfold:5", "repeated:2:3", "monte-carlo:4:0.25"]
seeds = st.integers(0, 2**31 - 1)


@st.composite
def classes(draw):
    """Shuffled class numbers, each class with enough rows for every splitter."""
    counts = draw(st.lists(st.integers(12, 60), min_size=2, max_size=6))
    y = np.repeat(np.arange(len(counts)), counts)
    return np.random.default_rng(draw(seeds)).permutation(y)


@st.composite
def targets(draw):
    """Class numbers or the real targets of a regression, and which they are."""
    if draw(st.booleans()):
        return draw(classes()), True
    n = draw(st.integers(30, 200))
    return np.random.default_rng(draw(seeds)).normal(size=n), False


@st.composite
def grouped(draw):
    """Targets, whether they are classes, and a group for each row, of any size."""
    y, stratified = draw(targets())
    n_groups = draw(st.integers(20, 2 * len(y)))  # of one row, many of them, and more
    groups = np.random.default_rng(draw(seeds)).integers(0, n_groups, len(y))
    return y, stratified, groups


def folds_of(text, y, groups=None, *, seed=0, stratified=True):
    splitter = make_splitter(text, seed=seed, stratified=stratified)
    return list(splitter.split(y, groups))


@settings(max_examples=200)
@given(targets(), seeds, st.sampled_from(TEXTS))
def test_every_fold_is_a_clean_cut(given_targets, seed, text):
    y, stratified = given_targets
    splitter = make_splitter(text, seed=seed, stratified=stratified)
    folds = list(splitter.split(y))
    assert [fold.number for fold in folds] == list(range(splitter.n_folds))
    for fold in folds:
        both = np.concatenate([fold.train, fold.valid])
        assert sorted(both) == list(range(len(y)))  # disjoint, and no row is lost
        for rows in (fold.train, fold.valid):
            assert rows.dtype == np.int64
            assert (np.diff(rows) > 0).all()
            assert len(rows) > 0


@settings(max_examples=200)
@given(targets(), seeds, st.integers(2, 8), st.integers(1, 3))
def test_k_folds_cover_all_rows_once_per_repeat(given_targets, seed, k, times):
    y, stratified = given_targets
    text = f"repeated:{times}:{k}" if times > 1 else f"kfold:{k}"
    folds = folds_of(text, y, seed=seed, stratified=stratified)
    assert [fold.repeat for fold in folds] == [i // k for i in range(times * k)]
    for repeat in range(times):
        valid = [fold.valid for fold in folds if fold.repeat == repeat]
        assert sorted(np.concatenate(valid)) == list(range(len(y)))
        assert max(map(len, valid)) - min(map(len, valid)) <= 1
    if times > 1:
        assert not np.array_equal(folds[0].valid, folds[k].valid)


@given(targets(), seeds, st.integers(1, 5), st.floats(0.1, 0.9))
def test_a_share_is_kept_to_the_row(given_targets, seed, times, share):
    y, stratified = given_targets
    folds = folds_of(
        f"monte-carlo:{times}:{share}", y, seed=seed, stratified=stratified
    )
    assert [fold.repeat for fold in folds] == list(range(times))
    for fold in folds:
        assert len(fold.valid) == int(np.ceil(share * len(y)))
    if times > 1:  # drawn anew each time
        assert rows_digest(folds[:1]) != rows_digest(folds[1:2])


@settings(max_examples=200)
@given(classes(), seeds, st.sampled_from(TEXTS))
def test_class_shares_are_within_one_row_per_class(y, seed, text):
    counts = np.bincount(y)
    for fold in folds_of(text, y, seed=seed):
        expected = counts * len(fold.valid) / len(y)
        if "kfold" in text or "repeated" in text:  # cut class by class
            expected = counts / int(text[-1])
        assert (abs(np.bincount(y[fold.valid]) - expected) <= 1).all()
        rest = counts - expected
        assert (abs(np.bincount(y[fold.train]) - rest) <= 1).all()


def test_without_classes_nothing_is_stratified():
    # sorted halves: a splitter that looked at them would give each fold its share
    y = np.repeat([0.0, 1.0], 100)
    shares = {y[f.valid].mean() for f in folds_of("kfold:5", y, stratified=False)}
    assert shares != {0.5}
    assert {y[f.valid].mean() for f in folds_of("kfold:5", y)} == {0.5}
    # and real numbers, all different, are no classes with too few rows
    assert len(folds_of("kfold:5", np.arange(50.0), stratified=False)) == 5


@given(targets(), seeds, st.sampled_from(TEXTS))
def test_the_seed_and_the_targets_alone_decide(given_targets, seed, text):
    y, stratified = given_targets
    digests = [
        rows_digest(folds_of(text, y.copy(), seed=s, stratified=stratified))
        for s in (seed, seed, seed + 1)
    ]
    assert digests[0] == digests[1]
    # 24 rows and more: two seeds cut alike less than once in a million
    assert digests[0] != digests[2]


@settings(max_examples=200)
@given(grouped(), seeds, st.sampled_from([*TEXTS, "group:4"]))
def test_a_group_is_never_on_both_sides(given_groups, seed, text):
    y, stratified, groups = given_groups
    splitter = make_splitter(text, seed=seed, stratified=stratified)
    folds = list(splitter.split(y, groups))
    assert [fold.number for fold in folds] == list(range(splitter.n_folds))
    for fold in folds:
        assert sorted([*fold.train, *fold.valid]) == list(range(len(y)))
        assert min(len(fold.train), len(fold.valid)) > 0
        assert not np.isin(groups[fold.valid], groups[fold.train]).any()
    if splitter.share is None:
        for repeat in range(splitter.times):
            valid = [fold.valid for fold in folds if fold.repeat == repeat]
            assert len(valid) == splitter.k
            assert sorted(np.concatenate(valid)) == list(range(len(y)))
    again = splitter.split(y, groups + 7)  # the groups' names do not count
    assert rows_digest(list(again)) == rows_digest(folds)


def test_repetitions_and_seeds_cut_groups_differently():
    groups, y = np.arange(300) // 3, np.arange(300) % 4
    for stratified in (True, False):
        folds = folds_of("repeated:2:3", y, groups, stratified=stratified)
        assert not np.array_equal(folds[0].valid, folds[3].valid)
        for text in ("group:3", "holdout:0.2"):
            digests = {
                rows_digest(folds_of(text, y, groups, seed=s, stratified=stratified))
                for s in (0, 0, 1)
            }
            assert len(digests) == 2


@settings(max_examples=20)  # rows one by one in scikit-learn: slow
@given(classes(), seeds)
def test_groups_of_one_row_keep_the_shares_of_the_classes(y, seed):
    counts = np.bincount(y)
    for fold in folds_of("group:3", y, np.arange(len(y)), seed=seed):
        assert (abs(np.bincount(y[fold.valid]) - counts / 3) <= 1).all()


def test_many_groups_keep_shares_and_groups_too():
    # 5,000 groups of one row and 500 of two: more than scikit-learn places quickly
    groups = np.concatenate([np.arange(5500), np.arange(500)])
    y = np.concatenate([np.arange(5500) % 3, np.arange(500) % 3])
    folds = folds_of("repeated:2:5", y, groups)
    for fold in folds:
        assert not np.isin(groups[fold.valid], groups[fold.train]).any()
        shares = np.bincount(y[fold.valid]) / np.bincount(y)
        # rows of a class lie in 240 bundles: one bundle too many is 0.4 %
        assert shares == pytest.approx([0.2] * 3, abs=1 / 240)
    # bundles are drawn anew: two repetitions share a fifth of a fold, as by chance
    both = np.intersect1d(folds[0].valid, folds[5].valid)
    assert len(both) / len(folds[0].valid) == pytest.approx(0.2, abs=0.05)


@settings(max_examples=200)
@given(targets(), seeds, st.integers(2, 10))
def test_validation_follows_training_in_time(given_targets, seed, k):
    y, stratified = given_targets
    folds = folds_of(f"time-series:{k}", y, seed=seed, stratified=stratified)
    assert [(fold.number, fold.repeat) for fold in folds] == [(i, 0) for i in range(k)]
    size = len(y) // (k + 1)
    for fold in folds:
        assert np.array_equal(fold.train, np.arange(len(fold.train)))
        assert fold.train.max() < fold.valid.min()
        assert np.array_equal(fold.valid, fold.valid[0] + np.arange(size))
        assert fold.valid[0] == len(fold.train)  # no row lies between them
    assert folds[-1].valid[-1] == len(y) - 1
    assert rows_digest(folds) == rows_digest(folds_of(f"time-series:{k}", y * 0))


def test_the_default_keeps_groups_together():
    assert default_cv(None) == "kfold:5"
    assert default_cv("pipeline") == default_cv("duplicates") == "group:5"


def test_seed_0_is_a_seed():
    y = np.arange(100) % 5
    digests = {rows_digest(folds_of("kfold:5", y, seed=0)) for _ in range(5)}
    assert len(digests) == 1


def test_splitting_moves_no_global_generator():
    before = np.random.get_state()[1:3]  # noqa: NPY002  (Keras shuffles by it)
    for text in TEXTS:
        folds_of(text, np.arange(100) % 5)
    keys, position = np.random.get_state()[1:3]  # noqa: NPY002
    assert np.array_equal(keys, before[0])
    assert position == before[1]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("kfold:1", "--cv kfold:1: must be a whole number of at least 2, got '1'"),
        ("kfold:0", "at least 2, got '0'"),
        ("kfold:-3", "at least 2, got '-3'"),
        ("kfold:2.5", "at least 2, got '2.5'"),
        ("kfold:", "at least 2, got ''"),
        ("kfold:five", "at least 2, got 'five'"),
        ("kfold", "--cv: the form is kfold:K, for example kfold:5; got 'kfold'"),
        ("kfold:3:5", "--cv: the form is kfold:K, for example kfold:5; got"),
        ("kfald:3", "--cv: unknown splitter 'kfald'; did you mean 'kfold'?"),
        ("", "--cv: unknown splitter ''"),
        ("repeated:0:3", "at least 1, got '0'"),
        ("repeated:2:1", "at least 2, got '1'"),
        ("repeated:3", "--cv: the form is repeated:TIMES:K"),
        ("monte-carlo:3:1.5", "must lie between 0 and 1, got '1.5'"),
        ("monte-carlo:3:0", "must lie between 0 and 1, got '0'"),
        ("monte-carlo:3:1", "must lie between 0 and 1, got '1'"),
        ("monte-carlo:3:-0.1", "must lie between 0 and 1, got '-0.1'"),
        ("monte-carlo:3:nan", "must lie between 0 and 1, got 'nan'"),
        ("monte-carlo:0:0.2", "at least 1, got '0'"),
        ("monte-carlo:0.2", "--cv: the form is monte-carlo:TIMES:SHARE"),
        ("group:1", "at least 2, got '1'"),
        ("group", "--cv: the form is group:K"),
        ("time-series:1", "at least 2, got '1'"),
        ("time-series:2:3", "--cv: the form is time-series:K"),
        ("holdout:20", "must lie between 0 and 1, got '20'"),
        ("holdout:a fifth", "must lie between 0 and 1, got 'a fifth'"),
    ],
)
def test_bad_texts_are_one_clear_line(text, message):
    with pytest.raises(SettingsError) as caught:
        make_splitter(text, seed=0, stratified=True)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("stratified", [True, False])
@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("kfold:99999", "needs at least 99999 rows, got 20; use fewer folds"),
        ("repeated:2:30", "needs at least 30 rows, got 20"),
        ("time-series:20", "needs at least 21 rows, got 20; use fewer folds"),
    ],
)
def test_more_folds_than_rows_are_refused(text, message, stratified):
    with pytest.raises(SettingsError) as caught:
        folds_of(text, np.arange(20) % 2, stratified=stratified)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("kfold:5", "at least 5 rows, class 7 has 4; use fewer folds or more rows"),
        ("repeated:2:5", "at least 5 rows, class 7 has 4"),
    ],
)
def test_a_class_with_fewer_rows_than_folds_is_named(text, message):
    y = np.array([3] * 20 + [7] * 4)
    with pytest.raises(SettingsError) as caught:
        folds_of(text, y)
    assert message in str(caught.value)


def test_a_class_is_called_by_its_name():
    splitter = make_splitter("kfold:5", seed=0, stratified=True, classes=("cat", "dog"))
    with pytest.raises(SettingsError, match="class dog has 4"):
        list(splitter.split(np.array([0] * 20 + [1] * 4)))


@pytest.mark.parametrize(
    ("text", "y"),
    [
        ("holdout:0.2", np.array([0] * 20 + [1])),
        ("holdout:0.01", np.arange(100) % 10),
        ("monte-carlo:2:0.99", np.arange(100) % 10),
    ],
)
def test_a_share_that_loses_a_class_is_refused(text, y):
    with pytest.raises(SettingsError, match=f"^--cv {text}: ") as caught:
        folds_of(text, y)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("stratified", [True, False])
@pytest.mark.parametrize(
    ("text", "groups", "message"),
    [
        ("group:3", None, "the rows have no groups; add --groups duplicates, or use"),
        ("group:5", np.arange(20) % 3, "needs at least 5 groups, got 3; use fewer"),
        ("kfold:5", np.arange(20) % 3, "needs at least 5 groups, got 3"),
        ("repeated:2:5", np.arange(20) % 3, "needs at least 5 groups, got 3"),
        ("holdout:0.2", np.zeros(20), "needs at least 2 groups, got 1"),
        ("holdout:0.99", np.arange(20) % 3, "--cv holdout:0.99: "),
        ("time-series:3", np.arange(20), "keeps the rows' order, not groups together"),
        ("group:2", np.arange(21), "20 rows, so never more groups than rows, got 21"),
        ("group:2", np.arange(9), "one number for each of the 20 rows"),
    ],
)
def test_groups_that_do_not_fit_are_one_clear_line(text, groups, message, stratified):
    with pytest.raises(SettingsError) as caught:
        folds_of(text, np.arange(20) % 2, groups, stratified=stratified)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ["group:3", "monte-carlo:20:0.5"])
def test_a_class_that_no_training_row_has_is_named(text):
    groups = np.arange(60) // 5
    y = (groups == 7) * 1  # a class that is one group
    with pytest.raises(SettingsError, match="class 1 has no training row in fold") as e:
        folds_of(text, y, groups)
    assert "\n" not in str(e.value)


def test_the_digest_tells_rows_and_their_parts_apart():
    def fold(train, valid):
        return Fold(0, np.array(train, np.int64), np.array(valid, np.int64))

    folds = [
        [fold([0, 1], [2])],
        [fold([0], [1, 2])],
        [fold([2], [0, 1])],
        [fold([0, 1], [2]), fold([0, 1], [2])],
        [fold([0, 1], [3])],
        [],
    ]
    assert len({rows_digest(each) for each in folds}) == len(folds)
    assert rows_digest(folds[0]) == rows_digest([fold([0, 1], [2])])
    assert len(rows_digest(folds[0])) == 16


@pytest.mark.parametrize(
    "cv",
    ["kfold:4", "repeated:2:3", "holdout:0.25", "monte-carlo:5:0.2", "time-series:3"],
)
def test_the_share_of_validation_rows_is_that_of_the_folds(cv):
    rows = np.zeros(240)  # divides evenly
    folds = make_splitter(cv, seed=0, stratified=False).split(rows)
    expected = [len(fold.valid) / len(fold.train) for fold in folds]
    assert nominal_ratios(cv) == pytest.approx(expected)
