"""docker/backup.sh and docker/restore.sh on a real PostgreSQL and real folders."""

import shutil
import subprocess
import threading

import pytest
from native_stack import ROOT, NativeStack, kill_tree
from real_command import wait_until
from service_packages import needs_service

pytestmark = [
    pytest.mark.slow,
    needs_service,
]

NEWEST, OLDER, UNKNOWN = "c" * 12, "b" * 12, "f" * 12

OLD_TABLES = """
import os, sys
sys.path.insert(0, sys.argv[1])
from alembic.command import upgrade
from mlflow.store.db.utils import _get_alembic_config
from mlflow.store.tracking.dbmodels.initial_models import Base
from sqlalchemy import create_engine
from schemas import revisions
uri = os.environ["MLFLOW_BACKEND_STORE_URI"]
engine = create_engine(uri)
Base.metadata.create_all(engine)
with engine.begin() as connection:
    config = _get_alembic_config(uri)
    config.attributes["connection"] = connection
    upgrade(config, revisions()[1])
"""


@pytest.fixture(scope="module")
def stack(tmp_path_factory):
    stack = NativeStack(tmp_path_factory.mktemp("stack"))
    try:
        stack.start("postgres")
        yield stack
    finally:
        stack.down()


@pytest.fixture
def state(stack):
    """What is there at first, by `read`."""
    sql(
        stack,
        "DROP SCHEMA public CASCADE; CREATE SCHEMA public; "
        "CREATE TABLE runs (id serial PRIMARY KEY, name text); "
        "INSERT INTO runs (name) VALUES ('first'); "
        "CREATE TABLE alembic_version (version_num text); "
        f"INSERT INTO alembic_version VALUES ('{NEWEST}')",
    )
    for volume in ("mlflow/artifacts", "studies"):
        shutil.rmtree(stack.folder / volume, ignore_errors=True)
    for path in ("mlflow/artifacts/1/model", "studies/tunefold-studies/a/journal"):
        write(stack, path, f"first {path}")
    write(stack, "studies/.hidden", "first")
    write(stack, "mlflow/schemas", f"{NEWEST}\n{OLDER}\n")
    return read(stack)


