"""`tunefold best` over a small store: formats, the winner, the selected trial."""

import csv
import io
import json
from dataclasses import replace

import numpy as np
import pytest
from click.testing import CliRunner
from stored_predictions import record_study

from search.cli import main
from search.out_of_fold import OutOfFold
from search.recorder import Recorder
from search.results import load_study
from search.stored_winner import stored_winner

N = 100


@pytest.fixture
def run(store, make_settings, make_trial, tmp_path):
    """Return the command, over a study of two complete trials of five folds.

    The better one has more weights; the other is within its standard error.
    """
    settings = make_settings(cv="kfold:5", dummy={"accuracy": 0.5, "log_loss": 0.69})
    recorder = Recorder(store, settings, began=1.0)
    recorder.begin({"keras": "3.15.0"})
    y = np.arange(N) % 2
    for number, (height, n_parameters) in enumerate(((0.9, 5000), (0.897, 70))):
        trial = make_trial(number, n_folds=5, height=height)
        folds = tuple(replace(f, n_parameters=n_parameters) for f in trial.folds)
        shown = np.where(np.arange(N) % 10 == number, 1 - y, y)
        path = tmp_path / f"{number}.npz"
        np.savez_compressed(
            path,
            rows=np.arange(N),
            fold=np.arange(N) % 5,
            y=y,
            predictions=np.eye(2, dtype=np.float32)[shown],
        )
        recorder.trial(replace(trial, folds=folds), path)
    uri = ["--tracking-uri", store.uri]
    return lambda *words: CliRunner().invoke(main, ["best", *words, *uri])


def test_the_winner_of_a_running_study_is_corrected_as_well(run):
    done = run("a")
    assert done.exit_code == 0
    lines = done.stdout.splitlines()
    (winner,) = (line for line in lines if line.startswith("winner: "))
    assert winner == "winner: trial 0, accuracy 0.8700, the best of 2 complete trials"
    assert any("95 % interval" in line and "bootstraps" in line for line in lines)
    assert "0.8700 ±0.0071" in done.stdout


def test_json_has_the_winner_in_full(run):
    plain = json.loads(run("a", "--json").stdout)
    assert plain == json.loads(run("a", "--format", "json").stdout)
    winner = plain["winner"]
    assert (winner["trial"], winner["n_trials"], plain["selected"]) == (0, 2, 0)
    assert winner["low"] < winner["corrected"] < winner["high"]
    first = plain["trials"][0]
    assert first["interval"][0] < first["score"] < first["interval"][1]
    assert first["standard_error"] == pytest.approx(0.0158 / 5**0.5, abs=1e-4)


def test_a_winner_of_groups_whose_rows_were_drawn_is_found_anew(
    store, make_settings, make_trial, tmp_path
):
    settings = make_settings(cv="group:3", groups="pipeline")
    y, group = np.arange(N) % 2, np.arange(N) // 10
    guesses = np.random.default_rng(0).random((2, 10))[:, group] < 0.5
    recorded = [
        OutOfFold(
            rows=np.arange(N),
            fold=group % 3,
            y=y,
            predictions=np.eye(2, dtype=np.float32)[np.where(right, y, 1 - y)],
            group=group,
        )
        for right in guesses
    ]
    trials = [make_trial(number) for number in range(2)]
    recorder = record_study(store, settings, trials, recorded, folder=tmp_path)
    study = load_study(store, "a")
    found = stored_winner(store, study)
    assert found.grouped
    earlier = replace(found, grouped=False, low=found.low + 0.1, high=found.high - 0.1)
    recorder.winner(earlier, ended=2.0)
    assert stored_winner(store, study) == found


def test_the_smallest_within_a_standard_error(run):
    done = run("a", "--select", "one-se")
    assert "--select one-se: trial 1, 70 weights, the smallest within" in done.stderr
    plain = json.loads(run("a", "-n", "1", "--select", "one-se", "--json").stdout)
    assert plain["selected"] == 1
    # although one was asked for: what is taken is shown
    assert [trial["number"] for trial in plain["trials"]] == [0, 1]


def test_tables_for_other_programs(run):
    done = run("a", "--format", "csv")
    head, first, second, dummy = csv.reader(io.StringIO(done.stdout))
    assert head[:3] == ["trial", "accuracy", "95 % interval"]
    assert (first[0], second[0], dummy[0]) == ("0", "1", "dummy")
    assert {len(line) for line in (head, first, second, dummy)} == {len(head)}
    assert "winner: trial 0" in done.stderr
    assert run("a", "--format", "markdown").stdout.startswith("| trial | accuracy |")
    latex = run("a", "--format", "latex").stdout
    assert r"95 \% interval" in latex
    assert r"0.8700 $\pm$0.0071" in latex
