from dataclasses import replace

import pytest
from made_results import make_results

from search.homework.facts import (
    capacity_facts,
    effect_facts,
    final_facts,
    labels,
    table_facts,
)
from search.homework.template import FOLDER, read_template

TEXT = read_template()


def test_a_technique_that_helps_and_one_that_does_not_are_called_so():
    facts = effect_facts(make_results(), TEXT)
    by_start = {f.partition(":")[0]: f for f in facts}
    assert "helps. It improves log-loss by" in by_start["**dropout**, last epoch"]
    assert "does not help. It worsens log-loss" in by_start["**L2**, last epoch"]
    assert "not decided. The difference is" in by_start["**L2**, best epoch"]
    assert "the same scores" in by_start["**early stopping**, last epoch"]
    assert facts[-1].startswith('"Not decided" is not "no effect"')


def test_the_numbers_are_those_of_the_comparison():
    results = make_results()
    effect = results.effect("dropout", "last")
    said = next(f for f in effect_facts(results, TEXT) if "dropout**, last" in f)
    assert f"by {abs(effect.difference):.4f} " in said
    for end in (effect.low, effect.high):
        assert f"{end:.4f}".replace("-", "\N{MINUS SIGN}") in said


def test_few_splits_have_no_p_value():
    facts = effect_facts(make_results(n_splits=3), TEXT)
    assert not any("Holm" in f for f in facts)
    assert any("too few splits for a p-value" in f for f in facts)


def test_czech_sentences_have_decimal_commas():
    czech = read_template(FOLDER / "notebook.cs.md")
    facts = effect_facts(make_results(), czech)
    assert any("nepomáhá" in f and "0,0" in f for f in facts)
    assert not any("0.0" in f for f in facts)


def test_units_stand_beside_a_regressions_measures():
    assert labels(make_results(regression=True), TEXT) == {
        "mse": "mean squared error (k$²)",
        "mae": "mean absolute error (k$)",
    }


def test_table_networks_and_test_rows_are_told():
    results = make_results()
    assert "**dropout**" in table_facts(results, TEXT)[0]
    small, large = capacity_facts(results, TEXT)
    assert "No overfitting was found" in small
    assert "Overfits from epoch 6 on" in large
    first = final_facts(results, TEXT)[0]
    assert "log-loss 0.4200 (0.3500 to 0.5000; seeds: 0.4100, 0.4300)" in first


@pytest.mark.parametrize("reading", ["last", "best"])
def test_an_effect_without_interval_is_not_decided(reading):
    results = make_results()
    effect = replace(
        results.effect("dropout", reading),
        low=None,
        high=None,
        p=None,
        smallest_visible=None,
        verdict="not decided",
    )
    results = replace(results, effects=[effect, *results.effects])
    said = next(f for f in effect_facts(results, TEXT) if f"dropout**, {reading}" in f)
    assert "not decided. The difference is" in said
    assert "interval" not in said
