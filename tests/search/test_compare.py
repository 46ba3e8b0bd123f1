"""Several comparisons at once, and what is said about them."""

import numpy as np
import pytest

from search.compare import compare_all, compare_pairs, decimals, write_p
from search.metrics import METRICS
from search.paired import holm, paired_difference

RNG = np.random.default_rng(0)
LOSS = 0.5 + 0.02 * RNG.standard_normal(10)
NOISE = 0.01 * RNG.standard_normal((3, 10))
SCORES = {
    "dropout": LOSS - 0.05 + NOISE[0],
    "l1": LOSS + NOISE[1],
    "noise": LOSS + 0.05 + NOISE[2],
}


def compared(metric="log_loss", n=10, scores=None):
    scores = {name: values[:n] for name, values in (scores or SCORES).items()}
    found = compare_all(LOSS[:n], scores, METRICS[metric], n_train=3, n_valid=1)
    return {c.name: c for c in found}


def test_each_is_compared_with_the_reference_in_the_order_given():
    found = compared()
    assert list(found) == list(SCORES)
    for name, values in SCORES.items():
        alone = paired_difference(LOSS, values, n_train=3, n_valid=1, n_compared=3)
        assert found[name].difference == alone
        assert (found[name].reference, found[name].n_compared) == ("baseline", 3)


def test_p_values_are_corrected_over_all_that_were_compared():
    found = compared()
    raw = {name: c.difference.p_value for name, c in found.items()}
    smallest = min(raw, key=raw.get)
    assert found[smallest].p_adjusted == pytest.approx(3 * raw[smallest])
    assert found["l1"].p_adjusted == raw["l1"]  # the largest
    alone = compared(scores={"l1": SCORES["l1"]})["l1"]
    assert alone.p_adjusted == alone.difference.p_value


def test_p_values_of_ranks_are_corrected_alike():
    found = compared()
    raw = [c.difference.wilcoxon for c in found.values()]
    assert [c.wilcoxon_adjusted for c in found.values()] == holm(raw) != raw
    with_equal = compared(scores=SCORES | {"same": LOSS})
    assert with_equal["same"].wilcoxon_adjusted == 1  # it counts: four were looked at
    assert with_equal["dropout"].wilcoxon_adjusted == pytest.approx(4 * min(raw))


def test_better_is_what_the_metric_says():
    verdicts = {name: c.verdict for name, c in compared().items()}
    assert verdicts == {"dropout": "better", "l1": "not decided", "noise": "worse"}
    turned = {name: c.verdict for name, c in compared("accuracy").items()}
    assert turned == {"dropout": "worse", "l1": "not decided", "noise": "better"}


def test_a_decided_difference_is_said_with_interval_and_p_value():
    c = compared()["dropout"]
    low, high = sorted(map(abs, c.difference.interval))
    assert c.sentence == (
        f"dropout lowers log_loss by {-c.difference.mean:.3f} (95 % interval "
        f"{low:.3f} to {high:.3f}) against baseline, p < 0.0001 after Holm over 3 "
        "comparisons: better"
    )
    assert "raises log_loss by" in compared()["noise"].sentence
    assert compared()["noise"].sentence.endswith(": worse")


def test_an_undecided_one_says_what_could_have_been_seen():
    c = compared()["l1"]
    assert c.sentence.startswith("not decided: log_loss of l1 minus baseline is ")
    assert "after Holm over 3 comparisons" in c.sentence
    seen = f"could have seen {c.difference.smallest_visible:.3f}"
    assert c.sentence.endswith(seen)
    assert "no effect" not in c.sentence


def test_a_single_comparison_needs_no_correction():
    c = compared(scores={"l1": SCORES["l1"]})["l1"]
    assert "Holm" not in c.sentence
    assert f"p = {c.difference.p_value:.2g}" in c.sentence


def test_below_ten_scores_nothing_is_tested():
    found = compared(n=5)
    assert {c.p_adjusted for c in found.values()} == {None}
    assert {c.wilcoxon_adjusted for c in found.values()} == {None}
    assert found["dropout"].verdict == "no test"  # its interval leaves zero out
    assert found["l1"].verdict == "not decided"
    for c in found.values():
        assert "5 paired scores, too few for a p-value" in c.sentence
        assert "this design could have seen" in c.sentence
        assert "p =" not in c.sentence
        assert "p <" not in c.sentence
    assert found["dropout"].sentence.startswith("dropout lowers log_loss by")


def test_one_split_shows_no_spread():
    c = compared(n=1)["dropout"]
    assert c.verdict == "not decided"
    assert c.sentence.endswith("a single pair of scores says nothing of its spread")


def test_equal_scores_are_said_to_be_equal():
    c = compared(scores={"same": LOSS})["same"]
    assert c.verdict == "not decided"
    assert c.sentence == "not decided: same and baseline have equal scores"


def test_any_pairs_can_be_compared():
    everything = {"baseline": LOSS, **SCORES}
    pairs = [("baseline", "l1"), ("l1", "noise")]
    found = compare_pairs(pairs, everything, METRICS["log_loss"], n_train=3, n_valid=1)
    assert [(c.reference, c.name) for c in found] == pairs
    assert "against l1" in found[1].sentence
    assert (
        compare_pairs([], everything, METRICS["log_loss"], n_train=3, n_valid=1) == []
    )


@pytest.mark.parametrize(
    ("scale", "places"), [(1, 2), (100, 0), (10_000, 0), (0.001, 5)]
)
def test_figures_are_as_long_as_the_interval_is_sure(scale, places):
    scores = scale * np.array([0.1, -0.1, 0.2, 0.0, 0.1])  # half width .21 at scale 1
    found = paired_difference(np.zeros(5), scores, n_train=4, n_valid=1)
    assert decimals(found) == places


@pytest.mark.parametrize(
    ("p", "text"), [(1.0, "1"), (0.0314, "0.031"), (0.0001, "0.0001"), (0, "< 0.0001")]
)
def test_a_p_value_in_words(p, text):
    assert write_p(p) == text
