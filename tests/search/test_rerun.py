"""Reruns of the real command: what suits the task is drawn, and nothing else."""

import pytest
from real_command import Recorded, tunefold

pytestmark = pytest.mark.slow

QUICK = ["--trials", 1, "--workers", 1, "--cv", "holdout:0.3", "--engine", "random"]
ALWAYS = {"curves.png", "model_check.npz", "script.py", "test_predictions.npz"}


def pictures(folder, pipeline, *words):
    """Search and rerun; return the names of the rerun's artifacts."""
    tunefold("search", pipeline, "--name", "a", *QUICK, *words, cwd=folder)
    done = tunefold("rerun", "a", "--seeds", 1, cwd=folder)
    lines = done.stdout.splitlines()
    run_id = next(line.split()[1] for line in lines if line[:4] == "run ")
    client = Recorded(folder, "a").client
    return {file.path for file in client.list_artifacts(run_id) if not file.is_dir}


def test_a_regression_has_residuals_and_no_confusion_matrix(tmp_path):
    found = pictures(tmp_path, "boston_housing", "--epochs", 3)
    assert found == ALWAYS | {"residuals.png"}


def test_a_plane_has_its_boundaries(tmp_path):
    found = pictures(tmp_path, "moons", "--epochs", 6)
    of_classes = {"confusion_matrix.png", "classification_report.txt"}
    assert found == ALWAYS | of_classes | {"boundaries.png"}


def test_convolutions_are_searched_and_rerun_on_their_backend(tmp_path):
    words = ["--space", "conv", "--epochs", 2]
    for name, value in {
        "n_conv_blocks": 1,
        "conv_filters_1": 8,
        "convs_per_block": 1,
        "n_layers": 0,
    }.items():
        words += ["--set", f"{name}={value}"]
    found = pictures(tmp_path, "digits", *words)
    of_classes = {"confusion_matrix.png", "classification_report.txt"}
    assert found == ALWAYS | of_classes
    study = Recorded(tmp_path, "a").study
    assert study.data.tags["backend"] == "tensorflow"
