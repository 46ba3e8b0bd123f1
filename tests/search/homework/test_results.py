"""The record of a homework: what is read from trials, and that it survives its file."""

import dataclasses

import pytest

from search.homework.grid import BASELINE, COMBINED
from search.homework.measured import make_capacity, make_effects, make_entry
from search.homework.plan import Plan
from search.homework.results import (
    OnTestRows,
    Results,
    Tried,
    read_results,
    write_results,
)

RISING = [1.0, 0.5, 0.6, 0.8], [1.0, 0.52, 0.61, 0.83]
METRICS = ("log_loss", "accuracy")


def entry(curved_trial, technique, *folds, epoch=2, **fields):
    tags = {"technique": technique, "setting": "as chosen", "step": "x"}
    fresh = curved_trial(0, *folds, tags=tags, **fields)
    tuned = curved_trial(5, *RISING, epoch=epoch)
    return make_entry(fresh, tuned=tuned, fits=7, seconds=20.0, metrics=METRICS)


def test_the_best_epoch_is_that_of_the_tuning(curved_trial):
    """Chosen on other folds: the fresh ones are read where they were told to be."""
    found = entry(curved_trial, BASELINE, *RISING, epoch=3)
    assert found.epoch == 3
    assert found.scores["best"]["log_loss"] == [0.6, 0.61]
    assert found.scores["last"]["log_loss"] == [0.8, 0.83]
    assert found.mean("last", "log_loss") == pytest.approx(0.815)
    assert found.scores["last"]["accuracy"] == [0.8, 0.8]
    assert (found.fits, found.seconds, found.n_parameters) == (7, 20.0, 10)
    assert found.overfit_since == 2
    assert found.curves["val_loss"] == pytest.approx([1.0, 0.51, 0.605, 0.815])


def test_a_network_of_the_first_step(curved_trial):
    params = {"n_layers": 2, "width_1": 64, "width_2": 32, "activation": "relu"}
    found = make_capacity(curved_trial(0, *RISING, params=params))
    assert found.widths == (64, 32)
    assert (found.overfit_since, found.visible) == (2, True)


@pytest.fixture
def entries(curved_trial):
    """Ten splits: one technique lowers the last loss by about .2, one adds .3."""
    jitter = [0.001 * ((i * 7) % 10) for i in range(10)]
    baseline = [[1.0, 0.5 + j, 0.8] for j in jitter]
    better = [[1.0, 0.5 + j, 0.6 + j] for j in jitter]
    worse = [[1.0, 0.5 + j, 1.1 + j] for j in jitter]
    return [
        entry(curved_trial, name, *folds)
        for name, folds in (
            (BASELINE, baseline), ("dropout", better), (COMBINED, worse)
        )
    ]  # fmt: skip


def test_effects_are_against_the_baseline_in_the_same_reading(entries):
    effects = make_effects(entries, "log_loss", valid_share=1 / 3)
    found = {(e.technique, e.reading): e for e in effects}
    names = ("dropout", COMBINED)
    assert list(found) == [(n, r) for r in ("last", "best") for n in names]
    assert found["dropout", "last"].difference == pytest.approx(-0.1955)
    assert found["dropout", "last"].verdict == "better"
    assert found[COMBINED, "last"].verdict == "worse"
    assert found["dropout", "best"].difference == 0
    assert found["dropout", "best"].verdict == "not decided"
    assert "after Holm over 4 comparisons" in found["dropout", "last"].sentence


def test_below_ten_splits_there_is_no_p_value(entries):
    few = [
        dataclasses.replace(
            e,
            scores={
                reading: {name: values[:9] for name, values in of.items()}
                for reading, of in e.scores.items()
            },
        )
        for e in entries
    ]
    for effect in make_effects(few, "log_loss", valid_share=1 / 3):
        assert effect.p is None
        assert "p =" not in effect.sentence
    assert any(
        e.smallest_visible for e in make_effects(few, "log_loss", valid_share=1 / 3)
    )


def test_a_record_survives_its_file(curved_trial, entries, tmp_path):
    plan = Plan(
        pipeline="digits", student="Ada", techniques=("dropout",), base={"n_layers": 1},
        epochs=3, cv="kfold:3", n_rows=None, n_settings=2, n_splits=10, n_seeds=1,
        notebook_rows=100, asked_minutes=5.0, data_digest="0" * 64, seed=1,
        tuning_seed=2, fresh_seed=3, backend="jax", minutes={"tuning": 1.5},
        cut=("rows: 1 instead of 2",),
    )  # fmt: skip
    params = {"n_layers": 1, "width_1": 64}
    results = Results(
        name="h", plan=plan, metrics=METRICS, unit="", note="", classes=("a", "b"),
        capacities=[make_capacity(curved_trial(0, *RISING, params=params))],
        tried=[Tried(technique="dropout", setting="s", score=None, epoch=None,
                     chosen=False)],
        entries=entries, effects=make_effects(entries, "log_loss", valid_share=1 / 3),
        test=[OnTestRows(technique=BASELINE, reading="last", epoch=3,
                         scores={"log_loss": [0.5]},
                         intervals={"log_loss": (0.4, 0.6)})],
        n_test=10, look=1, data_source="made up", split_digests={"h-1": "ab"},
        minutes={"h-1": 0.5},
    )  # fmt: skip
    path = tmp_path / "results.json"
    write_results(results, path)
    again = read_results(path)
    write_results(again, tmp_path / "again.json")
    assert (tmp_path / "again.json").read_bytes() == path.read_bytes()
    assert again.plan == plan
    assert again.entry("dropout").mean("last", "log_loss") == results.entry(
        "dropout"
    ).mean("last", "log_loss")
    assert again.effect(COMBINED, "best").verdict == "not decided"
