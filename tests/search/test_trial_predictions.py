"""A trial's predictions are those of its folds, with all that judging them needs."""

from dataclasses import replace

import numpy as np
import pytest

from pipelines.digits import PIPELINE as DIGITS
from search.out_of_fold import load_out_of_fold
from search.prediction_files import PredictionFiles
from search.trial_predictions import trial_predictions


@pytest.fixture
def jobs(jobs_of):
    return jobs_of(DIGITS, n_rows=60)


@pytest.fixture
def kept(tmp_path, jobs, make_fold):
    """Files of all folds; what is predicted is the row's own number."""
    kept = PredictionFiles(tmp_path)
    kept.create()
    for fold in jobs.folds:
        predictions = np.stack([fold.valid, fold.valid + 0.5]).astype(np.float32)
        result = make_fold(fold.number, predictions=predictions, rows=fold.valid)
        kept.keep_fold(0, result)
    return kept


def test_folds_follow_one_another_at_the_epoch(kept, jobs):
    found = trial_predictions(kept, jobs, 0, folds=[0, 1, 2], epoch=2)
    assert set(found) == {"rows", "fold", "y", "predictions"}
    assert (found["predictions"] == found["rows"] + 0.5).all()
    assert (found["y"] == jobs.y[found["rows"]]).all()
    assert np.bincount(found["fold"]).tolist() == [20, 20, 20]


def test_groups_are_stored_with_the_rows(kept, jobs):
    groups = np.arange(len(jobs.y)) // 7
    grouped = replace(jobs, groups=groups)
    arrays = trial_predictions(kept, grouped, 0, folds=[0, 1, 2], epoch=1)
    found = load_out_of_fold(kept.keep_trial(0, arrays))
    assert found.group.tolist() == (found.rows // 7).tolist() == found.units.tolist()
    plain = trial_predictions(kept, jobs, 0, folds=[0, 1, 2], epoch=1)
    ungrouped = load_out_of_fold(kept.keep_trial(0, plain))
    assert ungrouped.group is None
    assert ungrouped.units.tolist() == ungrouped.rows.tolist()
