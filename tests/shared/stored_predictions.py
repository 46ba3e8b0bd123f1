"""Made-up out-of-fold predictions, and studies in a store whose trials have them."""

import numpy as np

from search.out_of_fold import OutOfFold
from search.recorder import Recorder
from search.splitters import make_splitter


def entries_of(cv, y):
    """Rows and folds as a trial's predictions list them, fold after fold."""
    splitter = make_splitter(cv, seed=0, stratified=False)
    folds = [(fold.number, fold.valid) for fold in splitter.split(y)]
    rows = np.concatenate([valid for _, valid in folds])
    numbers = [np.full(len(valid), number) for number, valid in folds]
    return rows, np.concatenate(numbers)


def out_of_fold(cv, y, by_row):
    """Predictions that are the same wherever a row stands: one for each row of y."""
    rows, fold = entries_of(cv, y)
    return OutOfFold(
        rows=rows, fold=fold, y=y[rows], predictions=np.float32(by_row[rows])
    )


def arrays_of(predictions):
    """What a file of predictions holds: groups only where the study has them."""
    named = vars(predictions).items()
    return {name: array for name, array in named if array is not None}


def record_study(store, settings, trials, predictions, *, folder):
    """Record ended trials, each with its predictions, or with none for None."""
    recorder = Recorder(store, settings, began=1.0)
    recorder.begin({"keras": "3.15.0"})
    for trial, of_trial in zip(trials, predictions, strict=True):
        path = folder / f"{settings.name}-{trial.number}.npz"
        if of_trial is not None:
            np.savez_compressed(path, **arrays_of(of_trial))
        recorder.trial(trial, path)
    return recorder
