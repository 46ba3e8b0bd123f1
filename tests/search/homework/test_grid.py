import pytest

from search.errors import SettingsError
from search.homework.grid import (
    BASELINE,
    COMBINED,
    ENSEMBLE,
    GRIDS,
    LEARNING_RATES,
    LEAST_SETTINGS,
    MOST_SETTINGS,
    baseline_settings,
    check_techniques,
    combinations,
    describe,
    fitting_techniques,
    half_strength,
    technique_settings,
    with_capacity,
)

PLAIN = {"n_layers": 1, "width_1": 8, "learning_rate": 0.001}
DROPOUT, L2 = {"dropout": 0.5}, {"l2": "on", "l2_strength": 1e-3}
PATIENCE = {"early_stopping": "on", "patience": 3}
RANKED = [("l2", L2), ("dropout", DROPOUT), ("early-stopping", PATIENCE)]


@pytest.mark.parametrize("n", range(LEAST_SETTINGS, MOST_SETTINGS + 1))
def test_every_technique_costs_as_many_networks_as_the_baseline(n):
    assert len(baseline_settings(PLAIN, n)) == n
    for technique in GRIDS:
        settings = technique_settings(technique, PLAIN, n)
        cost = sum(setting.params.get("members", 1) for setting in settings)
        assert cost == n, technique


@pytest.mark.parametrize("technique", sorted(GRIDS))
def test_fewer_settings_are_the_first_of_more(technique):
    if technique == ENSEMBLE:
        return
    many = technique_settings(technique, PLAIN, MOST_SETTINGS)
    assert technique_settings(technique, PLAIN, 2) == many[:2]
    assert len({str(setting.params) for setting in many}) == MOST_SETTINGS


@pytest.mark.parametrize("technique", sorted(GRIDS))
def test_a_technique_adds_its_own_parameters_and_changes_no_other(technique):
    for setting in technique_settings(technique, PLAIN, 3):
        assert setting.technique == technique
        assert {k: setting.params[k] for k in PLAIN} == PLAIN
        assert len(setting.params) > len(PLAIN)
        assert setting.label


def test_the_baseline_differs_in_its_learning_rate_only():
    rates = [s.params["learning_rate"] for s in baseline_settings(PLAIN, 5)]
    assert rates == list(LEARNING_RATES)
    for setting in baseline_settings(PLAIN, 5):
        assert setting.params | {"learning_rate": 0.001} == PLAIN


def test_combinations_follow_the_rule():
    found = combinations(PLAIN, RANKED, 2, 5)
    assert [s.label for s in found] == [
        "l2 + dropout",
        "l2 + dropout, half strength",
        "l2 + dropout + early-stopping",
    ]  # the best two are those that helped; the best three are all
    assert found[0].params == {**PLAIN, **L2, **DROPOUT}
    assert found[1].params["dropout"] == 0.25
    assert found[2].params["patience"] == 3
    assert {s.technique for s in found} == {COMBINED}


def test_where_nothing_helped_the_best_two_are_combined():
    assert combinations(PLAIN, RANKED, 0, 1)[0].label == "l2 + dropout"


def test_fewer_combinations_are_the_first_of_more():
    many = combinations(PLAIN, RANKED, 3, 5)
    assert combinations(PLAIN, RANKED, 3, 2) == many[:2]


def test_half_strength_halves_numbers_that_are_no_counts():
    assert half_strength(L2 | PATIENCE) == {
        "l2": "on", "l2_strength": 5e-4, "early_stopping": "on", "patience": 3,
    }  # fmt: skip


def test_a_setting_is_described_by_its_numbers():
    assert describe(PATIENCE) == "patience 3"


def test_a_capacity_replaces_another():
    params = with_capacity({**PLAIN, "n_layers": 2, "width_2": 4}, (5,))
    assert params == {"learning_rate": 0.001, "n_layers": 1, "width_1": 5}


def test_a_regression_has_no_labels_to_smooth():
    assert "label-smoothing" in fitting_techniques("classification")
    assert "label-smoothing" not in fitting_techniques("regression")
    with pytest.raises(SettingsError, match="target is a number; leave it out"):
        check_techniques(["label-smoothing"], task="regression")


@pytest.mark.parametrize(
    ("names", "rule"),
    [
        ([], "at least one"),
        (["dropout", "dropout"], "may stand once"),
        (["dropuot"], "did you mean 'dropout'"),
        ([BASELINE], "unknown technique 'baseline'"),
    ],
)
def test_other_lists_are_refused(names, rule):
    with pytest.raises(SettingsError, match=rule):
        check_techniques(names, task="classification")