def sql(stack, words):
    command = ("psql", "-qtA", "-v", "ON_ERROR_STOP=1", "-c", words)
    done = stack.run("backup", *command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def write(stack, path, text):
    file = stack.folder / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def read(stack):
    """Return all rows of all tables, and all files."""
    tables = sql(
        stack, "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"
    )
    rows = {table: sql(stack, f"SELECT * FROM {table}") for table in tables.split()}
    folders = [stack.folder / "mlflow/artifacts", stack.folder / "studies"]
    files = {
        str(path.relative_to(stack.folder)): path.read_bytes()
        for folder in folders
        for path in folder.rglob("*")
        if path.is_file()
    }
    return rows | files


def change(stack):
    """Go on after a backup: other rows, tables and files, and some less."""
    sql(stack, "UPDATE runs SET name = 'second'; CREATE TABLE later (id int)")
    write(stack, "mlflow/artifacts/2/model", "second")
    write(stack, "studies/tunefold-studies/a/journal", "second")
    (stack.folder / "studies/.hidden").unlink()
    return read(stack)


def backup(stack, status=0, **env):
    done = stack.run("backup", capture_output=True, env=env)
    assert done.returncode == status, done.stderr
    return done


def restore(stack, content, status=0, **env):
    done = stack.run("restore", input=content, capture_output=True, env=env)
    assert done.returncode == status, done.stderr
    return done.stderr.decode()


@pytest.mark.ci
def test_database_artifacts_and_studies_come_back(stack, state):
    first = backup(stack)
    assert first.stderr == b""
    second = change(stack)
    kept = backup(stack).stdout
    assert restore(stack, first.stdout) == ""
    assert read(stack) == state
    sql(stack, "INSERT INTO runs (name) VALUES ('goes on')")
    restore(stack, kept)
    assert read(stack) == second


@pytest.mark.ci
def test_what_is_no_whole_backup_changes_nothing(stack, state):
    whole = backup(stack).stdout
    second = change(stack)
    damaged = bytearray(whole)
    at = whole.index(b"PGDMP")
    damaged[at + 600 : at + 900] = bytes(300)
    end = whole.rindex(b"complete") // 512 * 512
    dump = whole.index(b"database.dump") + 512 + 700
    broken = [b"", b"no tar" * 1000, bytes(damaged), whole[:dump], whole[: dump + 9000]]
    for content in (*broken, whole[:end]):
        said = restore(stack, content, status=1)
        assert "nothing was changed" in said.splitlines()[-1]
        assert read(stack) == second
    restore(stack, whole)
    assert read(stack) == state


def test_what_the_database_refuses_is_put_back(stack, state):
    whole = backup(stack).stdout
    second = change(stack)
    sql(stack, "DROP ROLE IF EXISTS other")
    sql(stack, "CREATE ROLE other LOGIN PASSWORD 'other'")
    said = restore(stack, whole, status=1, PGUSER="other", PGPASSWORD="other")
    assert "the database refused the backup's tables; nothing was changed" in said
    assert read(stack) == second


def test_a_killed_one_is_put_back_by_the_next(stack, state):
    whole = backup(stack).stdout
    second = change(stack)
    env = stack.environment("restore")
    hold = ["psql", "-qc", "BEGIN; LOCK TABLE runs; SELECT pg_sleep(60)"]
    with (
        subprocess.Popen(hold, env=env) as lock,
        subprocess.Popen(
            stack.command("restore"), env=env, stdin=subprocess.PIPE
        ) as process,
    ):
        process.stdin.write(whole)
        process.stdin.close()
        wait_until(lambda: (stack.folder / "studies/.restore/old").is_dir())
        wait_until(
            lambda: (
                "DROP SCHEMA"
                in sql(
                    stack,
                    "SELECT query, wait_event FROM "
                    "pg_stat_activity WHERE wait_event_type = 'Lock'",
                )
            )
        )
        journal = stack.folder / "studies/tunefold-studies/a/journal"
        assert journal.read_text() != "second"  # the new is in its place already
        said = restore(stack, whole, status=1)
        assert "another one is at work; nothing was changed" in said
        kill_tree(process.pid)
        kill_tree(lock.pid)
    sql(
        stack,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE wait_event_type = 'Lock' OR query LIKE '%pg_sleep(60)'"
        "AND pid <> pg_backend_pid()",
    )
    restore(stack, b"", status=1)
    assert read(stack) == second
    restore(stack, whole)
    assert read(stack) == state


def test_files_may_grow_while_they_are_read(stack, state):
    grows = stack.folder / "mlflow/artifacts/1/grows"
    grows.write_bytes(bytes(100_000_000))
    ended = threading.Event()

    def grow():
        with grows.open("ab") as file:
            while not ended.wait(0.001):
                file.write(b"x")
                file.flush()

    thread = threading.Thread(target=grow)
    thread.start()
    try:
        done = backup(stack)
    finally:
        ended.set()
        thread.join()
    assert b"files changed while they were read; the backup is good" in done.stderr
    restore(stack, done.stdout)
    assert grows.stat().st_size > 100_000_000
    grows.unlink()
    assert read(stack) == state


def test_a_backup_that_failed_is_none(stack, state):
    done = backup(stack, status=2, STUDIES=str(stack.folder / "not-there"))
    assert b"what was written is no backup" in done.stderr
    assert "ends before its end" in restore(stack, done.stdout, status=1)
    assert read(stack) == state


def test_tables_of_another_mlflow_are_told(stack, state):
    sql(stack, f"UPDATE alembic_version SET version_num = '{OLDER}'")
    older = backup(stack).stdout
    sql(stack, f"UPDATE alembic_version SET version_num = '{UNKNOWN}'")
    newer = backup(stack).stdout
    sql(stack, f"UPDATE alembic_version SET version_num = '{NEWEST}'")
    said = restore(stack, newer, status=1)
    assert "the backup is of a newer MLflow than the one here" in said
    assert read(stack) == state
    [line] = restore(stack, older).splitlines()
    assert "the backup is of an older MLflow: bring its tables up to date" in line


def test_the_server_does_not_start_on_tables_of_another_mlflow(stack, state):
    def start(*words):
        command = words or stack.command("mlflow")
        done = stack.run("mlflow", *command, capture_output=True, text=True, timeout=90)
        return done.returncode, done.stderr

    sql(stack, f"UPDATE alembic_version SET version_num = '{UNKNOWN}'")
    status, said = start()
    assert (status, len(said.splitlines())) == (1, 1)
    assert "of a newer MLflow than" in said

    sql(stack, "DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    docker = str(ROOT / "docker")
    status, said = start("python", "-c", OLD_TABLES, docker)
    assert status == 0, said
    status, said = start()
    assert (status, len(said.splitlines())) == (1, 1)
    assert "of an older MLflow than" in said
    assert "mlflow.sh upgrade" in said
    status, said = start("sh", f"{docker}/mlflow.sh", "upgrade")
    assert status == 0, said
    assert start("python", f"{docker}/schemas.py") == (0, "")
    newest = sql(stack, "SELECT version_num FROM alembic_version")
    assert (stack.folder / "mlflow/schemas").read_text().startswith(newest)
