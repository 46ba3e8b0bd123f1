"""`tunefold resume` of a study whose process was killed, by the real command."""

import json
import time

import psutil
import pytest
from mlflow import MlflowClient
from real_command import (
    ONE_WORKER,
    Recorded,
    n_folds_of,
    refused,
    running,
    tunefold,
    wait_until,
)

from search.journal import FOLDER
from search.lease import LEASE


def content(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.slow
def test_a_killed_study_is_another_machine_s_or_goes_on_at_once(tmp_path):
    study = tmp_path / FOLDER / "a"
    words = ["digits", "--name", "a", *ONE_WORKER, "--trials", 3]
    with running("search", *words, cwd=tmp_path) as process:
        wait_until(lambda: n_folds_of(tmp_path, "a") >= 1)
        children = psutil.Process(process.pid).children(recursive=True)
        for child in children:
            child.suspend()  # so that it outlives its parent
        process.kill()
        process.wait()

        with (study / "journal.jsonl").open("ab") as file:
            file.write(b'{"event":"to')
        before = content(study)
        client = MlflowClient(f"sqlite:///{tmp_path / 'mlflow.db'}")
        run_id = Recorded(tmp_path, "a").study.info.run_id
        other = {"host": "far", "pid": 7, "started": 1.0, "seen": time.time() + 60}
        client.set_tag(run_id, LEASE, json.dumps(other))
        line = refused("resume", "a", "--engine", "random", cwd=tmp_path, status=2)
        assert "far (process 7) is working on it" in line
        assert content(study) == before

        client.delete_tag(run_id, LEASE)
        tunefold("resume", "a", cwd=tmp_path)
        assert sum(map(psutil.Process.is_running, children)) >= 2
        Recorded(tmp_path, "a").check_complete(3)
