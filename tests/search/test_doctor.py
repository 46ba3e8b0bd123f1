"""`tunefold doctor`: what it finds here, and what it says of things that are broken."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import closing
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib import metadata

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from pipelines.prepared import fetch
from pipelines.registry import MODULES, get_pipeline
from search.doctor.check import Check, Status
from search.doctor.child import examine_apart
from search.doctor.machine import check_machine, check_studies
from search.doctor.tracking import check_tracking
from search.doctor.versions import Demands, check_versions, read_demands
from search.engines.registry import SAMPLERS
from search.journal import FOLDER, Journal
from search.store import KEY, KIND

SECRET = "s3cr@t"
FITTING = SpecifierSet(">=3.11")


def by_name(checks):
    return {check.name: check for check in checks}


# A check


def test_no_login_is_ever_shown():
    text = f"http://me:{SECRET}@host:1/a@b and postgresql://me:{SECRET}@db/x"
    check = Check(section="s", name="n", status=Status.OK, found=text, cure=text)
    assert check.found == check.cure == "http://host:1/a@b and postgresql://db/x"


# Versions


def test_every_requirement_of_this_system_is_compared():
    demands = read_demands()
    checks = by_name(check_versions(demands))
    needed = {r.name for r in demands.packages}
    assert {"keras", "jax", "optuna", "mlflow", "keras-tuner", "autokeras"} < needed
    assert needed | {"python", "jaxlib", "torch", "requirements"} <= set(checks)
    assert not [c for c in checks.values() if c.status is not Status.OK]
    assert checks["keras"].found.startswith(metadata.version("keras"))
    assert demands.pins["keras"] in demands.install("keras")


def test_a_version_outside_its_range_is_broken_with_what_to_install():
    wanted = Requirement("numpy>=1,<2"), Requirement("no-such-package>=3")
    demands = Demands(FITTING, wanted, {}, {"numpy": "1.9"})
    checks = by_name(check_versions(demands))
    assert checks["numpy"].status is Status.BROKEN
    assert metadata.version("numpy") in checks["numpy"].found
    assert checks["numpy"].cure == 'pip install "numpy==1.9"'
    assert checks["no-such-package"].found == "not installed (allowed >=3)"
    assert checks["no-such-package"].cure == 'pip install "no-such-package>=3"'


def test_a_version_that_is_allowed_but_not_the_tested_one_says_so():
    demands = Demands(FITTING, (Requirement("numpy>=1"),), {}, {"numpy": "1.9"})
    check = by_name(check_versions(demands))["numpy"]
    assert check.status is Status.OK
    assert check.found.endswith("tested with 1.9")


def test_a_python_that_is_too_old_is_broken():
    checks = by_name(check_versions(Demands(SpecifierSet(">=99"), (), {}, {})))
    assert checks["python"].status is Status.BROKEN
    assert "Python >=99" in checks["python"].cure


def test_what_a_missing_extra_needs_is_no_fault():
    extras = {"x": (Requirement("no-such-package>=3"), Requirement("numpy<1"))}
    checks = by_name(check_versions(Demands(FITTING, (), extras, {})))
    assert checks["no-such-package"].status is Status.OK
    assert 'extra "x"' in checks["no-such-package"].found
    assert checks["numpy"].status is Status.BROKEN  # it is there: then it must fit
    assert checks["numpy"].cure == 'pip install "numpy<1"'


def test_packages_that_disagree_with_each_other_are_broken(distribution):
    # as mlflow 3.18.0, which asks for an mlflow-skinny that was never published
    distribution("outer", "1.0", requires=["inner==2.0", "numpy>=1"])
    distribution("inner", "1.0")
    demands = Demands(FITTING, (Requirement("outer"),), {}, {})
    checks = by_name(check_versions(demands))
    assert checks["outer"].status is Status.OK
    assert checks["requirements"].status is Status.BROKEN
    found = "outer 1.0 needs inner==2.0, 1.0 is installed"
    assert checks["requirements"].found == found


@pytest.mark.parametrize("checkout", [True, False], ids=["checkout", "wheel"])
def test_a_wheel_asks_for_what_its_checkout_asks_for(checkout, monkeypatch, tmp_path):
    if not checkout:
        monkeypatch.setattr("search.doctor.versions.ROOT", tmp_path)
    demands = read_demands.__wrapped__()
    ranges = {r.name: r.specifier for r in demands.packages}
    assert "3.15.1" in ranges["keras"]
    assert "3.18.0" not in ranges["mlflow"]
    assert "pytest" not in ranges
    assert "torch" not in ranges
    assert [r.name for r in demands.optional["gp"]] == ["torch"]
    assert "dev" not in demands.optional
    assert bool(demands.pins) == checkout


@pytest.fixture
def distribution(tmp_path, monkeypatch):
    """Return a function that installs a package of one line before all others."""
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(folder)
    monkeypatch.setenv("PYTHONPATH", str(folder))

    def install(name, version, *, code="", requires=()):
        (folder / name).mkdir()
        (folder / name / "__init__.py").write_text(code)
        info = folder / f"{name}-{version}.dist-info"
        info.mkdir()
        lines = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
        lines += [f"Requires-Dist: {text}" for text in requires]
        (info / "METADATA").write_text("\n".join(lines) + "\n")

    return install


# In a process of its own

EXAMINATION = """
import os, sys, time
from search.doctor.check import Check
def look(what):
    print("noise on stdout"); print("noise on stderr", file=sys.stderr)
    yield Check(section="s", name="first", status="ok", found="here")
    exec(what)
    yield Check(section="s", name="second", status="warning", found="x", cure="y")
