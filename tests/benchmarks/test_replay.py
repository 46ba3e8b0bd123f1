"""Searches of a small table whose curves are drawn here."""

import random
from dataclasses import replace

import numpy as np
import pytest
from curve_table import ARRAYS, CurveTable
from replay import search

from search.types import Settings, TrialState
from spaces.dense import DENSE
from spaces.narrow import narrow

N_TRIALS, N_FOLDS, N_EPOCHS = 30, 5, 8


@pytest.fixture(scope="module")
def table():
    space = narrow(DENSE, ["n_layers=1..2"])
    rng = np.random.default_rng(0)
    draw = random.Random(0)
    quality = rng.uniform(0.5, 0.9, (N_TRIALS, 1, 1))
    ease = np.linspace(-0.02, 0.02, N_FOLDS)[None, :, None]
    rise = (1 - 0.5 ** np.arange(1, N_EPOCHS + 1))[None, None, :]
    noise = rng.normal(0, 0.002, (N_TRIALS, N_FOLDS, N_EPOCHS))
    accuracy = (quality + ease) * rise + noise
    return CurveTable(
        settings=Settings(
            name="table",
            pipeline="digits",
            space_name="dense",
            space=space.to_dict(),
            engine="random",
            sampler="random",
            cv="kfold:5",
            split_seed=0,
            seed=0,
            epochs=N_EPOCHS,
            metrics=("accuracy",),
            epoch="best",
            workers=2,
            n_rows=None,
            backend="jax",
            experiment="",
            data_digest="",
            data_source="",
            split_digest="",
        ),
        params=tuple(space.sample(draw) for _ in range(N_TRIALS)),
        accuracy=accuracy.astype(np.float32),
        log_loss=(1 - accuracy).astype(np.float32),
        seconds=rng.uniform(0.5, 2.0, N_TRIALS).astype(np.float32),
        beginning=rng.uniform(1.0, 3.0, N_TRIALS).astype(np.float32),
    )


def test_a_table_comes_back_from_its_file(table, tmp_path):
    table.save(tmp_path / "table.npz")
    read = CurveTable.load(tmp_path / "table.npz")
    assert read.params == table.params
    assert read.space == table.space
    for name in ARRAYS:
        np.testing.assert_array_equal(getattr(read, name), getattr(table, name))


def test_without_pruning_everything_is_trained_and_the_best_is_found(table):
    done = search(table, sampler="random", pruner="none", seed=0, n_trials=N_TRIALS)
    assert sorted(done.rows) == list(range(N_TRIALS))
    assert done.fits == N_TRIALS * N_FOLDS
    assert done.best == pytest.approx(table.scores.max())
    assert done.seconds == pytest.approx(table.trial_seconds.sum(), rel=1e-5)  # float32


def test_two_slots_take_half_the_time(table):
    one, two = (
        search(
            table,
            sampler="random",
            pruner="none",
            seed=0,
            n_trials=N_TRIALS,
            workers=workers,
        )
        for workers in (1, 2)
    )
    fold = (table.seconds * N_EPOCHS + table.beginning).max()
    assert max(one.ended) == pytest.approx(one.seconds)
    # the last fold is nobody's half, and now and then a slot waits for a proposal
    assert max(two.ended) <= 1.02 * two.seconds / 2 + fold


@pytest.mark.parametrize("sampler", ["random", "tpe"])
def test_a_race_saves_folds_and_is_repeatable(table, sampler):
    once, again = (
        search(table, sampler=sampler, pruner="forgiving", seed=1, n_trials=20)
        for _ in range(2)
    )
    assert [t.told for t in once.trials] == [t.told for t in again.trials]
    assert once.fits < 20 * N_FOLDS
    states = {trial.state for trial in once.trials}
    assert states == {TrialState.COMPLETE, TrialState.STOPPED}
    # the folds differ in ease by more than the best trials do: unadjusted, a good
    # trial would fall for a hard first fold
    assert once.best == pytest.approx(max(table.scores[once.rows]))


def test_floors_cut_the_first_fold_short(table):
    done = search(table, sampler="random", pruner="median", seed=0, n_trials=N_TRIALS)
    lengths = {
        len(fold.curves["loss"]) for trial in done.trials for fold in trial.folds
    }
    assert min(lengths) < N_EPOCHS
    assert done.seconds < table.trial_seconds.sum()


def test_a_search_ends_with_what_it_was_looking_for(table):
    target = float(np.sort(table.scores)[-3])
    done = search(
        table,
        sampler="random",
        pruner="none",
        seed=0,
        n_trials=N_TRIALS,
        until=target,
    )
    assert done.trials[-1].score >= target
    assert all(trial.score < target for trial in done.trials[:-1])
    assert done.found(target) == done.ended[-1]
    assert done.found(1.1) == np.inf


def test_a_search_begins_with_what_the_space_begins_with(table):
    first = narrow(DENSE, ["n_layers=1..2"]).initial()
    one = replace(
        table, params=(first,), **{name: getattr(table, name)[:1] for name in ARRAYS}
    )
    both = table.beginning_with(one)
    assert both.space.initial() == first
    done = search(both, sampler="noisy-gp", pruner="none", seed=3, n_trials=3)
    assert done.rows[0] == N_TRIALS
    by_chance = search(both, sampler="random", pruner="none", seed=3, n_trials=N_TRIALS)
    assert sorted(by_chance.rows) == list(range(N_TRIALS))


def test_tables_of_other_folds_are_not_joined(table):
    other = replace(table, settings=replace(table.settings, split_digest="other"))
    with pytest.raises(ValueError, match="need the same folds"):
        table.beginning_with(other)
