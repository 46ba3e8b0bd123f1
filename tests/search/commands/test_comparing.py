"""`tunefold compare` over a store with two studies, in every format."""

import csv
import io
import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from search.cli import main
from search.commands.formats import FORMATS
from search.recorder import Recorder

NONE = Path("no-predictions.npz")


@pytest.fixture
def run(store, make_settings, make_trial, make_fold):
    """Return the command, over two studies of ten folds; `b` is better by a tenth."""
    noise = 0.01 * np.random.default_rng(0).standard_normal(10)
    for name, height in (("a", 0.7 + 0 * noise), ("b", 0.8 + noise)):
        folds = tuple(make_fold(n, height=height[n]) for n in range(10))
        trials = [make_trial(0, folds=folds), make_trial(1, height=0.5, n_folds=10)]
        trials[1].params["width_1"] = 8
        settings = make_settings(name=name, cv="repeated:2:5", target_digest="t")
        recorder = Recorder(store, settings, began=1.0)
        recorder.begin({"keras": "3.15.0"})
        for trial in trials:
            recorder.trial(trial, NONE)
    uri = ["--tracking-uri", store.uri]  # MLflow remembers what a relative one was
    return lambda *words: CliRunner().invoke(main, ["compare", *words, *uri])


def test_a_table_and_a_sentence_for_each_pair(run):
    done = run("a", "b")
    assert done.exit_code == 0
    heading = "accuracy (higher is better) on the same 10 folds, repeated:2:5"
    assert heading in done.stdout
    assert "3 of 4 (best)" in done.stdout  # which epoch each is read at
    (line,) = (line for line in done.stdout.splitlines() if "b - a" in line)
    assert line.split()[-1] == "better"
    assert "b raises accuracy by 0.10" in done.stdout
    assert "best of its 2 trials" in done.stderr
    assert "no effect" not in done.stderr


def test_several_names_are_compared_pair_by_pair(run):
    names = ["a:0", "a:1", "b:0", "b:1"]
    plain = json.loads(run(*names, "--format", "json").stdout)
    assert len(plain["comparisons"]) == 6
    assert {len(side["scores"]) for side in plain["compared"]} == {10}
    done = run(*names)
    assert "after Holm over 6 comparisons" in done.stdout
    assert "not decided: b:1 and a:1 have equal scores" in done.stdout
    assert "'not decided' is not 'no effect'" in done.stderr
    assert "each interval is for its difference alone" in done.stderr


def test_fewer_training_rows_widen_the_interval(
    run, store, make_settings, make_trial, make_fold
):
    noise = 0.01 * np.random.default_rng(1).standard_normal(10)
    settings = make_settings(
        name="c", cv="repeated:2:5", target_digest="t", fold_sizes=((80, 20),) * 10
    )
    recorder = Recorder(store, settings, began=1.0)
    recorder.begin({"keras": "3.15.0"})
    for number, rows in enumerate((80, 10)):
        folds = tuple(make_fold(n, height=0.8 + noise[n]) for n in range(10))
        trial = make_trial(number, folds=folds, params={"rows": rows})
        recorder.trial(trial, NONE)

    def width(name):
        (found,) = json.loads(run(name, "a:0", "--format", "json").stdout)[
            "comparisons"
        ]
        low, high = found["interval"]
        return high - low

    # 1/10 + 20/80 and 1/10 + 20/10 of the same variance
    assert width("c:1") / width("c:0") == pytest.approx((2.1 / 0.35) ** 0.5)


def test_json_holds_everything(run):
    plain = json.loads(run("a:0", "b:0", "--format", "json").stdout)
    assert (plain["metric"], plain["greater_is_better"]) == ("accuracy", True)
    assert [side["name"] for side in plain["compared"]] == ["a:0", "b:0"]
    assert plain["compared"][1]["trials"][0]["epoch"] == 3
    (found,) = plain["comparisons"]
    assert (found["reference"], found["name"], found["n"]) == ("a:0", "b:0", 10)
    low, high = found["interval"]
    # A tenth by construction; the noise of ten folds has a standard error of .003.
    assert low < found["mean"] < high
    assert found["mean"] == pytest.approx(0.1, abs=0.012)
    assert found["p_holm"] == found["p_value"] < 0.001
    assert found["verdict"] == "better"


def test_equal_configurations_of_whole_studies(run):
    done = run("a", "b", "--all-trials", "--format", "json")
    (found,) = json.loads(done.stdout)["comparisons"]
    assert found["mean"] == pytest.approx(0.05, abs=0.006)  # the other one is equal
    assert "2 of them" in run("a", "b", "--all-trials").stdout


def test_tables_for_other_programs(run):
    rows = list(csv.reader(io.StringIO(run("a", "b", "--format", "csv").stdout)))
    assert rows[0][0] == "compared"
    assert rows[1][0] == "b - a"
    assert rows[1][-1] == "better"
    assert len(rows) == 2
    lines = run("a", "b", "--format", "markdown").stdout.splitlines()
    assert {line.count("|") for line in lines} == {len(rows[0]) + 1}
    latex = run("a", "b", "--format", "latex").stdout
    assert r"95 \% interval" in latex
    assert latex.count(r" \\") == 2


def test_what_a_table_cannot_hold_is_escaped():
    rows = [['a,"b', "50 %"], ["x|y", "p < 0.1 & 5_0"]]
    columns = ["one", "two"]
    assert list(csv.reader(io.StringIO(FORMATS["csv"](columns, rows)))) == [
        columns,
        *rows,
    ]
    assert r"| x\|y |" in FORMATS["markdown"](columns, rows)
    assert r"p $<$ 0.1 \& 5\_0 \\" in FORMATS["latex"](columns, rows)


def test_a_refusal_is_one_line(run):
    done = run("a")
    assert done.exit_code == 2
    (line,) = done.stderr.splitlines()
    assert line.startswith("Error: compare: needs two names or more, got 1")
    assert done.stdout == ""
