import folds_report
import machine
import pytest
import work
from folds import PLANS
from work import Lines

PARAMS = {"n_layers": 1, "width_1": 1024}


def side(seconds, workers, epoch, *, score=0.8, n_trials=4, n_epochs=10):
    trial = {
        "params": PARAMS,
        "val_accuracy": [[score] * n_epochs] * 5,
        "epoch_seconds": [[epoch * 2] + [epoch] * (n_epochs - 1)] * 5,
    }
    return {"seconds": seconds, "workers": workers, "trials": [trial] * n_trials}


@pytest.fixture
def size(tmp_path, monkeypatch):
    monkeypatch.setattr(work, "WORK", tmp_path / "runs")
    monkeypatch.setattr(work, "LINES", tmp_path / "lines")
    return "full"


def test_rate_is_folds_by_the_commands_time(size):
    lines = Lines(size, "folds", PLANS[size]["folds"])
    lines.add("tunefold-0", **side(120, 2, 1.0))
    assert folds_report.report(size) == ""  # the round is not finished
    lines.add("peer-0", **side(600, 1, 2.0, score=0.801))
    text = folds_report.report(size)
    # 4 trials of 5 folds in 2 and in 10 minutes
    assert "| 1 | 10.00 folds/min | 2.00 folds/min | 5.00 |" in text
    # two workers side by side, each epoch half as long
    assert "Epochs alone: a ratio of 4.00" in text


def test_limit_is_work_by_peak(size):
    lines = Lines(size, "wide", PLANS[size]["wide"])
    Lines(size, "machine", machine.Nothing()).add("machine", gflops=100.0)
    lines.add("tunefold-0", **side(120, 2, 4.0, n_trials=1, n_epochs=4))
    lines.add("peer-0", **side(240, 1, 5.0, n_trials=1, n_epochs=4))
    text = folds_report.report(size)
    # 48,000 rows x (4 x 784 x 1024 + 6 x 1024 x 10) = 157 GFLOP
    assert "no less than 1.57 s" in text
    assert "needs 2.00 s" in text  # 4 s on each of two workers
    assert "ratio of 2.50, and no more than 3.18" in text
