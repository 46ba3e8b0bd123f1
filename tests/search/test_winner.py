"""The winner is the best complete trial, and its score is made no better."""

from dataclasses import replace

import numpy as np
import pytest

from search.errors import TrackingError
from search.out_of_fold import OutOfFold
from search.winner import Winner, find_winner, winner_from_json, winner_metrics

N = 300


@pytest.fixture
def predictions():
    """Return a function that makes up predictions, right as often as the score says."""

    def of(trial):
        rng = np.random.default_rng(trial.number)
        y = np.arange(N) % 4
        right = rng.random(N) < trial.score
        shown = np.where(right, y, (y + 1) % 4)
        return OutOfFold(
            rows=np.arange(N),
            fold=np.arange(N) % 3,
            y=y,
            predictions=np.eye(4, dtype=np.float32)[shown],
        )

    return of


def none(trial):
    raise TrackingError("predictions.npz: is not there")


def test_the_best_complete_trial_wins(make_settings, make_trial, predictions):
    trials = [
        make_trial(0, height=0.7),
        make_trial(1, height=0.9),
        make_trial(2, height=0.95, state="stopped"),
        make_trial(3, height=0.95, rung=True),
        make_trial(4, state="failed"),
    ]
    winner = find_winner(make_settings(), trials, predictions, resamples=100)
    assert (winner.trial, winner.n_trials, winner.score) == (1, 2, trials[1].score)
    assert winner.low < winner.corrected < winner.high
    assert winner.resamples == 100


def test_of_equal_trials_one_counts(make_settings, make_trial, predictions):
    trials = [make_trial(0), make_trial(1, copy_of=0), make_trial(2, height=0.5)]
    winner = find_winner(make_settings(), trials, predictions, resamples=50)
    assert (winner.trial, winner.n_trials) == (0, 2)


def test_the_best_of_equally_good_trials_loses_score(make_settings, make_trial):
    # Forty trials with the same true accuracy of .5: the best is a matter of luck.
    rng = np.random.default_rng(0)
    y = np.arange(N) % 2
    shown = {number: rng.integers(0, 2, N) for number in range(40)}
    plain = {number: float((classes == y).mean()) for number, classes in shown.items()}
    trials = [_flat(make_trial(number), score) for number, score in plain.items()]

    def of(trial):
        return OutOfFold(
            rows=np.arange(N),
            fold=np.arange(N) % 3,
            y=y,
            predictions=np.eye(2, dtype=np.float32)[shown[trial.number]],
        )

    winner = find_winner(make_settings(), trials, of, resamples=200)
    assert winner.score == max(plain.values()) > 0.55
    assert winner.corrected < winner.score - 0.02
    assert winner.low < 0.5 < winner.high
    assert winner.epoch_part == 0  # flat curves


def _flat(trial, score):
    """The trial with one score in all folds and epochs."""
    curves = {
        name: [score] * 4 if name == "val_accuracy" else curve
        for name, curve in trial.folds[0].curves.items()
    }
    folds = tuple(replace(fold, curves=curves) for fold in trial.folds)
    return replace(trial, folds=folds, score=score)


