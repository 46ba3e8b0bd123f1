"""The `tunefold` command in process: help, listings, and every wrong call."""

import json
import math
import shutil
import socket
import sqlite3
from contextlib import closing
from pathlib import Path

import click
import numpy as np
import pytest
from click.testing import CliRunner

from pipelines.digits import PIPELINE as DIGITS
from pipelines.part import digest
from pipelines.registry import MODULES
from search.cli import main
from search.commands.output import print_json
from search.engines.registry import SAMPLERS
from search.metrics import METRICS
from search.splitters import FORMS
from search.store import Store
from spaces.dense import DENSE
from spaces.narrow import narrow
from spaces.space import SearchSpace
from spaces.techniques import TECHNIQUES


def commands_below(group, path=("tunefold",)):
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands_below(command, (*path, name))
        else:
            yield (*path, name), command


COMMANDS = dict(commands_below(main))


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """An empty working folder, and nothing of ours in the environment."""
    for name in ("MLFLOW_TRACKING_URI", "TUNEFOLD_DATA"):
        monkeypatch.delenv(name, raising=False)
    working = tmp_path / "work"
    working.mkdir()
    monkeypatch.chdir(working)
    return working


def run(*words):
    return CliRunner().invoke(main, [str(word) for word in words], prog_name="tunefold")


def printed(*words):
    """Return what a call that works prints."""
    done = run(*words)
    assert (done.exit_code, done.stderr) == (0, "")
    return done.stdout


def refused(*words, status):
    """Return the one line of a call that fails and must leave everything as it is."""
    before = sorted(Path.cwd().rglob("*"))
    done = run(*words)
    assert isinstance(done.exception, SystemExit), "this would be a traceback"
    assert (done.exit_code, done.stdout) == (status, "")
    assert sorted(Path.cwd().rglob("*")) == before
    (line,) = done.stderr.splitlines()
    assert line.startswith("Error: ")
    return line.removeprefix("Error: ")


# Help


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_help_is_a_sentence_and_calls_that_would_be_accepted(
    path, tmp_path, monkeypatch
):
    text = printed(*path[1:], "--help")
    assert text == printed(*path[1:], "-h")
    sentence = COMMANDS[path].get_short_help_str(limit=1000)
    assert sentence[0].isupper()
    assert sentence.endswith(".")
    assert sentence in " ".join(text.split())
    lines = [line.strip() for line in text.splitlines()]
    examples = [line for line in lines if f"{' '.join(path)} " in f"{line} "]
    examples = [line for line in examples if not line.startswith("Usage:")]
    assert len(examples) >= 2
    monkeypatch.chdir(tmp_path)
    (tmp_path / "students.txt").touch()  # `click.File` opens what it parses
    for example in examples:
        words = example.partition(" ".join(path))[2].split()
        parent = click.Context(main, **main.context_settings)
        COMMANDS[path].make_context(path[-1], words, parent=parent)  # does not run


def test_the_first_help_leads_to_every_step():
    text = printed("--help")
    for step in ("search digits", "best", "rerun", "ui", "homework fashion_mnist"):
        assert f"tunefold {step} " in text
    assert all(f"\n  {path[1]} " in text for path in COMMANDS)


def test_the_version_is_the_packages():
    from importlib.metadata import version

    assert version("tunefold") in printed("--version")


# Listings


def test_list_names_all_there_is():
    text = printed("list")
    known = [MODULES, TECHNIQUES, SAMPLERS, *SAMPLERS.values(), FORMS, METRICS]
    for name in (name for names in known for name in names):
        assert name in text, name
    assert ".[gp]" in text  # the line that installs what sampler gp needs


def test_list_as_json():
    listed = json.loads(printed("list", "--json"))
    assert list(listed["pipelines"]) == list(MODULES)
    assert listed["pipelines"]["digits"] == {
        "summary": DIGITS.summary,
        "spaces": list(DIGITS.spaces),
    }
    assert listed["engines"] == {name: list(kinds) for name, kinds in SAMPLERS.items()}
    assert listed["splitters"] == FORMS
    assert listed["metrics"] == {name: m.task for name, m in METRICS.items()}


def test_json_has_null_where_a_value_is_not_finite(capsys):
    # the spread over one fold or one seed
    print_json({"a": (math.nan, [{"b": math.inf}]), "c": 0.1, "d": True, "e": None})
    shown = json.loads(capsys.readouterr().out, parse_constant=pytest.fail)
    assert shown == {"a": [None, [{"b": None}]], "c": 0.1, "d": True, "e": None}


