"""Files of predictions: whole or not there, and gone when nobody needs them."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from search.errors import FatalError
from search.prediction_files import PredictionFiles

KILLED = """
import os, sys
from pathlib import Path
import numpy as np
from search.prediction_files import PredictionFiles

class Deadly:
    def __array__(self, *_, **__):
        os.kill(os.getpid(), 9)

arrays = {"rows": np.arange(3), "deadly": Deadly()}
PredictionFiles(Path(sys.argv[1])).keep_trial(0, arrays)
"""


@pytest.fixture
def files(tmp_path):
    files = PredictionFiles(tmp_path / "study")
    files.create()
    return files


@pytest.fixture
def names(tmp_path):
    """Return a function that lists the folder."""
    folder = tmp_path / "study" / "predictions"
    return lambda: sorted(path.name for path in folder.iterdir())


@pytest.fixture
def of_fold(make_fold):
    """Return a function that makes a fold with predictions of two epochs."""

    def make(number):
        predictions = np.full((2, 3, 2), number, np.float32)
        rows = np.arange(3, dtype=np.int64)
        return make_fold(number, predictions=predictions, rows=rows)

    return make


def test_predictions_of_a_fold_are_read_as_they_were(files, of_fold):
    result = of_fold(1)
    stored = files.keep_fold(3, result)
    assert stored.predictions is None
    assert len(stored.rows) == 0  # the splitter has them
    np.testing.assert_array_equal(files.of_fold(3, 1), result.predictions, strict=True)


def test_predictions_of_the_common_epoch_stay_and_the_others_go(files, of_fold, names):
    for number in (0, 1, 10):
        for fold in range(2):
            files.keep_fold(number, of_fold(fold))
    arrays = {"rows": np.arange(6), "predictions": np.zeros((6, 2), np.float32)}
    path = files.keep_trial(0, arrays)
    files.drop_folds(0, range(2))
    assert path == files.of_trial(0)
    with np.load(path, allow_pickle=False) as kept:
        assert set(kept) == set(arrays)
        for name, array in arrays.items():
            np.testing.assert_array_equal(kept[name], array, strict=True)
    folds = [f"trial-{n:05}-fold-{fold}.npy" for n in (1, 10) for fold in range(2)]
    assert names() == ["trial-00000.npz", *folds]
    files.drop_folds(0, range(2))  # again, as after a crash
    files.drop_folds_but_of({10})
    assert names() == ["trial-00000.npz", *folds[2:]]


def test_what_cannot_be_written_is_one_clear_error(tmp_path, of_fold):
    (tmp_path / "study").mkdir()
    (tmp_path / "study" / "predictions").write_text("a file in place of the folder")
    files = PredictionFiles(tmp_path / "study")
    for keep in (
        lambda: files.keep_fold(0, of_fold(0)),
        lambda: files.keep_trial(0, {"rows": np.arange(3)}),
    ):
        with pytest.raises(FatalError, match=r"predictions.*cannot be written"):
            keep()


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")
def test_a_process_that_is_killed_while_it_writes_leaves_no_file(
    files, of_fold, names, tmp_path
):
    done = subprocess.run(
        [sys.executable, "-c", KILLED, tmp_path / "study"],
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
        check=False,
    )
    assert done.returncode == -signal.SIGKILL
    [half] = names()
    assert half.endswith(".part")
    assert not files.of_trial(0).exists()
    files.drop_folds_but_of(())
    assert names() == []