"""


@pytest.fixture
def look(tmp_path, monkeypatch):
    (tmp_path / "made_up_look.py").write_text(EXAMINATION)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    from made_up_look import look

    def apart(what, timeout=60):
        cures = {"first": "c1", "second": "c2", "third": "c3"}
        return examine_apart(look, what, section="s", cures=cures, timeout=timeout)

    yield apart
    del sys.modules["made_up_look"]


def test_checks_come_back_whatever_is_printed_beside(look):
    first, second = look("pass")
    assert first == Check(section="s", name="first", status=Status.OK, found="here")
    assert (second.status, second.cure) == (Status.WARNING, "y")


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("import no_such", "ModuleNotFoundError: No module named 'no_such'"),
        ("os.kill(os.getpid(), 11)", "crashed with SIGSEGV: noise on stderr"),
        ("sys.exit(3)", "noise on stderr"),
    ],
)
@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_a_process_that_fails_is_a_broken_check(look, what, said):
    first, second, third = look(what)
    assert first.status is Status.OK  # what was found before is kept
    assert (second.name, second.status) == ("second", Status.BROKEN)
    assert (second.found, second.cure) == (said, "c2")
    assert (third.name, third.status) == ("third", Status.WARNING)
    assert third.found == "not looked at, for second failed"


def test_a_process_that_hangs_is_ended(look):
    began = time.monotonic()
    _, second, _ = look("time.sleep(600)", timeout=2)
    assert second.found == "did not end within 2 s"
    assert time.monotonic() - began < 60  # not the 600 s it would sleep


# Data


DATA_TWICE = """
import sys
from pathlib import Path
import pipelines.fashion_mnist_files as files
from search.doctor.data import check_data
files.DEBIAN_FOLDER = Path("nowhere")
def show():
    for check in check_data(""):
        print(check.name, check.status, check.found, check.cure, sep="|")
