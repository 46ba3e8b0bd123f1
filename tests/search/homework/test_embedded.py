import pytest
from made_results import make_results

from search.homework.embedded import (
    chosen_options,
    read_table_code,
    table_code,
    table_digest,
    table_of,
)
from search.homework.template import read_template

TEXT = read_template()


@pytest.mark.parametrize("with_curves", [False, True])
def test_a_table_comes_back_from_its_cell(with_curves):
    table = table_of(make_results(), TEXT, with_curves=with_curves)
    code = table_code(table)
    assert read_table_code(code) == table
    # as the cell itself reads it
    found = {}
    exec("import json\n" + code, found)
    assert found["CROSS_VALIDATED"] == table


def test_one_changed_digit_changes_the_digest():
    code = table_code(table_of(make_results(), TEXT, with_curves=False))
    changed = code.replace('"epoch": 6', '"epoch": 7', 1)
    assert table_digest(read_table_code(code)) != table_digest(read_table_code(changed))


@pytest.mark.parametrize(
    "code", ["", "x = 1", 'CROSS_VALIDATED = json.loads(r"""{""")']
)
def test_a_cell_without_a_table_holds_none(code):
    assert read_table_code(code) is None


def test_settings_have_the_names_of_the_code():
    results = make_results()
    options = {e.technique: chosen_options(e, results) for e in results.entries}
    assert options["early-stopping"] == {"patience": 3}
    assert options["combined"] == {"dropout": 0.3, "l2": 1e-3, "members": 2}
    assert options["baseline"] == {"learning_rate": 1e-3}


def test_scores_of_all_splits_and_curves_have_the_metrics_names():
    results = make_results(regression=True)
    row = table_of(results, TEXT, with_curves=True)["rows"][0]
    entry = results.entries[0]
    # six digits are kept
    assert row["scores"]["last"]["mse"] == pytest.approx(
        entry.scores["last"]["mse"], rel=1e-5
    )
    assert {*row["curves"]} == {"mse", "val_mse", "mae", "val_mae"}
    assert row["curves"]["val_mse"] == pytest.approx(entry.curves["val_loss"], rel=1e-5)