def test_a_space_is_a_table_of_its_parameters():
    lines = printed("space", "digits").splitlines()
    assert [line.split()[0] for line in lines] == list(DENSE.params)
    of = dict(line.split(maxsplit=1) for line in lines)
    assert of["dropout"] == "0..0.6; first 0.2"
    assert of["l2_strength"] == "1e-06..0.01 (log); first 0.0001  when l2 is on"


def test_a_narrowed_space_has_no_parameter_that_cannot_come():
    changes = ["--set", "n_layers=1..2", "--set", "l2=off"]
    lines = printed("space", "digits", *changes).splitlines()
    names = [line.split()[0] for line in lines]
    assert "width_2" in names
    assert not {"width_3", "l2_strength"} & set(names)
    assert "l2                off" in map(str.rstrip, lines)  # nothing to begin with


def test_a_space_as_json_can_be_read_back():
    shown = json.loads(printed("space", "digits", "--json", "--set", "dropout=0..0.5"))
    space = narrow(DENSE, ["dropout=0..0.5"])
    assert shown["name"] == "dense"
    assert shown["fingerprint"] == space.fingerprint() != DENSE.fingerprint()
    assert SearchSpace.from_dict(shown["params"]) == space


def test_fetched_data_are_the_data(monkeypatch, tmp_path):
    lines = printed("data", "fetch", "digits", "--to", "stick").splitlines()
    assert [Path(line.split()[0]).name for line in lines] == ["train.npz", "test.npz"]
    assert "1,437 rows" in lines[0]
    assert "360 rows" in lines[1]
    assert all(line.endswith("from scikit-learn") for line in lines)
    original = [digest(DIGITS.load(part)) for part in ("train", "test")]
    monkeypatch.setenv("TUNEFOLD_DATA", str(Path("stick").resolve()))
    copies = [DIGITS.load(part) for part in ("train", "test")]
    assert [digest(copy) for copy in copies] == original
    assert all(copy.source == "TUNEFOLD_DATA (scikit-learn)" for copy in copies)


# Wrong calls: status 2, one line, nothing written