@pytest.fixture
def grouped(make_trial):
    """Return trials that guess alike within groups of ten, and their predictions."""
    rng = np.random.default_rng(1)
    group = np.arange(N) // 10
    y = np.zeros(N, int)
    shown = {number: rng.integers(0, 2, N // 10)[group] for number in range(40)}
    scores = {number: float((classes == 0).mean()) for number, classes in shown.items()}
    trials = [_flat(make_trial(number), score) for number, score in scores.items()]

    def of(trial):
        return OutOfFold(
            rows=np.arange(N),
            fold=group % 3,
            y=y,
            predictions=np.eye(2, dtype=np.float32)[shown[trial.number]],
            group=group,
        )

    return trials, of


def test_groups_are_drawn_whole(make_settings, grouped):
    trials, of = grouped
    settings = make_settings(cv="group:3", groups="pipeline")
    winner = find_winner(settings, trials, of, resamples=200)
    # Thirty groups: the best of forty guesses lies .2 above what it is worth.
    assert winner.score > 0.65
    assert winner.grouped
    assert winner.low < 0.5 < winner.high
    assert abs(winner.corrected - 0.5) < 0.06
    assert "(200 bootstraps of the groups)" in winner.describe(settings)


def test_predictions_without_their_groups_are_not_drawn_by_rows(make_settings, grouped):
    trials, of = grouped
    settings = make_settings(cv="group:3", groups="pipeline")
    winner = find_winner(settings, trials, lambda t: replace(of(t), group=None))
    assert winner == find_winner(settings, trials, none)
    assert "or its rows' groups, are not stored" in winner.describe(settings)


def test_a_loss_is_corrected_upwards(make_settings, make_trial, predictions):
    settings = make_settings(metrics=("log_loss", "accuracy"))
    trials = [make_trial(n, metric="log_loss", height=0.8) for n in range(3)]

    def unsure(trial):
        found = predictions(replace(trial, score=0.5))
        return replace(found, predictions=found.predictions * 0.4 + 0.15)

    winner = find_winner(settings, trials, unsure, resamples=100)
    assert winner.corrected > winner.score
    assert winner.tibshirani >= winner.score


def test_without_predictions_the_folds_have_to_do(make_settings, make_trial):
    trials = [make_trial(0, height=0.7), make_trial(1, height=0.9)]
    winner = find_winner(make_settings(), trials, none)
    assert winner.low is None
    assert winner.corrected == winner.tibshirani <= winner.score
    text = winner.describe(make_settings())
    assert "from the scores of folds" in text
    assert set(winner_metrics(winner)) == {"best_score", "best_score_corrected"}


def test_predictions_of_other_rows_are_not_mixed(
    make_settings, make_trial, predictions
):
    trials = [make_trial(n, height=0.9 - n / 100) for n in range(3)]
    by_folds = find_winner(make_settings(), trials, none)

    def mixed(trial):
        found = predictions(trial)
        return replace(found, rows=found.rows[::-1]) if trial.number == 2 else found

    assert find_winner(make_settings(), trials, mixed, resamples=50) == by_folds


def test_a_single_fold_without_predictions_is_not_corrected(make_settings, make_trial):
    winner = find_winner(make_settings(cv="holdout:0.2"), [make_trial(n_folds=1)], none)
    assert winner.corrected is None
    assert "not corrected" in winner.describe(make_settings())


def test_a_single_fold_with_predictions_is(make_settings, make_trial, predictions):
    settings = make_settings(cv="holdout:0.2")
    trials = [make_trial(0, n_folds=1), make_trial(1, n_folds=1, height=0.8)]
    winner = find_winner(settings, trials, predictions, resamples=50)
    assert winner.low < winner.corrected < winner.high
    assert winner.tibshirani is None


def test_no_complete_trial_has_no_winner(make_settings, make_trial, predictions):
    trials = [make_trial(0, state="stopped"), make_trial(1, state="failed")]
    assert find_winner(make_settings(), trials, predictions) is None


def test_it_is_said_in_plain_words(make_settings):
    winner = Winner(
        trial=3,
        n_trials=20,
        score=0.9436,
        corrected=0.9391,
        low=0.925,
        high=0.9531,
        epoch_part=0.001,
        tibshirani=0.931,
        resamples=1000,
    )
    first, second, third = winner.describe(make_settings()).splitlines()
    assert first == "winner: trial 3, accuracy 0.9436, the best of 20 complete trials"
    assert "choice of trial and epoch: 0.9391, 95 % interval 0.9250 to 0.9531" in second
    assert "0.9310" in third
    last = winner.describe(make_settings(epoch="last"))
    assert "for the choice of trial: 0.9391" in last


def test_it_reads_back_what_is_stored_and_nothing_else(make_settings, make_trial):
    winner = find_winner(make_settings(), [make_trial()], none)
    assert winner_from_json(vars(winner)) == winner
    earlier = {name: value for name, value in vars(winner).items() if name != "grouped"}
    assert winner_from_json(earlier) == winner
    with pytest.raises(TrackingError, match="must hold a winner's fields"):
        winner_from_json({"trial": 1})
