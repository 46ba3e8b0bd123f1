"""Made-up trials of a homework."""

import pytest

from search.types import FoldResult, Trial, TrialState


@pytest.fixture
def curved_trial():
    """Return a function that makes a complete trial from its validation curves."""

    def make(number, *folds, train=None, tags=None, **fields):
        results = tuple(
            FoldResult(
                fold=i,
                curves={
                    "loss": list(train or [1.0 / (e + 1) for e in range(len(valid))]),
                    "val_loss": list(valid),
                    "accuracy": [0.9] * len(valid),
                    "val_accuracy": [0.8] * len(valid),
                },
                rows=None,
                predictions=None,
                n_parameters=10,
                seconds=2.0,
                epoch_seconds=[0.5, 0.1, 0.1],
                measure_seconds=0.1,
                peak_memory_mb=1.0,
                ended=0.0,
            )
            for i, valid in enumerate(folds)
        )
        mean = [sum(values) / len(folds) for values in zip(*folds, strict=True)]
        best = mean.index(min(mean))
        return Trial(
            number=number,
            **{
                "params": {"n_layers": 1, "width_1": 8},
                "state": TrialState.COMPLETE,
                "epochs": len(mean),
                "folds": results,
                "score": mean[best],
                "epoch": best + 1,
                "tags": tags or {},
            }
            | fields,
        )

    return make