WRONG = {
    "search digts": "unknown pipeline 'digts'; did you mean 'digits'?",
    "search digits --engine optun": "unknown engine 'optun'; did you mean 'optuna'?",
    "search digits --sampler tpee": "'tpee'; did you mean 'tpe'?",
    "search digits --engine random --sampler tpe": "unknown random sampler 'tpe'",
    "search digits --space dens": "unknown space 'dens'; did you mean 'dense'?",
    "search digits --set dropuot=0": "'dropuot'; did you mean 'dropout'?",
    "search digits --set nosuch=1": "--set: unknown parameter 'nosuch'",
    "search digits --set dropout=2..3": "--set dropout: the range must lie in 0..0.6, "
    "got 2..3",
    "search digits --set dropout=1.0": "--set dropout: must lie in 0..0.6, got 1",
    "search digits --set dropout": "--set: the form is NAME=VALUES, got 'dropout'",
    "search digits --set n_layers=two": "--set n_layers: must be 1..6, got 'two'",
    "search digits --set n_layers=1 --set width_2=16": "only exists when 'n_layers'",
    "search digits --cv kfold:1": "--cv kfold:1: ",
    "search digits --cv kfold:99999": "--cv kfold:99999: needs at least 99999 rows, "
    "got 1437",
    "search digits --cv kfold:200": "--cv kfold:200: each class needs at least 200 "
    "rows, class ",
    "search digits --rows 20": "--cv kfold:5: each class needs at least 5 rows, class ",
    "search digits --cv monte-carlo:3:1.5": "--cv monte-carlo:3:1.5: ",
    "search digits --cv kfold": "--cv: the form is kfold:K",
    "search digits --cv kfol:3": "unknown splitter 'kfol'; did you mean 'kfold'?",
    "search digits --trials 0": "--trials: must be at least 1, got 0",
    "search digits --minutes -1": "--minutes: must be above 0, got -1",
    "search digits --minutes nan": "--minutes: must be above 0, got nan",
    "search digits --epochs 0": "--epochs: must be at least 1, got 0",
    "search digits --rows 0": "--rows: must lie between 1 and the 1437 training rows",
    "search digits --rows 1438": "--rows: must lie between 1 and the 1437 training "
    "rows, got 1438",
    "search digits --workers 0": "--workers: must be at least 1, got 0",
    "search digits --in-process --workers 2": "--in-process: trains in one process",
    "search digits --metric acuracy": "'acuracy'; did you mean 'accuracy'?",
    "search digits --metric rmse": "--metric: rmse does not score a classification",
    "search digits --objectives score,size": "--objectives: unknown objective 'size'",
    "search digits --engine keras-tuner --objectives score,gap": "--objectives: "
    "keras-tuner bayesian searches the score alone",
    "search digits --engine keras-tuner --sampler grid": "grid: 'dropout': a "
    "continuous range cannot be enumerated, got 0..0.6",
    "search digits --cv time-series:4 --groups duplicates": "--cv time-series:4: ",
    "search digits --groups pipeline": "--groups pipeline: ",
    "search digits --cv group:4": "--cv group:4: ",
    "search digits --max-parameters -1": "--max-parameters: must be at least 1, or 0",
    "search digits --max-seconds 0": "--max-seconds: must be above 0, got 0",
    "search digits --max-memory -5": "--max-memory: must be above 0, got -5",
    "search digits --in-process --max-memory 900": "--max-memory: ends a worker "
    "process, and --in-process has none",
    "search digits --engine autokeras --space nass": "did you mean 'nas'?",
    "search digits --tag homework": "--tag: the form is KEY=VALUE, got 'homework'",
    "search digits --name a/b": "--name: letters, digits, ",
    "search digits --name ..": "--name: letters, digits, ",
    "space digts": "unknown pipeline 'digts'; did you mean 'digits'?",
    "space digits --space dens": "unknown space 'dens'; did you mean 'dense'?",
    "data fetch digts --to x": "'digts'; did you mean 'digits'?",
    "best -n 0": "-n: must be at least 1, got 0",
    "resume ../../elsewhere": "letters, digits",
    "resume nosuch": "holds no study to resume; run a search",
    "resume": "holds no study to resume; run a search",
    "resume x --engine optun": "holds no study to resume; run a search",
    "resume x --trials 0": "--trials: must be at least 1, got 0",
}


@pytest.mark.parametrize("call", WRONG)
def test_a_wrong_call_is_one_clear_line(call):
    assert WRONG[call] in refused(*call.split(), status=2)


@pytest.mark.parametrize(
    "call",
    [
        "search",
        "search digits --trails 3",
        "search digits --trials many",
        "search digits --epoch middle",
        "search digits --backend theano",
        "data fetch digits",
        "nosuch",
    ],
)
def test_what_click_refuses_ends_with_one_clear_line(call, folder):
    done = run(*call.split())
    assert (done.exit_code, done.stdout) == (2, "")
    usage, *_, line = done.stderr.splitlines()
    assert usage.startswith("Usage: tunefold")
    assert line.startswith("Error: ")
    assert not list(folder.iterdir())


