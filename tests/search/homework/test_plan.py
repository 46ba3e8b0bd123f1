"""A plan is cut in the order promised, tells what was cut, and survives its file."""

import itertools
import json
from dataclasses import replace

import pytest

from search.errors import SettingsError
from search.homework.plan import (
    MIN_ROWS,
    NOTEBOOK_MINUTES,
    Cost,
    Plan,
    fit_to_time,
    networks,
    read_plan,
    write_plan,
)

COST = Cost(start=5.0, per_row=0.0005, workers=2)
FULL = Plan(
    pipeline="fashion_mnist",
    student="",
    techniques=("dropout", "l2", "ensemble"),
    base={"n_layers": 1, "width_1": 8},
    epochs=20,
    cv="kfold:3",
    n_rows=20_000,
    n_settings=5,
    n_splits=10,
    n_seeds=3,
    notebook_rows=20_000,
    asked_minutes=None,
    data_digest="0" * 64,
    seed=0,
    tuning_seed=1,
    fresh_seed=2,
    backend="jax",
)


def fitted(minutes, *, cost=COST, n=60_000, **fields):
    plan = replace(FULL, asked_minutes=minutes, **fields)
    return fit_to_time(plan, cost, n_available=n, n_folds=3, spent=1.0)


def amounts(plan):
    return plan.n_settings, plan.n_seeds, plan.n_splits, plan.n_rows


def test_enough_time_cuts_nothing():
    plan = fitted(600)
    assert amounts(plan) == amounts(FULL)
    assert plan.cut == ()
    assert plan.total_minutes < 600


def test_no_limit_cuts_nothing():
    assert amounts(fitted(None)) == amounts(FULL)


def test_less_time_never_gives_more_and_cuts_in_the_order_promised():
    plans = [fitted(minutes) for minutes in range(80, 0, -1)]
    for more, less in itertools.pairwise(plans):
        assert all(b <= a for a, b in zip(amounts(more), amounts(less), strict=True))
        for place in range(1, 4):  # what comes later is cut when the rest is at its end
            if amounts(less)[place] < amounts(FULL)[place]:
                assert amounts(less)[:place] == (2, 1, 3)[:place]
    assert len(set(map(amounts, plans))) > 8


def test_a_plan_keeps_its_minutes_while_it_can_be_cut():
    smallest = fitted(0.1)
    for minutes in range(80, 0, -1):
        plan = fitted(minutes)
        assert plan.total_minutes <= minutes or amounts(plan) == amounts(smallest)


def test_the_smallest_plan_tells_its_honest_time():
    plan = fitted(0.1)
    assert amounts(plan) == (2, 1, 3, MIN_ROWS)
    assert plan.total_minutes > 0.1
    assert plan.cut == (
        "settings per technique: 2 instead of 5",
        "seeds of the rerun: 1 instead of 3",
        "fresh splits: 3 instead of 10",
        "rows: 6,000 instead of 20,000",
    )


def test_epochs_and_techniques_are_never_cut():
    plan = fitted(0.1)
    assert (plan.epochs, plan.techniques) == (FULL.epochs, FULL.techniques)


def test_small_data_is_used_whole():
    plan = fitted(0.1, n=400, n_rows=None)
    assert plan.n_rows is None
    assert "rows" not in str(plan.cut)
    assert plan.notebook_rows == 400


def test_the_notebook_keeps_its_minutes_by_fewer_rows():
    slow = fitted(None, cost=replace(COST, per_row=0.01))
    assert slow.minutes["notebook"] == pytest.approx(NOTEBOOK_MINUTES, rel=0.01)
    assert slow.notebook_rows < slow.n_rows


def test_networks_are_counted_as_they_are_trained():
    # tuning: baseline, three techniques, the combination, five networks each, 3 folds
    assert networks(FULL, 3) == {
        "tuning": 5 * 5 * 3,
        "fresh splits": 10 * (1 + 2 + 5 + 5),
        "test rows": 3 * (1 + 5 + 5),
    }
    alone = replace(FULL, techniques=("dropout",))
    assert networks(alone, 3) == {
        "tuning": 3 * 5 * 3, "fresh splits": 10 * 3, "test rows": 9,
    }  # fmt: skip


def test_a_plan_survives_its_file(tmp_path):
    plan = fitted(12)
    write_plan(plan, tmp_path / "plan.json")
    assert read_plan(tmp_path / "plan.json") == plan


@pytest.mark.parametrize("text", ["", "[]", "{}", json.dumps({"pipeline": 1})])
def test_another_file_is_no_plan(tmp_path, text):
    (tmp_path / "plan.json").write_text(text)
    with pytest.raises(SettingsError, match="must hold the plan of a homework"):
        read_plan(tmp_path / "plan.json")


def test_a_plan_that_is_not_there(tmp_path):
    with pytest.raises(SettingsError, match="cannot be read"):
        read_plan(tmp_path / "plan.json")
