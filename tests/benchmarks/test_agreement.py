import numpy as np
import pytest
from agreement import difference, verdict


def scores(rng, *, n=12, shift=0.0):
    """Folds of random configurations; seeds move each by .002."""
    level = np.linspace(0.6, 0.9, n)[:, None]
    return (level + shift + rng.normal(0, 0.002, (n, 5))).tolist()


def test_shift_found_and_its_size_estimated():
    rng = np.random.default_rng(0)
    found = difference(scores(rng, shift=0.01), scores(rng))
    assert not found.holds_zero
    # the s.e. is .002 * sqrt(2 / 60) = .0004: four of them
    assert found.mean == pytest.approx(0.01, abs=0.0016)
    assert "DIFFER" in verdict(found, None)


def test_interval_holds_zero_as_often_as_it_says():
    rng = np.random.default_rng(1)
    held = [difference(scores(rng), scores(rng)).holds_zero for _ in range(400)]
    # 95 % of 400; one s.d. is 1.1 %, three are allowed
    assert np.mean(held) == pytest.approx(0.95, abs=0.033)


def test_level_of_a_configuration_does_not_count():
    rng = np.random.default_rng(2)
    found = difference(scores(rng), scores(rng))
    assert found.spread < 0.01 < np.std(np.linspace(0.6, 0.9, 12))


def test_unpaired_scores_are_refused():
    with pytest.raises(ValueError, match="zip"):
        difference([[0.5, 0.6], [0.5, 0.6]], [[0.5, 0.6]])


def test_wide_interval_is_no_agreement():
    found = difference([[0.80], [0.60]], [[0.78], [0.61]])
    assert found.holds_zero
    assert "too few to tell" in verdict(found, None)


def test_verdict_names_both_noises():
    rng = np.random.default_rng(0)
    same = difference(scores(rng), scores(rng))
    seeds = difference(scores(rng, n=4), scores(rng, n=4))
    text = verdict(same, seeds)
    assert "agree within noise" in text
    assert f"{same.mean:+.4f}" in text
    assert f"{seeds.spread:.4f}" in text
