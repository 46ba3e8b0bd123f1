"""The tracking store: a real one, in SQLite."""

import json
import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from search.errors import TrackingError, UnknownStudyError
from search.store import KEY, KIND, PARENT, Store, choose_uri


def add_run(store, key, kind, *, parent=None, began=1.0, experiment="digits"):
    tags = {KEY: key, KIND: kind} | ({PARENT: parent} if parent else {})
    experiment_id = store.experiment_id(experiment)
    return store.create_run(experiment_id, key, tags=tags, began=began)


def refusal(function, *arguments, **options):
    with pytest.raises(TrackingError) as caught:
        function(*arguments, **options)
    message = str(caught.value)
    assert "\n" not in message
    return message


# Choosing and reaching it


def test_what_is_asked_for_comes_before_the_environment_and_the_default(monkeypatch):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    assert choose_uri(None) == "sqlite:///mlflow.db"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:5000")
    assert choose_uri(None) == "http://127.0.0.1:5000"
    assert choose_uri("sqlite:///other.db") == "sqlite:///other.db"


def test_reading_does_not_create_a_store(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    message = refusal(Store, "sqlite:///mlflow.db")
    assert str(tmp_path) in message
    assert "run a search first" in message
    assert not list(tmp_path.iterdir())


def test_a_file_that_is_no_database_is_refused(tmp_path):
    file = tmp_path / "notes.db"
    file.write_text("no database " * 100)
    assert "file is not a database" in refusal(Store, f"sqlite:///{file}")


def test_a_folder_that_cannot_be_made_is_refused(tmp_path):
    (tmp_path / "file").touch()
    uri = f"sqlite:///{tmp_path / 'file' / 'mlflow.db'}"
    assert uri in refusal(Store, uri, create=True)


def test_a_server_that_is_not_there_is_refused_soon():
    began = time.monotonic()
    message = refusal(Store, "http://127.0.0.1:9")
    assert "it does not answer" in message
    assert "http://127.0.0.1:9" in message
    assert time.monotonic() - began < 20  # by default it would be four minutes


@pytest.mark.slow
def test_two_who_create_a_store_at_once_both_have_it(tmp_path):
    code = """
import sys, mlflow
from search.store import Store
print("ready", flush=True)
sys.stdin.readline()
Store("sqlite:///mlflow.db", create=True)
"""
    both = [
        subprocess.Popen(
            [sys.executable, "-c", code],
            cwd=tmp_path,
            env=os.environ | {"PYTHONPATH": str(Path.cwd())},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    for each in both:
        assert each.stdout.readline() == "ready\n"
    for each in both:
        each.stdin.write("\n")
        each.stdin.flush()
    said = [each.communicate(timeout=120)[1] for each in both]
    assert [each.returncode for each in both] == [0, 0], said


@pytest.mark.slow
def test_a_new_store_is_made_without_a_word(tmp_path):
    # In a process of its own: MLflow sets up its log when it is imported.
    code = "from search.store import Store; Store('sqlite:///mlflow.db', create=True)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert (tmp_path / "mlflow.db").is_file()


# Experiments


def test_an_experiment_is_created_once_and_knows_its_folder(store, tmp_path):
    first = store.experiment_id("digits")
    assert store.experiment_id("digits") == first
    experiment = store.client.get_experiment(first)
    assert experiment.artifact_location == (tmp_path / "mlruns" / "digits").as_uri()


def test_artifacts_lie_beside_the_database_wherever_the_reader_is(
    store, tmp_path, monkeypatch
):
    run_id = add_run(store, "a", "study")
    store.client.log_dict(run_id, {"x": 1}, "study.json")
    other = tmp_path / "other"
    other.mkdir()
    monkeypatch.chdir(other)
    assert Store(store.uri).read_json(run_id, "study.json") == {"x": 1}
    assert not list(other.iterdir())


def test_a_deleted_experiment_is_refused_with_its_cure(store):
    store.client.delete_experiment(store.experiment_id("digits"))
    message = refusal(store.experiment_id, "digits")
    assert "'digits'" in message
    assert "restore" in message


# Runs


def test_find_knows_the_whole_key_only(store):
    run_id = add_run(store, "a/1", "trial")
    add_run(store, "a/10", "trial", experiment="other")
    found = store.find("a/1")
    assert found.info.run_id == run_id
    assert found.info.start_time == 1000
    assert found.data.tags[KEY] == "a/1"
    assert store.find("a") is None


def test_a_deleted_run_is_not_found(store):
    run_id = add_run(store, "a", "study")
    store.client.delete_run(run_id)
    assert store.find("a") is None


def test_the_latest_study_is_the_one_that_began_last(store):
    add_run(store, "old", "study", began=1.0)
    newest = add_run(store, "new", "study", began=3.0, experiment="other")
    older = add_run(store, "older", "study", began=2.0)
    add_run(store, "new/0", "trial", parent=newest, began=4.0)
    assert store.find_study(None).info.run_id == newest
    assert store.find_study("older").info.run_id == older


def test_an_unknown_study_is_refused_with_what_may_have_been_meant(store):
    assert "holds no study" in refusal(store.find_study, None)
    assert "holds no study" in refusal(store.find_study, "a")
    add_run(store, "digits-1", "study")
    message = refusal(store.find_study, "digit-1")
    assert store.uri in message
    assert "did you mean" in message
    assert "digits-1" in message
    with pytest.raises(UnknownStudyError) as caught:
        store.find_study("digit-1")
    assert caught.value.exit_status == 2  # a name mistyped, not a store that failed


def test_children_are_those_directly_below_the_oldest_first(store):
    study = add_run(store, "a", "study")
    second = add_run(store, "a/1", "trial", parent=study, began=5.0)
    first = add_run(store, "a/0", "trial", parent=study, began=4.0)
    add_run(store, "a/0/rerun-1", "rerun", parent=first, began=6.0)
    add_run(store, "b/0", "trial", parent="another", began=6.0)
    assert [run.info.run_id for run in store.children(study)] == [first, second]


def test_tagged_finds_runs_in_all_experiments(store):
    one = add_run(store, "a", "study", began=1.0)
    two = add_run(store, "b", "study", began=2.0, experiment="other")
    assert [run.info.run_id for run in store.tagged(KIND, "study")] == [one, two]
    assert store.tagged(KIND, "rerun") == []


# Artifacts


def test_an_artifact_is_gone_after_its_use(store):
    run_id = add_run(store, "a", "study")
    store.client.log_text(run_id, "[1, 2]", "list.json")
    with store.artifact(run_id, "list.json") as path:
        assert json.loads(path.read_text()) == [1, 2]
    assert not path.exists()


def test_a_missing_or_damaged_artifact_is_one_line(store):
    run_id = add_run(store, "a", "study")
    assert f"run {run_id}: has no artifact study.json" in refusal(
        store.read_json, run_id, "study.json"
    )
    store.client.log_text(run_id, '{"torn": ', "study.json")
    assert "study.json must be JSON" in refusal(store.read_json, run_id, "study.json")


def test_many_who_create_an_experiment_at_once_get_the_same(store):
    together = threading.Barrier(6)

    def create(number):
        mine = Store(store.uri)
        found = []
        for round_ in range(3):
            together.wait(60)
            found.append(mine.experiment_id(f"new-{round_}"))
        return found

    with ThreadPoolExecutor(6) as pool:
        found = list(pool.map(create, range(6)))
    assert all(mine == found[0] for mine in found)
    assert len(set(found[0])) == 3
