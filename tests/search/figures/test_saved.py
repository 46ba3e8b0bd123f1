import pytest

from search.figures.figure import NothingToShowError
from search.figures.saved import caption, compute


def test_bars_add_up_to_what_the_line_says(make_study, make_trial, make_fold):
    half = make_fold(0, epochs=2, best_epoch=2)
    trials = [
        make_trial(0),
        make_trial(1, state="stopped", folds=(half,)),
        make_trial(2, state="failed", n_folds=1),
        make_trial(3, state="stopped", n_folds=2),
        make_trial(4, state="running", n_folds=1),
        make_trial(5, rung=True, epochs=2),
    ]
    saved = compute(make_study(trials=trials, pruner="asha"))
    complete, without, spared = saved.parts.values()
    assert saved.trials == [0, 1, 2, 3]
    assert complete == [3, 0, 0, 0]
    assert without == pytest.approx([0, 0.5, 1, 2])
    assert spared == pytest.approx([0, 2.5, 0, 1])
    assert "saved 4 of 12 folds" in saved.line  # 3.5, rounded
    assert caption(saved).startswith("Pruning (asha) stopped 2 of 4 trials")


def test_nothing_saved_is_not_drawn(make_study):
    with pytest.raises(NothingToShowError, match=r"saved nothing \(pruner: none\)"):
        compute(make_study(3, pruner="none"))
