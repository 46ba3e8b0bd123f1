"""Paired differences, against the formulas, by simulation and at their edges."""

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from search.errors import SettingsError
from search.paired import MIN_TESTED, holm, paired_difference

RNG = np.random.default_rng(0)
BASE = 0.9 + 0.02 * RNG.standard_normal(12)
OTHER = BASE + 0.01 + 0.01 * RNG.standard_normal(12)


def test_without_shared_rows_it_is_the_paired_t_test():
    found = paired_difference(BASE, OTHER, n_train=1, n_valid=0)
    ours = stats.ttest_rel(OTHER, BASE)
    assert found.p_value == pytest.approx(ours.pvalue)
    assert found.interval == pytest.approx(tuple(ours.confidence_interval(0.95)))
    assert found.mean == pytest.approx(float(np.mean(OTHER - BASE)))


def test_the_variance_is_widened_by_what_the_folds_share():
    plain = paired_difference(BASE, OTHER, n_train=1, n_valid=0)
    shared = paired_difference(BASE, OTHER, n_train=80, n_valid=20)
    # (1/12 + 20/80) / (1/12) = 4: everything is twice as wide
    for narrow, wide in zip(plain.interval, shared.interval, strict=True):
        assert wide - shared.mean == pytest.approx(2 * (narrow - plain.mean))
    assert shared.smallest_visible == pytest.approx(2 * plain.smallest_visible)
    assert shared.p_value > plain.p_value
    assert shared.effect_size == plain.effect_size


def test_sizes_may_differ_from_fold_to_fold():
    by_fold = paired_difference(
        BASE[:3], OTHER[:3], n_train=[10, 20, 30], n_valid=[10, 10, 10]
    )
    mean_ratio = paired_difference(
        BASE[:3], OTHER[:3], n_train=1, n_valid=(1 + 1 / 2 + 1 / 3) / 3
    )
    assert by_fold.interval == pytest.approx(mean_ratio.interval)


def test_the_difference_turns_with_its_sides():
    there = paired_difference(BASE, OTHER, n_train=4, n_valid=1)
    back = paired_difference(OTHER, BASE, n_train=4, n_valid=1)
    assert back.mean == -there.mean
    assert back.interval == pytest.approx((-there.interval[1], -there.interval[0]))
    assert (back.p_value, back.wilcoxon) == (there.p_value, there.wilcoxon)
    assert back.effect_size == -there.effect_size


@pytest.mark.parametrize("n_compared", [1, 6, 28])
@pytest.mark.parametrize("n", [3, 5, 12])
def test_the_smallest_visible_difference_is_seen_in_four_of_five(n, n_compared):
    found = paired_difference(
        BASE[:n], OTHER[:n], n_train=4, n_valid=1, n_compared=n_compared
    )
    error = (found.interval[1] - found.mean) / stats.t.ppf(0.975, n - 1)
    # Holm asks the smallest of m p-values to be below .05 / m.
    strictest = stats.t.ppf(1 - 0.05 / n_compared / 2, n - 1)
    power = stats.nct.sf(strictest, n - 1, found.smallest_visible / error)
    assert power == pytest.approx(0.8, abs=1e-4)


def test_only_what_is_visible_depends_on_how_many_are_compared():
    alone = paired_difference(BASE, OTHER, n_train=4, n_valid=1)
    among = paired_difference(BASE, OTHER, n_train=4, n_valid=1, n_compared=6)
    assert among.smallest_visible > 1.3 * alone.smallest_visible
    assert replace(among, smallest_visible=alone.smallest_visible) == alone


@pytest.mark.parametrize(("n", "tested"), [(5, False), (9, False), (10, True)])
def test_few_scores_have_an_interval_but_no_p_value(n, tested):
    found = paired_difference(BASE[:n], OTHER[:n], n_train=4, n_valid=1)
    assert (found.p_value is not None) == tested
    assert (found.wilcoxon is not None) == tested
    assert found.interval[0] < found.mean < found.interval[1]
    assert found.smallest_visible > 0
    assert found.n == n


def test_the_rank_test_is_that_of_scipy():
    found = paired_difference(BASE, OTHER, n_train=4, n_valid=1)
    assert found.wilcoxon == stats.wilcoxon(OTHER, BASE).pvalue


