"""What a store or a journal says is data: nothing of it is run, wherever it points."""

import ast
import io
import json
import pickle
import sys
import zipfile
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from stored_predictions import out_of_fold, record_study

from pipelines.digits import PIPELINE as DIGITS
from pipelines.part import digest
from search.cli import main
from search.events import trial_to_events
from search.journal import FOLDER, Journal
from search.metrics import choose_metrics
from search.store import KEY

POISON = "\npwned()\n'''\npwned()\n\"\"\"\npwned()\n# "
COMMANDS = [
    ["best"],
    ["report"],
    ["rerun", "--seeds", "1"],
    ["export"],
    ["export", "--to", "study-file"],
    ["export", "--to", "notebook"],
    ["ensemble"],
    ["watch", "--once"],
    ["resume"],
]


class Bomb:
    """Its unpickling makes a file."""

    def __init__(self, path):
        self._path = path

    def __reduce__(self):
        return open, (str(self._path), "w")


@pytest.fixture
def marker(tmp_path, monkeypatch):
    """A file that exists once something was run; modules that make it lie around."""
    marker = tmp_path / "pwned"
    monkeypatch.syspath_prepend(str(tmp_path))
    code = f"open({str(marker)!r}, 'w')\nPIPELINE = None\n"
    (tmp_path / "poison.py").write_text(code)
    yield marker
    sys.modules.pop("poison", None)
    assert not marker.exists()


@pytest.fixture
def study(store, make_settings, make_trial, tmp_path, monkeypatch):
    """A study of digits with two trials and predictions; return its recorder."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", store.uri)
    part = DIGITS.load("train")
    settings = make_settings(
        data_digest=digest(part), metrics=choose_metrics("classification", None)
    )
    y = np.asarray(part.y)
    of_trial = out_of_fold(settings.cv, y, np.eye(10)[y])
    trials = [make_trial(0), make_trial(1, height=0.8)]
    return record_study(store, settings, trials, [of_trial] * 2, folder=tmp_path)


def run(words):
    done = CliRunner().invoke(main, words)
    assert done.exception is None or isinstance(done.exception, SystemExit), (
        words,
        done.exc_info,
    )
    return done


def poison_study(store, study, **fields):
    plain = store.read_json(study.run_id, "study.json")
    plain["settings"] |= fields
    store.client.log_dict(study.run_id, plain, "study.json")


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("pipeline", ["poison:PIPELINE", "poison.py:PIPELINE"])
def test_a_module_that_a_store_names_is_not_imported(
    words, pipeline, store, study, marker
):
    poison_study(store, study, pipeline=pipeline)
    done = run([words[0], "a", *words[1:]])
    if done.exit_code == 0:
        assert words[0] in ("best", "report", "ensemble", "watch")


@pytest.mark.parametrize(
    "name", ["../../a", "/tmp/a", "a/b", "..", "", "a\nb", 7, None]
)
def test_files_are_not_named_by_a_store(name, store, study, tmp_path):
    poison_study(store, study, name=name)
    before = {path for path in tmp_path.parent.rglob("*") if "mlruns" not in str(path)}
    for words in (["report"], ["export", "--to", "study-file"], ["resume"]):
        done = run([words[0], "a", *words[1:]])
        assert done.exit_code == 1
        assert "study.json must hold" in done.stderr
    after = {path for path in tmp_path.parent.rglob("*") if "mlruns" not in str(path)}
    assert after == before


@pytest.mark.parametrize("name", ["../a", "/tmp/a", "a/../b"])
def test_a_study_is_resumed_in_its_folder_only(name, store, study):
    assert run(["resume", name]).exit_code == 2


@pytest.mark.slow
@pytest.mark.ci
def test_pickled_predictions_are_refused(store, study, marker, tmp_path):
    run_id = store.find("a/0").info.run_id
    array = np.empty(1, dtype=object)
    array[0] = Bomb(marker)
    for name in ("y", "rows", "fold", "group", "predictions"):
        file = tmp_path / "predictions.npz"
        arrays = {"y": [0], "rows": [0], "fold": [0], "predictions": [[1.0]]}
        np.savez(file, **{**arrays, name: array})
        store.client.log_artifact(run_id, str(file))
        for words in (["best", "a"], ["report", "a"], ["ensemble", "a"]):
            run(words)
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w") as packed:
        packed.writestr("y.npy", pickle.dumps(Bomb(marker)))
    file.write_bytes(raw.getvalue())
    store.client.log_artifact(run_id, str(file))
    run(["ensemble", "a"])


@pytest.mark.parametrize("form", ["script", "study-file"])
def test_what_a_store_says_does_not_become_code(form, store, study, make_trial):
    poison_study(
        store,
        study,
        tags={POISON: POISON},
        data_source=POISON,
        unit=POISON,
        experiment=POISON,
    )
    params = DIGITS.spaces["dense"].initial() | {POISON: POISON, "activation": POISON}
    trial = replace(make_trial(0), params=params)
    run_id = store.find("a/0").info.run_id
    store.client.log_dict(run_id, list(trial_to_events(trial)), "trial.json")
    done = run(["export", "a", "--to", form, "--output", "out.txt"])
    if done.exit_code:
        assert done.exit_code in (1, 2)
        return
    text = Path("out.txt").read_text()
    if form == "script":
        called = [
            node.func.id
            for node in ast.walk(ast.parse(text))
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        ]
        assert "pwned" not in called
    else:
        assert not [line for line in text.splitlines() if line.startswith("pwned")]


def test_a_module_that_a_journal_names_is_not_imported(
    make_settings, marker, store, monkeypatch
):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", store.uri)
    settings = make_settings(name="j", pipeline="poison:PIPELINE")
    facts = {"facts": {}, "began": 1.0, "budget": {"trials": 1}, "warm": []}
    Journal.create(Path(FOLDER) / "j", settings, facts).close()
    for words in (["resume", "j"], ["watch", "j", "--once"]):
        run(words)


def test_the_key_of_a_study_is_its_name(store, study):
    store.client.set_tag(study.run_id, KEY, "b")
    done = run(["best", "b"])
    assert done.exit_code == 1
    assert "its name is 'a'" in done.stderr
    assert json.loads(json.dumps(asdict(study._settings)))["name"] == "a"
