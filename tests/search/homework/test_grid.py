import pytest

from search.errors import SettingsError
from search.homework.grid import (
    BASELINE,
    CHOSEN_FROM,
    COMBINED,
    DEFAULT,
    ENSEMBLE,
    GRIDS,
    LEARNING_RATES,
    LEAST_SETTINGS,
    MOST_COMBINED,
    MOST_SETTINGS,
    baseline_settings,
    check_techniques,
    combinations,
    describe,
    fitting_techniques,
    half_strength,
    spread,
    technique_settings,
    with_capacity,
)
from spaces.params import Choice, Float
from spaces.space import SearchSpace
from spaces.techniques import TECHNIQUES

PLAIN = {"n_layers": 1, "width_1": 8, "learning_rate": 0.001}
DROPOUT, L2 = {"dropout": 0.5}, {"l2": "on", "l2_strength": 1e-3}
PATIENCE = {"early_stopping": "on", "patience": 3}
RANKED = [("l2", L2), ("dropout", DROPOUT), ("early-stopping", PATIENCE)]


@pytest.mark.parametrize("n", range(LEAST_SETTINGS, MOST_SETTINGS + 1))
def test_every_technique_costs_as_many_networks_as_the_baseline(n):
    assert len(baseline_settings(PLAIN, n)) == n
    for technique in DEFAULT:
        settings = technique_settings(technique, PLAIN, n, epochs=20)
        cost = sum(setting.params.get("members", 1) for setting in settings)
        assert cost == n, technique


@pytest.mark.parametrize("technique", sorted(GRIDS))
def test_fewer_settings_are_the_first_of_more(technique):
    many = technique_settings(technique, PLAIN, MOST_SETTINGS, epochs=20)
    assert technique_settings(technique, PLAIN, 2, epochs=20) == many[:2]
    assert len({str(setting.params) for setting in many}) == MOST_SETTINGS


@pytest.mark.parametrize("technique", DEFAULT)
def test_a_technique_adds_its_own_parameters_and_changes_no_other(technique):
    for setting in technique_settings(technique, PLAIN, 3, epochs=20):
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
    assert "label-smoothing" in fitting_techniques("classification", "text")
    assert "label-smoothing" not in fitting_techniques("regression", "vectors")
    with pytest.raises(SettingsError, match="target is a number; leave it out"):
        check_techniques(["label-smoothing"], task="regression", inputs="vectors")


@pytest.mark.parametrize(
    ("names", "rule"),
    [
        ([], "at least one"),
        (["dropout", "dropout"], "may stand once"),
        (["dropuot"], "did you mean 'dropout'"),
        (["flip"], "flip is for images, got vectors"),
        ([BASELINE], "unknown technique 'baseline'"),
    ],
)
def test_other_lists_are_refused(names, rule):
    with pytest.raises(SettingsError, match=rule):
        check_techniques(names, task="classification", inputs="vectors")


@pytest.mark.parametrize("technique", CHOSEN_FROM)
@pytest.mark.parametrize("n", [LEAST_SETTINGS, MOST_SETTINGS])
def test_any_technique_costs_as_much_and_lies_in_its_space(technique, n):
    settings = technique_settings(technique, PLAIN, n, epochs=20, rates=LEARNING_RATES)
    assert sum(s.params.get("members", 1) for s in settings) == n
    assert len({str(s.params) for s in settings}) == len(settings)
    if technique not in GRIDS and technique != ENSEMBLE:
        space = TECHNIQUES[technique].alone
        for setting in settings:
            own = {k: v for k, v in setting.params.items() if k not in PLAIN}
            assert space.check(own) == own
            assert setting.label


def test_a_spread_begins_in_the_middle():
    space = SearchSpace({"a": Float(low=0.0, high=1.0), "b": Choice(options=(1, 2))})
    points = spread(space, 3)
    assert points == [{"a": 0.5, "b": 1}, {"a": 0.25, "b": 2}, {"a": 0.75, "b": 1}]


def test_the_command_names_the_default_techniques():
    from search.commands.homework import TECHNIQUES as WORDS

    assert ",".join(DEFAULT) == WORDS


def test_patience_grows_with_the_epochs():
    waits = [
        [
            setting.params["patience"]
            for setting in technique_settings("early-stopping", PLAIN, 5, epochs=epochs)
        ]
        for epochs in (20, 200)
    ]
    assert waits == [[3, 5, 2, 8, 1], [30, 50, 20, 80, 10]]


def test_all_techniques_that_fit():
    fitting = fitting_techniques("classification", "images", CHOSEN_FROM)
    assert {"flip", "dropout"} <= set(fitting)
    assert "word-dropout" not in fitting
    check_techniques(fitting, task="classification", inputs="images")


def test_of_two_that_exclude_each_other_the_better_is_combined():
    ranked = [
        ("schedule", {"schedule": "linear"}), ("snapshots", {"snapshots": 3}),
        ("l2", L2), ("l1-l2", {**L2, "l1": "on", "l1_strength": 1e-5}),
        ("batch-norm", {"batch_norm": True}), ("layer-norm", {"layer_norm": True}),
    ]  # fmt: skip
    found = combinations(PLAIN, ranked, 6, 1)
    assert found[0].label == "schedule + l2 + batch-norm"


def test_many_techniques_are_combined_in_part():
    names = [n for n in CHOSEN_FROM if n not in (ENSEMBLE, "l1-l2", "schedule")]
    ranked = [(name, {name: 1}) for name in names]
    found = combinations(PLAIN, ranked, len(ranked), 5)
    assert max(len(s.params) for s in found) == len(PLAIN) + MOST_COMBINED


def test_a_switch_is_tried_at_the_rates_the_baseline_was_chosen_from():
    def rates(*allowed):
        found = technique_settings("skip", PLAIN, 3, epochs=20, rates=allowed)
        return [setting.params["learning_rate"] for setting in found]

    assert rates() == rates(0.001) == [0.001]
    assert rates(0.001, 0.003) == [0.001, 0.003]
    assert rates(0.0003, 0.001, 0.003, 0.01) == [0.001, 0.0003, 0.003]
