from dataclasses import replace

import pytest

from search.figures.learning_curves import caption, compute, plots


def test_a_line_is_the_mean_of_folds_and_a_band_their_range(make_study, make_trial):
    ((loss, accuracy),) = compute(make_study(trials=[make_trial(7)]))
    assert (loss.metric, accuracy.metric) == ("log loss", "accuracy")
    # by hand: in epoch 3 folds have .90, .91, .92 in training, .05 less in validation
    assert accuracy.train.mean[2] == pytest.approx(0.91)
    assert accuracy.valid.mean[2] == pytest.approx(0.86)
    assert accuracy.valid.low[2] == pytest.approx(0.85)
    assert accuracy.valid.high[2] == pytest.approx(0.87)
    assert loss.valid.mean[2] == pytest.approx(0.39)
    assert (loss.trial, loss.scored, loss.epochs) == (7, 3, [1, 2, 3, 4])
    assert loss.since is None


def test_the_best_trials_are_shown_the_best_first(make_study, make_trial):
    heights = (0.6, 0.9, 0.7, 0.8)
    trials = [make_trial(n, height=height) for n, height in enumerate(heights)]
    trials.append(make_trial(4, height=0.99, rung=True, epochs=1))
    rows = compute(make_study(trials=trials))
    assert [row[0].trial for row in rows] == [1, 3, 2]


def test_where_the_loss_is_searched_it_has_one_panel(make_study, make_trial):
    trial = make_trial(metric="log_loss")
    ((panel,),) = compute(make_study(trials=[trial], metrics=("log_loss", "accuracy")))
    assert panel.metric == "log loss"


def test_the_beginning_of_overfitting_is_marked(make_study, make_trial, make_fold):
    falling = {"loss": [0.4, 0.3, 0.2, 0.1]}
    folds = [make_fold(number) for number in range(3)]
    folds = tuple(replace(f, curves=f.curves | falling) for f in folds)
    rows = compute(make_study(trials=[make_trial(folds=folds)]))
    assert [panel.since for panel in rows[0]] == [3, 3]
    names = [trace.get("name") for trace in plots(rows)[0]["data"]]
    assert names[-2:] == ["scored epoch", "overfits from here on"]
    assert rows[0][0].title == "trial 0, overfits from epoch 3"


def test_a_single_fold_has_no_band(make_study, make_trial):
    rows = compute(make_study(trials=[make_trial(n_folds=1)], cv="holdout:0.2"))
    assert "there is no band" in caption(rows)
    assert len(plots(rows)[0]["data"]) == 3  # two lines, the epoch
    three = compute(make_study(trials=[make_trial()]))
    assert "means over 3 folds" in caption(three)
    assert len(plots(three)[0]["data"]) == 7  # and two bands of two edges
