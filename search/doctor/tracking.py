"""The tracking store: there, readable, of a version that fits; nothing is written."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from importlib import import_module
from os import environ
from pathlib import Path

from search.doctor.check import Check, Status, size_text
from search.doctor.versions import installed
from search.errors import TrackingError
from search.left_running import left_running
from search.server import server_version
from search.store import KIND, Store, local_file
from search.store_errors import NO_MLFLOW, explain

SECTION = "tracking"
TIMEOUT_SECONDS = 5.0


def check_tracking(uri: str) -> Iterator[Check]:
    """Look at a store; an examination for `examine_apart`.

    A database is opened read-only, for MLflow would create or migrate it.
    """
    file = local_file(uri)
    if file is not None:
        yield from _check_database(file)
    elif uri.startswith(("http://", "https://")):
        yield from _check_server(uri)
    else:
        yield from _check_usable(uri)
    import_module("mlflow")
    yield _ok("mlflow", f"{installed('mlflow')} can be imported")


def _check_database(file: Path) -> Iterator[Check]:
    if not file.exists():
        yield _ok(
            "store", f"{file.resolve()} is not there yet: the first search makes it"
        )
        return
    try:
        address = f"{file.resolve().as_uri()}?mode=ro"
        with closing(sqlite3.connect(address, uri=True, timeout=TIMEOUT_SECONDS)) as db:
            tables = {name for (name,) in db.execute("SELECT name FROM sqlite_master")}
            schema = n_studies = None
            if "alembic_version" in tables:
                (schema,) = db.execute(
                    "SELECT version_num FROM alembic_version"
                ).fetchone()
                (n_studies,) = db.execute(
                    "SELECT count(*) FROM tags JOIN runs USING (run_uuid) "
                    "WHERE key = ? AND value = 'study' AND lifecycle_stage = 'active'",
                    (KIND,),
                ).fetchone()
    except (sqlite3.Error, TypeError) as error:
        yield _broken(
            "store",
            f"{file.resolve()}: cannot be read ({error})",
            "restore it from a copy, or name another store by --tracking-uri",
        )
        return
    if schema is None:
        yield _broken(
            "store",
            f"{file.resolve()}: is no MLflow database",
            "move it away, or name another store by --tracking-uri",
        )
        return
    yield _ok(
        "store",
        f"{file.resolve()}, {size_text(file.stat().st_size)}, studies: {n_studies}",
    )
    fits = _check_schema(schema, file)
    yield fits
    if fits.status is Status.OK:  # MLflow would bring it up to date
        yield from _check_left_running(Store(f"sqlite:///{file}"))


def _check_schema(schema: str, file: Path) -> Check:
    folder = Path(str(import_module("mlflow").__file__)).parent
    from alembic.script import ScriptDirectory

    scripts = ScriptDirectory(str(folder / "store" / "db_migrations"))
    ours = scripts.get_current_head()
    if schema == ours:
        return _ok("schema", f"{schema}, as MLflow {installed('mlflow')} writes it")
    known = any(script.revision == schema for script in scripts.walk_revisions())
    return _broken(
        "schema",
        f"{schema}; MLflow {installed('mlflow')} needs {ours}",
        f"copy the file, then: mlflow db upgrade sqlite:///{file}"
        if known
        else "a newer MLflow wrote it: install that one, or name another store",
    )


def _check_server(uri: str) -> Iterator[Check]:
    try:
        version = server_version(uri, timeout=TIMEOUT_SECONDS)
    except Exception as error:  # noqa: BLE001  (of MLflow's own kinds)
        reason, cure = explain(error)
        yield _broken("server", f"{uri}: {reason}", cure)
        return
    if not version[:1].isdigit():
        found = f"{uri}: answers {version[:40]!r} to /version: no MLflow server"
        yield _broken("server", found, NO_MLFLOW)
        return
    ours = installed("mlflow") or ""
    fits = version.split(".")[0] == ours.split(".")[0]
    yield Check(
        section=SECTION,
        name="server",
        status=Status.OK if fits else Status.WARNING,
        found=f"{uri}: MLflow {version}; here {ours}",
        cure="" if fits else "use the same major version on both sides",
    )
    yield from _check_usable(uri)


def _check_usable(uri: str) -> Iterator[Check]:
    environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", f"{TIMEOUT_SECONDS:g}")
    try:
        studies = Store(uri).tagged(KIND, "study")
    except TrackingError as error:
        found, _colon, cure = str(error).rpartition("; ")
        yield _broken("store", found, cure)
        return
    yield _ok("store", f"{uri}: studies: {len(studies)}")
    yield from _check_left_running(Store(uri))


def _check_left_running(store: Store) -> Iterator[Check]:
    for study in left_running(store):
        yield Check(
            section=SECTION,
            name="left running",
            status=Status.WARNING,
            found=f"study {study.name}, trials: {len(study.trials)}; its process died",
            cure=f"tunefold resume {study.name}, or tunefold doctor --fix",
        )


def _ok(name: str, found: str) -> Check:
    return Check(section=SECTION, name=name, status=Status.OK, found=found)


def _broken(name: str, found: str, cure: str) -> Check:
    return Check(
        section=SECTION, name=name, status=Status.BROKEN, found=found, cure=cure
    )
