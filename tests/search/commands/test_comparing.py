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
from search.compare import write_p
from search.paired import holm
from search.recorder import Recorder

NONE = Path("no-predictions.npz")


@pytest.fixture
def make_run(store, make_settings, make_trial, make_fold):
    """Return a function that records two studies and returns the command over them.

    Each has two trials; `b:0` is better than `a:0` by a tenth, `b:1` equals `a:1`.
    """

    def make(n, cv):
        noise = 0.01 * np.random.default_rng(0).standard_normal(n)
        for name, height in (("a", 0.7 + 0 * noise), ("b", 0.8 + noise)):
            folds = tuple(make_fold(i, height=height[i]) for i in range(n))
            trials = [make_trial(0, folds=folds), make_trial(1, height=0.5, n_folds=n)]
            trials[1].params["width_1"] = 8
            settings = make_settings(name=name, cv=cv, target_digest="t")
            recorder = Recorder(store, settings, began=1.0)
            recorder.begin({"keras": "3.15.0"})
            for trial in trials:
                recorder.trial(trial, NONE)
        uri = ["--tracking-uri", store.uri]  # MLflow remembers what a relative one was
        return lambda *words: CliRunner().invoke(
            main, ["compare", *map(str, words), *uri]
        )

    return make


@pytest.fixture
def run(make_run):
    """Return the command, over two studies of ten folds."""
    return make_run(10, "repeated:2:5")


def table(text, form):
    """Return the rows of a comparison in a format for other programs, by column."""
    if form == "csv":
        return list(csv.DictReader(io.StringIO(text)))
    sign = {"markdown": "|", "latex": "&"}[form]
    lines = [line.strip(sign).rstrip("\\ ") for line in text.splitlines()]
    cells = [[cell.strip() for cell in line.split(sign)] for line in lines]
    head, *rows = (row for row in cells if len(row) > 1 and row[0] != "---")
    return [dict(zip(head, row, strict=True)) for row in rows]


def test_a_table_and_a_sentence_for_each_pair(run):
    done = run("a", "b")
    assert done.exit_code == 0
    heading = "accuracy (higher is better) on the same 10 folds, repeated:2:5"
    assert heading in done.stdout
    assert "3 of 4 (best)" in done.stdout  # which epoch each is read at
    (line,) = (line for line in done.stdout.splitlines() if "b - a" in line)
    assert line.split()[-1] == "better"
    assert "b raises accuracy by 0.10" in done.stdout
    assert "best of its 2 complete trials" in done.stderr
    assert "no effect" not in done.stderr


def test_the_spread_is_that_of_the_leaderboard(run, store):
    best = CliRunner().invoke(main, ["best", "a", "--tracking-uri", store.uri])
    # folds lie a hundredth apart: their standard deviation is .0303
    for done in (best, run("a", "b")):
        assert "0.6950 ±0.0096" in done.stdout
        assert "± standard error over folds" in " ".join(done.stdout.split())


def test_one_split_has_no_spread(make_run):
    done = make_run(1, "holdout:0.2")("a", "b")
    words = " ".join(done.stdout.split())
    assert "on the same 1 fold, holdout:0.2; test rows not used" in words
    assert "±" not in done.stdout


TESTED = ("p (Holm)", "Wilcoxon (Holm)")
OTHERS = ("csv", "markdown", "latex")


def test_below_ten_scores_no_format_shows_a_p_value(make_run):
    run = make_run(9, "monte-carlo:9:0.2")
    names = ["a:0", "b:0", "b:1"]
    plain = json.loads(run(*names, "--format", "json").stdout)
    for found in plain["comparisons"]:
        assert found["n"] == 9
        p_values = [value for key, value in found.items() if key[:2] in ("p_", "wi")]
        assert p_values == [None] * 4
    for form in OTHERS:
        rows = table(run(*names, "--format", form).stdout, form)
        assert [row[name] for row in rows for name in TESTED] == [""] * 6
        assert rows[0]["verdict"] == "no test"
    shown = run(*names).stdout
    (line,) = (line for line in shown.splitlines() if line.startswith(" b:0 - a:0"))
    # difference, interval, d_z, smallest visible, verdict
    assert len(line.removeprefix(" b:0 - a:0").split()) == 1 + 3 + 1 + 1 + 2
    assert "p =" not in shown
    assert "p <" not in shown


def test_p_values_of_every_format_are_corrected_over_all_pairs(run):
    names = ["a:0", "a:1", "b:0", "b:1"]
    plain = json.loads(run(*names, "--format", "json").stdout)["comparisons"]
    for raw, corrected in (("p_value", "p_holm"), ("wilcoxon", "wilcoxon_holm")):
        assert [found[corrected] for found in plain] == holm([f[raw] for f in plain])
    written = [
        [write_p(found[key]) for key in ("p_holm", "wilcoxon_holm")] for found in plain
    ]
    assert written[0][1] == "0.012"  # 6 * 2 / 2**10: all signs alike
    for form in OTHERS:
        text = run(*names, "--format", form).stdout.replace("$<$", "<")
        assert [[row[n] for n in TESTED] for row in table(text, form)] == written
        assert "raw" not in text
    shown = run(*names)
    assert "Wilcoxon (Holm)" in shown.stdout
    assert "raw" not in shown.stdout
    assert "smallest visible ones are for all 6 together" in shown.stderr


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
    assert found["wilcoxon_holm"] == found["wilcoxon"] == 2 / 2**10
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


def test_studies_are_drawn_together(run, tmp_path):
    folder = tmp_path / "new" / "pictures"
    done = run("a", "b", "--figures", folder, "--format", "json")
    assert done.exit_code == 0
    files = [folder / "anytime.svg", folder / "anytime.png"]
    assert json.loads(done.stdout)["figures"] == list(map(str, files))
    text = files[0].read_text()
    assert "<!-- a: optuna (tpe) -->" in text
    assert "<!-- b: optuna (tpe) -->" in text
    assert "<!-- accuracy, higher is better -->" in text
    assert files[1].read_bytes().startswith(b"\x89PNG")
    again = run("a", "b", "--figures", folder, "--format", "csv")
    assert again.stdout == run("a", "b", "--format", "csv").stdout
    assert "anytime.svg, .png: each line is the best score" in again.stderr


def test_a_figure_that_cannot_be_drawn_is_refused_in_one_line(
    run, store, make_settings, make_trial, tmp_path
):
    other = make_settings(name="other", target_digest="t", split_digest="f" * 64)
    recorder = Recorder(store, other, began=1.0)
    recorder.begin({"keras": "3.15.0"})
    recorder.trial(make_trial(0), NONE)
    (tmp_path / "file").touch()
    for words, said in (
        (["a:0", "b", "--figures", tmp_path], "--figures: takes whole studies, got"),
        (["a", "other", "--figures", tmp_path], "was not measured on the folds of"),
        (["a", "b", "--figures", tmp_path / "file" / "x"], "cannot be written"),
    ):
        done = run(*words)
        assert (done.exit_code, done.stdout) == (2, "")
        (line,) = done.stderr.splitlines()
        assert said in line
    assert not list(tmp_path.glob("anytime*"))