def test_an_unknown_backend_in_the_environment(monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", "theano")
    line = refused("search", "digits", status=2)
    assert line.startswith("KERAS_BACKEND: must be jax or tensorflow, got 'theano'")


def test_a_name_that_exists(folder):
    journal = folder / "tunefold-studies" / "a" / "journal.jsonl"
    journal.parent.mkdir(parents=True)
    journal.write_text("kept\n")
    line = refused("search", "digits", "--name", "a", status=2)
    assert line.startswith("study 'a': exists already in tunefold-studies; ")
    assert "tunefold resume a" in line
    assert journal.read_text() == "kept\n"
    assert "did you mean 'a'" not in refused("resume", "nosuch", status=2)
    journal.parent.rename(journal.parent.with_name("digits-1"))
    assert "did you mean 'digits-1'?" in refused("resume", "digits1", status=2)


# Failures: status 1


@pytest.mark.parametrize("command", ["best", "rerun", "ui"])
@pytest.mark.parametrize("study", [[], ["a"]])
def test_there_is_no_store(command, study):
    line = refused(command, *study, status=1)
    assert line.startswith("sqlite:///mlflow.db: there is no tracking store in /")
    assert "run a search first" in line


def test_a_tracking_uri_that_is_none(monkeypatch):
    uri = "nonsense://nowhere"
    assert refused("best", "--tracking-uri", uri, status=1).startswith(f"{uri}: ")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    assert refused("best", status=1).startswith(f"{uri}: ")


def test_a_server_that_is_not_there():
    with socket.create_server(("127.0.0.1", 0)) as free:
        uri = f"http://127.0.0.1:{free.getsockname()[1]}"
    line = refused("best", "--tracking-uri", uri, status=1)
    assert line.startswith(f"{uri}: the tracking store cannot be used (it does not ")
    assert "MLFLOW_TRACKING_URI" in line


@pytest.mark.parametrize("place", ["taken/mlflow.db", "taken/deeper/mlflow.db"])
def test_a_store_that_cannot_be_written(place, folder):
    # Below a file: refused for root and on every system, unlike a mode.
    from search.errors import TrackingError
    from search.store import Store

    (folder / "taken").write_text("")
    with pytest.raises(TrackingError, match=r"cannot be written .*--tracking-uri"):
        Store(f"sqlite:///{folder / place}", create=True)
    assert sorted(folder.rglob("*")) == [folder / "taken"]


@pytest.fixture
def stick(folder, tmp_path, monkeypatch):
    """Fetched digits outside of the working folder."""
    printed("data", "fetch", "digits", "--to", str(tmp_path / "stick"))
    monkeypatch.setenv("TUNEFOLD_DATA", str(tmp_path / "stick"))
    return tmp_path / "stick" / "digits"


def test_a_data_file_that_is_cut_short(stick):
    file = stick / "train.npz"
    file.write_bytes(file.read_bytes()[:-1000])
    line = refused("search", "digits", "--trials", 1, status=1)
    assert line.startswith(f"{file}: must be a complete npz file with X and y")
    assert "tunefold data fetch digits" in line


def test_data_that_were_altered(stick):
    with np.load(stick / "train.npz") as file:
        X, y = file["X"].copy(), file["y"]
    X[0, 0, 0] += 1
    np.savez(stick / "train.npz", X=X, y=y)
    line = refused("search", "digits", "--trials", 1, status=1)
    assert line.startswith(f"{stick / 'train.npz'}: must have the digest ")


def test_a_data_folder_that_is_none(monkeypatch):
    monkeypatch.setenv("TUNEFOLD_DATA", "/no/such/folder")
    line = refused("search", "digits", "--trials", 1, status=1)
    assert line.startswith("TUNEFOLD_DATA: must name a folder, got '/no/such/folder'")


def test_data_cannot_be_fetched_into_a_file(folder):
    (folder / "taken").write_text("")
    line = refused("data", "fetch", "digits", "--to", "taken", status=1)
    assert line.startswith("data fetch: must be able to write taken/digits/train.npz")


def test_a_reader_that_has_seen_enough_is_no_failure(monkeypatch):
    # A pipe closed by `head`; the interpreter must not complain at its end either.
    def closed(*_args, **_options):
        raise BrokenPipeError

    monkeypatch.setattr("search.commands.listing.click.echo", closed)
    done = run("list")
    assert done.exit_code == 1
    assert done.stderr == ""


def test_a_store_that_fails_in_the_middle_is_one_line(empty_database, folder):
    shutil.copyfile(empty_database, folder / "mlflow.db")
    # Absolute: MLflow keeps its connection to a relative name when the folder changes.
    uri = f"sqlite:///{folder / 'mlflow.db'}"
    Store(uri).experiment_id("digits")
    with closing(sqlite3.connect(folder / "mlflow.db")) as database:
        # It still lists experiments, which is what opening a store checks.
        database.execute("ALTER TABLE runs RENAME COLUMN lifecycle_stage TO gone")
        database.commit()
    line = refused("best", "--tracking-uri", uri, status=1)
    assert line.startswith("the tracking store failed: ")
    assert "no such column: runs.lifecycle_stage" in line


def test_what_a_first_search_does_not_need_stands_apart():
    text, _, advanced = printed("search", "--help").partition("\nAdvanced:\n")
    usual, _, own_data = text.partition("\nOwn data:")
    assert usual.count("\n  -") == 12  # eleven and --help
    assert own_data.count("\n  -") == 7
    assert "--target" in own_data
    assert "--trials" in usual
    assert "--split-seed" in advanced
    assert "--pruner" in advanced
    assert advanced.count("\n  -") == 22