def test_a_single_pair_has_a_difference_and_nothing_else():
    found = paired_difference([0.5], [0.75], n_train=4, n_valid=1)
    assert (found.n, found.mean) == (1, 0.25)
    rest = (found.interval, found.p_value, found.smallest_visible, found.wilcoxon)
    assert set(rest) == {None}
    assert found.effect_size is None


def test_equal_scores_differ_by_nothing():
    found = paired_difference(BASE, BASE, n_train=4, n_valid=1)
    assert (found.mean, found.interval, found.p_value) == (0, (0, 0), 1)
    assert found.effect_size == 0
    assert found.wilcoxon == 1
    assert found.smallest_visible is None  # equal scores show no spread


def test_few_equal_scores_have_no_p_value():
    found = paired_difference(BASE[:9], BASE[:9], n_train=4, n_valid=1)
    assert (found.p_value, found.wilcoxon) == (None, None)


def test_a_difference_equal_in_all_folds_is_certain():
    found = paired_difference(BASE, BASE - 0.1, n_train=4, n_valid=1)
    assert found.interval == pytest.approx((-0.1, -0.1))
    assert (found.p_value, found.effect_size) == (0, -math.inf)
    assert found.smallest_visible is None
    assert found.wilcoxon == 2 / 2**12  # all signs alike


@pytest.mark.parametrize(
    ("reference", "scores", "words"),
    [
        ([0.1, 0.2], [0.1], "got 2 and 1"),
        ([], [], "got 0 and 0"),
        ([0.1, 0.2], [0.1, math.nan], "finite, got 0.2 and nan at place 1"),
        ([math.inf, 0.2], [0.1, 0.2], "finite, got inf and 0.1 at place 0"),
    ],
)
def test_scores_that_cannot_be_paired_are_refused(reference, scores, words):
    with pytest.raises(SettingsError, match=words):
        paired_difference(reference, scores, n_train=4, n_valid=1)


def test_holm_by_hand():
    # sorted: .005 * 4, .01 * 3, .03 * 2, .04 * 1 raised to the one before
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.5, 0.9]) == [1, 1]
    assert holm([0.03]) == [0.03]
    assert holm([]) == []


def test_holm_is_that_of_statsmodels():
    multitest = pytest.importorskip("statsmodels.stats.multitest")
    p_values = RNG.uniform(0, 0.2, 9).round(2)  # with ties
    theirs = multitest.multipletests(p_values, method="holm")[1]
    assert holm(p_values.tolist()) == pytest.approx(theirs)


@pytest.mark.slow
def test_overlapping_splits_give_no_more_false_findings_than_announced():
    """Two estimators equally good by construction, on 15 Monte Carlo splits each.

    y is the sum of two inputs alike in law; one estimator is the slope over the
    first, the other over the second. Any difference found is false.
    """
    rng = np.random.default_rng(1)
    n_rows, n_valid, n_splits, n_repeats = 60, 12, 15, 1000
    assert n_splits >= MIN_TESTED
    corrected, uncorrected = 0, 0
    for _ in range(n_repeats):
        X = rng.standard_normal((n_rows, 2))
        y = X.sum(axis=1) + rng.standard_normal(n_rows)
        order = rng.permuted(np.tile(np.arange(n_rows), (n_splits, 1)), axis=1)
        valid, train = order[:, :n_valid], order[:, n_valid:]
        slopes = (X[train] * y[train][..., None]).sum(1) / (X[train] ** 2).sum(1)
        errors = ((y[valid][..., None] - X[valid] * slopes[:, None]) ** 2).mean(1)
        a, b = errors.T
        sizes = {"n_train": n_rows - n_valid, "n_valid": n_valid}
        corrected += paired_difference(a, b, **sizes).p_value < 0.05
        uncorrected += stats.ttest_rel(a, b).pvalue < 0.05
    # 1,000 repetitions of an exact 5 % test give 3 to 7 % in 99.6 of 100 runs; the
    # correction is itself a rule of thumb for the folds' correlation, hence 1 to 8.
    assert 0.01 < corrected / n_repeats < 0.08
    assert uncorrected / n_repeats > 0.2
