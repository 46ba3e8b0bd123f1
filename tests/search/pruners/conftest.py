import pytest

from search.metrics import METRICS
from search.types import FoldResult, Trial, TrialState

N_FOLDS = 4


@pytest.fixture
def trial():
    """Return a function that makes a trial from accuracies by fold, or their curves."""

    def make(number, *folds, numbers=None, size=10, epochs=1, **fields):
        curves = [f if isinstance(f, list) else [f] * epochs for f in folds]
        results = tuple(
            FoldResult(
                fold=fold,
                curves={
                    "val_accuracy": curve,
                    "val_loss": [1 - value for value in curve],
                    "loss": curve,
                },
                rows=None,
                predictions=None,
                n_parameters=size,
                seconds=1.0,
                epoch_seconds=[],
                measure_seconds=0.0,
                peak_memory_mb=1.0,
                ended=0.0,
            )
            for fold, curve in zip(
                range(len(folds)) if numbers is None else numbers, curves, strict=True
            )
        )
        complete = len(folds) == N_FOLDS
        score = sum(c[-1] for c in curves) / N_FOLDS if complete else None
        return Trial(
            number=number,
            **{
                "params": {},
                "state": TrialState.COMPLETE if complete else TrialState.RUNNING,
                "epochs": epochs,
                "folds": results,
                "score": score,
                "epoch": epochs if complete else None,
                "n_parameters": size if complete else None,
            }
            | fields,
        )

    return make


@pytest.fixture
def accuracy():
    return METRICS["accuracy"]
