"""`tunefold ensemble` over a made-up study, in every format."""

import csv
import io
import json

import numpy as np
import pytest
from click.testing import CliRunner
from stored_predictions import out_of_fold, record_study

from search.cli import main

N_TRIALS = 6


@pytest.fixture
def make_run(store, make_settings, make_trial, tmp_path):
    """Return a function that records a study and returns the command over it.

    The study has six trials whose errors are independent.
    """

    def make(n, cv):
        rng = np.random.default_rng(0)
        y = rng.normal(size=200)
        settings = make_settings(cv=cv, metrics=("mse", "mae"))
        trials = [
            make_trial(i, n_folds=n, height=0.9 - i / 100) for i in range(N_TRIALS)
        ]
        for trial in trials:
            for fold in trial.folds:  # the columns of the leaderboard
                fold.curves["val_mae"] = fold.curves["val_loss"]
        by_trial = y + rng.normal(size=(N_TRIALS, 200))
        predictions = [out_of_fold(cv, y, by_row) for by_row in by_trial]
        record_study(store, settings, trials, predictions, folder=tmp_path)
        uri = ["--tracking-uri", store.uri]
        return lambda *words: CliRunner().invoke(
            main, ["ensemble", *map(str, words), *uri], catch_exceptions=False
        )

    return make


@pytest.fixture
def run(make_run):
    """Return the command, over a study of ten folds."""
    return make_run(10, "repeated:2:5")


def test_members_scores_and_a_plain_sentence(run):
    done = run("a", "--size", 3)
    assert done.exit_code == 0
    lines = done.stdout.splitlines()
    assert "of the 6 best trials, mse (lower is better), repeated:2:5" in done.stdout
    names = [line.strip().split("  ")[0] for line in lines]
    for name in ("ensemble", "single best", "plain mean of the 3 best"):
        assert name in names
    members = [name for name in names if name.startswith("trial ")]
    assert 2 <= len(members) <= 3
    assert "the ensemble lowers mse by" in lines[-2]
    assert lines[-1].startswith("the ensemble beats the single best")
    assert "chosen by these very scores, which flatters it" in done.stderr


def test_json_holds_everything(run):
    done = run("--json", "--size", 3)  # the latest study
    plain = json.loads(done.stdout)
    assert done.stderr == ""
    assert (plain["study"], plain["metric"], plain["size"]) == ("a", "mse", 3)
    assert (plain["n_trials"], plain["n_complete"]) == (N_TRIALS, N_TRIALS)
    assert sum(member["weight"] for member in plain["members"]) == pytest.approx(1)
    assert plain["members"][0]["params"]["width_1"] == 64
    for part in ("cross_fitted", "chosen_on_all_folds"):
        for scores in plain[part].values():
            assert len(scores["folds"]) == 10
            assert scores["score"] == pytest.approx(np.mean(scores["folds"]))
    fitted = plain["cross_fitted"]
    gain = fitted["ensemble"]["score"] - fitted["single"]["score"]
    assert plain["difference"]["mean"] == pytest.approx(gain)
    assert gain < 0
    assert plain["beats_single"] is True
    assert json.loads(run("--format", "json", "--size", 3).stdout) == plain


def test_below_ten_folds_no_format_shows_a_p_value(make_run):
    run = make_run(9, "kfold:9")
    found = json.loads(run("--json").stdout)["difference"]
    assert found["n"] == 9
    p_values = [value for key, value in found.items() if key[:2] in ("p_", "wi")]
    assert p_values == [None] * 4
    for form in ("table", "csv", "markdown", "latex"):
        shown = run("--format", form).stdout
        assert "p =" not in shown
        assert "p <" not in shown
        assert "Wilcoxon" not in shown


def test_ten_folds_have_p_values(run):
    found = json.loads(run("--json").stdout)["difference"]
    assert 0 < found["p_value"] == found["p_holm"] < 1  # one comparison
    assert 0 < found["wilcoxon"] == found["wilcoxon_holm"] < 1


def test_tables_for_other_programs(run):
    rows = list(csv.reader(io.StringIO(run("a", "--format", "csv").stdout)))
    assert rows[0][0] == "name"
    assert [row[0] for row in rows[1:4]] == [
        "ensemble",
        "single best",
        "plain mean of the 5 best",
    ]
    weights = [float(row[1]) for row in rows[4:]]
    assert sum(weights) == pytest.approx(1, abs=0.03)  # two digits each
    markdown = run("a", "--format", "markdown").stdout.splitlines()
    assert {line.count("|") for line in markdown} == {len(rows[0]) + 1}
    assert run("a", "--format", "latex").stdout.count(r" \\") == len(rows)


def test_a_refusal_is_one_line(run):
    done = run("a", "--size", 1)
    assert (done.exit_code, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith("Error: --size: must be at least 2, got 1")
    assert "did you mean 'a'" in run("aa").stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--ensemble", "1"], "must be at least 2, got 1"),
        (["--ensemble", "3", "--seeds", "2"], "each member once, got --seeds 2"),
        (["--ensemble", "3", "--select", "one-se"], "itself, got --select one-se"),
    ],
)
def test_a_rerun_of_an_ensemble_refuses_what_does_not_go_with_it(words, said):
    done = CliRunner().invoke(main, ["rerun", *words])
    assert (done.exit_code, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith("Error: --ensemble: ")
    assert said in line
