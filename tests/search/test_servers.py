"""Searches against servers that are full, or older than the library here."""

import json
import shutil
import subprocess
import sys

import pytest
from mlflow_server import Server
from real_command import ONE_WORKER, tunefold

pytestmark = pytest.mark.slow

SEARCH = ("search", "digits", *ONE_WORKER, "--trials", 3, "--name")


@pytest.mark.skipif(shutil.which("prlimit") is None, reason="Linux' prlimit")
def test_a_server_that_is_full_is_caught_up_with_once_there_is_room(
    tmp_path, empty_database
):
    database = tmp_path / "mlflow.db"
    database.write_bytes(empty_database.read_bytes())
    server = Server(tmp_path)
    try:
        # its write-ahead file may become as large as the database is; then no more
        server.start(max_file_bytes=database.stat().st_size)
        done = tunefold(*(*SEARCH, "full", "--tracking-uri", server.uri), cwd=tmp_path)
        assert "all 3 trials are done" in done.stderr
        assert "'tunefold resume full' sends them" in done.stderr
        server.kill()
        server.start()
        at = ("--tracking-uri", server.uri)
        tunefold("resume", "full", *at, cwd=tmp_path)
        best = json.loads(tunefold("best", "full", "--json", *at, cwd=tmp_path).stdout)
        assert len(best["trials"]) == 3
    finally:
        server.kill()


@pytest.mark.parametrize("version", ["3.0.1", "3.10.1"])
def test_a_server_of_another_version_of_the_same_major_is_served_as_well(
    version, tmp_path
):
    server = Server(tmp_path, python=_python_with(version, tmp_path))
    at = ("--tracking-uri", server.uri)
    try:
        server.start()
        tunefold(*SEARCH, "a", *at, cwd=tmp_path)
        best = json.loads(tunefold("best", "a", "--json", *at, cwd=tmp_path).stdout)
        assert len(best["trials"]) == 3
        rerun = tunefold("rerun", "a", "--seeds", 1, "--json", *at, cwd=tmp_path)
        assert json.loads(rerun.stdout)["n_test"] > 0
        tunefold("report", "a", *at, cwd=tmp_path)
    finally:
        server.kill()


def test_a_server_of_another_major_is_refused_before_anything_is_trained(tmp_path):
    server = Server(tmp_path, python=_python_with("2.22.5", tmp_path))
    try:
        server.start()
        done = tunefold(
            *(*SEARCH, "a", "--tracking-uri", server.uri), cwd=tmp_path, status=1
        )
        (line,) = done.stderr.splitlines()
        assert "its MLflow must be 3.0 or later, which keeps models, got 2.22.5" in line
        assert not (tmp_path / "tunefold-studies").exists()
    finally:
        server.kill()


def _python_with(version, folder):
    """Return the interpreter of a new environment that has this MLflow."""
    subprocess.run([sys.executable, "-m", "venv", folder / "venv"], check=True)
    python = folder / "venv" / "bin" / "python"
    # MLflow 2 imports pkg_resources; before 3.17 it imports what SQLAlchemy 2.1 dropped
    words = [f"mlflow=={version}", "setuptools<81", "sqlalchemy<2.1"]
    subprocess.run([python, "-m", "pip", "install", "--quiet", *words], check=True)
    return str(python)
