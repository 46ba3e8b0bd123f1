import numpy as np
import pytest

from pipelines.boston_housing import PIPELINE as BOSTON
from pipelines.moons import PIPELINE as MOONS
from pipelines.part import Part
from search.final import FinalResult
from search.held_out import score_on_test
from search.pictures.rerun import draw_rerun
from search.plane import Plane

GRID = np.full((4, 4, 2), 0.5, np.float32)
PLANE = Plane(
    rows=np.zeros((2, 2), np.float32),
    y=np.array([0, 1]),
    axes=(np.arange(4, dtype="f4"), np.arange(4, dtype="f4")),
    by_epoch={0: GRID, 3: GRID, 4: GRID},
)


def result(predictions, curves):
    return FinalResult(
        seed=0,
        curves=curves,
        predictions=predictions,
        also={},
        seconds=1.0,
        n_parameters=1,
        model=None,
        examples=np.zeros((1, 2), np.float32),
    )


@pytest.fixture
def draw(tmp_path, make_trial):
    def draw(pipeline, y, predictions, metrics, plane=None):
        trial = make_trial()
        curves = {"loss": [1.0, 0.5, 0.4], "accuracy": [0.1, 0.5, 0.9]}
        unseen = np.ones(len(y), np.bool_)
        draw_rerun(
            tmp_path,
            pipeline=pipeline,
            trial=trial,
            test=Part(np.zeros((len(y), 2)), y, source="made up"),
            results=[result(predictions, curves)],
            scores={m: score_on_test(m, y, [predictions], unseen) for m in metrics},
            plane=plane,
        )
        return sorted(path.name for path in tmp_path.iterdir())

    return draw


def test_a_regression_has_residuals_and_no_confusion_matrix(draw):
    y = np.linspace(1, 50, 30)
    assert draw(BOSTON, y, (y + 1).astype("f4"), ["mse"]) == [
        "curves.png",
        "residuals.png",
    ]


def test_classes_have_a_confusion_matrix_and_a_report(draw, tmp_path):
    y = np.arange(30) % 2
    predictions = np.eye(2, dtype=np.float32)[y]
    files = ["classification_report.txt", "confusion_matrix.png", "curves.png"]
    assert draw(MOONS, y, predictions, ["accuracy"]) == files
    assert "upper moon" in (tmp_path / files[0]).read_text()


def test_a_plane_has_its_boundaries(draw):
    y = np.arange(30) % 2
    predictions = np.eye(2, dtype=np.float32)[y]
    assert "boundaries.png" in draw(MOONS, y, predictions, ["accuracy"], PLANE)
