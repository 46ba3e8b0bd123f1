"""`tunefold report` over a store with a study."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from search.cli import main
from search.recorder import Recorder

NONE = Path("no-predictions.npz")


@pytest.fixture
def run(store, make_study, make_trial):
    """Return the command, over a study of twelve trials and an empty, later one."""
    for study, began in ((make_study(12), 1.0), (make_study(trials=[], name="b"), 2.0)):
        recorder = Recorder(store, study.settings, began=began)
        recorder.begin({"keras": "3.15.0"})
        for trial in study.trials:
            recorder.trial(trial, NONE)
    uri = ["--tracking-uri", store.uri]  # MLflow remembers what a relative one was
    return lambda *words: CliRunner().invoke(main, ["report", *words, *uri])


def test_the_page_lies_in_the_working_folder(run):
    done = run("a")
    assert done.exit_code == 0, done.output
    assert done.stdout == "a-report.html\n"
    assert "a: 12 trials, 6 figures" in done.stderr
    assert "no confusion-matrix: the predictions of the best trial" in done.stderr
    assert Path("a-report.html").read_text().endswith("</html>\n")
    assert not Path("figures").exists()


@pytest.mark.slow
def test_json_names_every_file(run):
    done = run("a", "--to", "x.html", "--figures", "pictures", "--json")
    plain = json.loads(done.stdout)
    assert (plain["study"], plain["page"], plain["trials"]) == ("a", "x.html", 12)
    files = [Path(file) for of_one in plain["figures"].values() for file in of_one]
    assert len(files) == 2 * len(plain["figures"]) == 12
    assert all(file.is_file() for file in files)
    assert {"saved", "engines", "residuals"} <= set(plain["missing"])


def test_a_study_without_a_trial_has_a_page_that_says_so(run):
    done = run()  # the latest
    assert done.exit_code == 0
    assert done.stdout == "b-report.html\n"
    assert "No trial is complete yet." in Path("b-report.html").read_text()


@pytest.mark.parametrize(
    ("words", "rule"),
    [
        (("c",), "unknown study 'c'"),
        (("a", "--to", "no/such/folder/x.html"), "--to: no/such/folder/x.html cannot"),
    ],
)
def test_a_refusal_is_one_line(run, words, rule):
    done = run(*words)
    assert done.exit_code == 2
    (line,) = done.stderr.splitlines()
    assert line.startswith("Error: ")
    assert rule in line
    assert done.stdout == ""