show()
Path(sys.argv[1]).write_bytes(b"cut short")
show()
"""


@pytest.mark.slow
def test_data_is_found_where_it_was_put_and_never_downloaded(tmp_path, monkeypatch):
    # in a process of its own: it leaves the network for good
    fetch(["digits"], tmp_path, {"digits": get_pipeline("digits").load})
    home = tmp_path / "keras"
    monkeypatch.setenv("TUNEFOLD_DATA", str(tmp_path))
    monkeypatch.setenv("KERAS_HOME", str(home))
    command = [sys.executable, "-c", DATA_TWICE, tmp_path / "digits" / "train.npz"]
    out = subprocess.check_output(command, text=True)
    lines = [line.split("|") for line in out.splitlines()]
    assert [name for name, *_ in lines] == [*MODULES, *MODULES]

    there, damaged = (rest for name, *rest in lines if name == "digits")
    found = "1,437 train and 360 test rows from TUNEFOLD_DATA (scikit-learn)"
    assert there == ["ok", found, ""]
    assert damaged[0] == "broken"
    assert "train.npz" in damaged[1]
    assert "tunefold data fetch digits" in damaged[2]

    _, status, found, cure = next(line for line in lines if line[0] == "fashion_mnist")
    assert status == "warning"
    assert "the doctor does not download" in found
    assert "tunefold data fetch fashion_mnist --to FOLDER" in cure
    assert not list(home.rglob("*.gz"))


# Machine and studies


def test_the_machine_is_described(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("KERAS_BACKEND")
    checks = by_name(check_machine(tmp_path / "mlruns"))
    assert list(checks) == [
        "cores",
        "memory",
        "keras backend",
        "disk, working folder",
        "disk, artifacts",
        "disk, cache",
        "compile cache",
    ]
    assert "GiB" in checks["memory"].found
    assert str(tmp_path) in checks["disk, working folder"].found
    assert checks["keras backend"].found == "jax (default)"
    assert not list(tmp_path.iterdir())


def test_too_little_of_something_is_a_warning_with_its_cure(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    # more than any machine has
    monkeypatch.setattr("search.doctor.machine.MIN_FREE_BYTES", 2**80)
    monkeypatch.setattr("search.doctor.machine.WORKER_BYTES", 2**80)
    monkeypatch.setattr("search.doctor.machine.n_cores", lambda: 2)
    checks = by_name(check_machine(None))
    assert checks["memory"].status is Status.WARNING
    assert "--workers 1" in checks["memory"].cure
    assert checks["disk, working folder"].status is Status.WARNING
    assert "make room" in checks["disk, working folder"].cure


def test_a_keras_backend_we_do_not_have_is_broken(monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    check = by_name(check_machine(None))["keras backend"]
    assert check.status is Status.BROKEN
    assert check.cure == "unset it, or set it to jax or tensorflow"


def test_unfinished_studies_are_listed(
    tmp_path, monkeypatch, make_settings, make_trial
):
    monkeypatch.chdir(tmp_path)
    root = tmp_path / FOLDER

    def begin(name, *, state):
        journal = Journal.create(root / name, make_settings(name=name), {})
        trial = make_trial(state=state)
        journal.asked(trial)
        if state != "running":
            journal.ended(trial)
        return journal

    begin("done", state="complete").close()
    begin("interrupted", state="running").close()
    working = begin("working", state="running")
    said = (root / "working" / "running.json").read_bytes()
    begin("killed", state="complete").close()
    (root / "killed" / "running.json").write_bytes(said)
    begin("damaged", state="complete").close()
    with (root / "damaged" / "journal.jsonl").open("ab") as file:
        file.write(b"no json\n{}\n")

    checks = by_name(check_studies())
    assert checks["folder"].found == f"{root}: 5"
    assert "done" not in checks
    assert checks["interrupted"].status is Status.WARNING
    assert checks["interrupted"].cure == "tunefold resume interrupted"
    assert checks["working"].status is Status.OK
    assert f"process {os.getpid()} is working" in checks["working"].found
    assert "its process has died" in checks["killed"].found
    assert checks["killed"].cure == "tunefold resume killed"
    assert "cannot be read" in checks["damaged"].found
    working.close()


# Tracking


def look_at_store(uri):
    return by_name(check_tracking(uri))


def test_a_database_that_is_not_there_is_not_made(tmp_path):
    check = look_at_store(f"sqlite:///{tmp_path / 'mlflow.db'}")["store"]
    assert check.status is Status.OK
    assert "not there yet" in check.found
    assert not list(tmp_path.iterdir())


def test_a_database_is_read_and_left_as_it_is(store, tmp_path):
    experiment = store.experiment_id("digits")
    for name, kind in {"a": "study", "a/0": "trial", "b": "study"}.items():
        tags = {KEY: name, KIND: kind}
        run = store.create_run(experiment, name, tags=tags, began=1.0)
        store.client.set_terminated(run)
    store.client.delete_run(run)
    file = tmp_path / "mlflow.db"
    before = file.read_bytes()
    checks = look_at_store(store.uri)
    assert {check.status for check in checks.values()} == {Status.OK}
    assert checks["store"].found.endswith("studies: 1")
    assert file.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["mlflow.db"]


@pytest.mark.parametrize(
    ("revision", "cure"),
    [
        ("451aebb31d03", "mlflow db upgrade"),  # the first migration of MLflow
        ("ffffffffffff", "a newer MLflow wrote it"),
    ],
)
def test_a_schema_of_another_mlflow_is_broken(empty_database, tmp_path, revision, cure):
    file = tmp_path / "old.db"
    shutil.copyfile(empty_database, file)
    with closing(sqlite3.connect(file)) as db:
        db.execute("UPDATE alembic_version SET version_num = ?", (revision,))
        db.commit()
    before = file.read_bytes()
    check = look_at_store(f"sqlite:///{file}")["schema"]
    assert check.status is Status.BROKEN
    assert revision in check.found
    assert cure in check.cure
    assert file.read_bytes() == before  # MLflow itself would migrate it


def test_a_file_that_is_no_store_is_broken(tmp_path):
    file = tmp_path / "notes.db"
    file.write_text("no database " * 100)
    check = look_at_store(f"sqlite:///{file}")["store"]
    assert check.status is Status.BROKEN
    assert "file is not a database" in check.found
    file.write_bytes(b"")
    check = look_at_store(f"sqlite:///{file}")["store"]
    assert "is no MLflow database" in check.found
    assert not file.read_bytes()


def test_a_server_that_is_not_there_is_one_line_soon():
    began = time.monotonic()
    check = look_at_store(f"http://me:{SECRET}@127.0.0.1:9")["server"]
    assert time.monotonic() - began < 20  # by default it would be four minutes
    assert check.status is Status.BROKEN
    assert check.found == "http://127.0.0.1:9: it does not answer"
    assert "start the server" in check.cure


@pytest.fixture
def web_server():
    """A server that wants the login me:SECRET, and calls itself MLflow 1.2.3 then."""
    from base64 import b64encode

    login = f"Basic {b64encode(f'me:{SECRET}'.encode()).decode()}"

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self):
            known = self.headers.get("Authorization") == login
            there = self.path == "/version"
            self.send_response(401 if not known else 200 if there else 404)
            self.end_headers()
            self.wfile.write(b"1.2.3" if known and there else b"")

        do_POST = do_GET  # noqa: N815  (the library's name)

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_a_login_that_is_refused_is_one_line(web_server):
    checks = look_at_store(f"http://me:wrong@{web_server}")
    assert checks["server"].status is Status.BROKEN
    assert checks["server"].found == f"http://{web_server}: it refuses the login"
    assert "MLFLOW_TRACKING_USERNAME" in checks["server"].cure
    assert "store" not in checks


def test_a_server_of_another_major_version_is_a_warning(web_server, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", "me")
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", SECRET)
    checks = look_at_store(f"http://{web_server}")
    assert checks["server"].status is Status.WARNING
    assert "MLflow 1.2.3; here 3." in checks["server"].found
    assert checks["store"].status is Status.BROKEN  # it has nothing but a version


def test_a_server_that_is_no_mlflow_is_broken(web_server):
    uri = f"http://me:s3cr%40t@{web_server}/somewhere"
    check = look_at_store(uri)["server"]
    assert check.status is Status.BROKEN
    assert check.found.endswith("/somewhere: no MLflow server answers there")


def test_a_folder_of_files_is_refused_by_mlflow(tmp_path):
    check = look_at_store(tmp_path.as_uri())["store"]
    assert check.status is Status.BROKEN
    assert not list(tmp_path.iterdir())


# The command


def doctor(*words, folder, **environment):
    code = "from search.cli import main; main(prog_name='tunefold')"
    return subprocess.run(
        [sys.executable, "-P", "-c", code, "doctor", *words],
        cwd=folder,
        env=os.environ | environment,
        capture_output=True,
        text=True,
    )


@pytest.mark.slow
def test_here_nothing_is_broken_and_everything_is_named(tmp_path):
    done = doctor("--json", folder=tmp_path)
    shown = json.loads(done.stdout)
    wrong = [c for c in shown["checks"] if c["status"] == "broken"]
    assert (done.returncode, wrong) == (0, []), done.stderr
    assert shown["broken"] == 0
    assert {check["section"] for check in shown["checks"]} == {
        "versions",
        "known breakages",
        "data",
        "machine",
        "studies",
        "tracking",
    }
    names = [check["name"] for check in shown["checks"]]
    probes = {"keras Dense", "autokeras", "tensorboard", "training, jax"}
    probes |= {"training, tensorflow"} | {f"engine {e}" for e in SAMPLERS} - {
        "engine random"
    }
    assert probes | {"python", "keras", "cores", "store", "mlflow", *MODULES} <= {
        *names
    }
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_a_broken_autokeras_is_told_with_versions_that_work(tmp_path, distribution):
    distribution("autokeras", "9.9.0", code="raise ImportError('no keras.foo')\n")
    folder = tmp_path / "work"
    folder.mkdir()
    # a server that is not there is told beside it
    done = doctor("--tracking-uri", f"http://me:{SECRET}@127.0.0.1:9", folder=folder)
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    of_it = [line for line in lines if line.split()[:2] == ["autokeras", "broken"]]
    version, probe = of_it
    assert "9.9.0 (allowed ==3.0.0)" in version
    assert 'pip install "autokeras==3.0.0"' in version
    assert "ImportError: no keras.foo" in probe
    assert "versions that work together" in probe
    assert '"autokeras==3.0.0"' in done.stdout.partition("known breakages")[2]
    assert any(line.split()[:2] == ["server", "broken"] for line in lines)
    assert SECRET not in done.stdout + done.stderr
    assert not list(folder.iterdir())
