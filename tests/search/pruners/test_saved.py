from search.pruners.saved import describe_saved
from search.types import TrialState


def test_folds_and_epochs_that_were_not_trained_are_counted(trial):
    whole = trial(0, 0.9, 0.9, 0.9, 0.9, epochs=2)
    raced = trial(1, 0.5, epochs=2, state=TrialState.STOPPED)
    floored = trial(2, [0.5], epochs=2, state=TrialState.STOPPED)
    failed = trial(3, epochs=2, state=TrialState.FAILED)
    copy = trial(4, 0.9, 0.9, 0.9, 0.9, epochs=2, copy_of=0)
    said = describe_saved("forgiving", [whole, raced, floored, failed, copy])
    # 3 of 4 folds, and 3.5 of 4
    assert said == (
        "pruning (forgiving) stopped 2 of 4 trials and saved 6 of 16 folds (41%)"
    )
    assert describe_saved("none", [whole, failed]) is None
    assert describe_saved("none", []) is None
