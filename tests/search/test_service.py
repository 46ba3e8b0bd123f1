"""The stack of docker-compose.yml by its own commands: PostgreSQL, logins, workers."""

import json
import re
import shutil
import subprocess
import urllib.error
import urllib.request
from base64 import b64encode

import pytest
from headless import chromium
from native_stack import NativeStack, read_services
from real_command import COMMAND, SMALL, wait_until
from service_packages import needs_service

pytestmark = [
    pytest.mark.slow,
    needs_service,
]

SEARCH = ("search", "digits", "--cv", "kfold:3", "--epochs", "30", "--pruner", "none")
OPEN = ("/health", "/static", "/favicon.ico", "/server-info")
"""What everybody may see: nothing of anybody's."""

ROUTES = """
import json
from mlflow.server.auth import create_app
app = create_app()
seen = []
def walk(app):
    for route in getattr(app, "routes", ()):
        inner = getattr(route, "app", None)
        if hasattr(inner, "app"):
            inner = inner.app  # Flask below an adapter
        if hasattr(inner, "url_map"):
            walk_flask(inner)
        else:
            seen.extend((m, route.path) for m in getattr(route, "methods", None) or ())
def walk_flask(app):
    for rule in app.url_map.iter_rules():
        seen.extend((method, str(rule)) for method in rule.methods)
walk_flask(app) if hasattr(app, "url_map") else walk(app)
print(json.dumps(sorted(set(seen))))
"""


@pytest.fixture(scope="module")
def stack(tmp_path_factory):
    stack = NativeStack(tmp_path_factory.mktemp("stack"))
    try:
        stack.up()
        yield stack
    finally:
        stack.down()


@pytest.fixture(scope="module")
def logins(stack):
    """Logins of two students."""
    done = tunefold(stack, "users", "add", "ada", "grace", user="admin")
    head, *lines = done.stdout.splitlines()
    assert head == "name,password"
    return dict(line.split(",") for line in lines)


def environment(stack, user, password=None):
    named = {"admin": stack.variables["MLFLOW_ADMIN_PASSWORD"]}
    return {
        "MLFLOW_TRACKING_USERNAME": user,
        "MLFLOW_TRACKING_PASSWORD": password or named[user],
    }


def tunefold(stack, *words, user, password=None, status=0):
    """Run the command as the service `search` does."""
    done = stack.run(
        "search",
        *(str(COMMAND), *map(str, words)),
        env=environment(stack, user, password),
        capture_output=True,
        text=True,
        timeout=1800,
    )
    assert done.returncode == status, done.stderr
    assert "Traceback" not in done.stderr
    for secret in (password, *stack.variables.values()):
        assert secret is None or secret not in done.stderr
    return done


def ask(stack, method, path, login=None):
    """Return the status of an answer."""
    request = urllib.request.Request(stack.uri + path, method=method)
    if login is not None:
        word = b64encode(":".join(login).encode()).decode()
        request.add_header("Authorization", f"Basic {word}")
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        with error:
            return error.code


# The file


def test_the_file_is_complete_only_with_passwords():
    given = {"POSTGRES_PASSWORD": "a" * 16, "MLFLOW_ADMIN_PASSWORD": "b" * 16}
    for missing in ({}, {"MLFLOW_SECRET_KEY": ""}):
        with pytest.raises(SystemExit, match=r"copy \.env\.example to \.env"):
            read_services(given | missing)
    services = read_services(given | {"MLFLOW_SECRET_KEY": "c" * 16})
    published = {name: s["ports"] for name, s in services.items() if s.get("ports")}
    assert list(published) == ["mlflow"]
    assert "127.0.0.1" in str(published["mlflow"])
    for name, service in services.items():
        assert ":latest" not in service["image"], name
        assert service["cap_drop"] == ["ALL"], name
        for limit in ("mem_limit", "pids_limit"):
            assert service[limit], (name, limit)
        stays = service["restart"] != "no"
        assert ("healthcheck" in service) == stays, name
        logging = service["logging"]
        assert logging["driver"] == "none" or logging["options"]["max-size"], name
    text = json.dumps(services)
    for word in ("privileged: true", "docker.sock", "network_mode"):
        assert word not in text


@pytest.mark.parametrize(
    ("name", "value", "fault"),
    [
        ("POSTGRES_PASSWORD", "change-me", "is the example"),
        ("MLFLOW_ADMIN_PASSWORD", "short", "is shorter than 16 characters"),
        ("MLFLOW_SECRET_KEY", "with:a/sign-0000000", "other than letters and digits"),
    ],
)
def test_a_password_that_nobody_chose_starts_nothing(name, value, fault, tmp_path):
    with pytest.raises(SystemExit, match=f"{name}: .*{fault}"):
        NativeStack(tmp_path, **{name: value}).up()


@pytest.mark.ci
def test_a_worker_is_healthy_while_the_scheduler_knows_it(tmp_path):
    stack = NativeStack(tmp_path)
    try:
        assert not stack.is_healthy("scheduler")
        stack.start("scheduler")
        assert stack.is_healthy("scheduler")
        assert not stack.is_healthy("worker")
        stack.start("worker")
        wait_until(lambda: stack.is_healthy("worker"))
        stack.kill("worker")
        wait_until(lambda: not stack.is_healthy("worker"))
        assert stack.is_healthy("scheduler")
        stack.start("worker")
        wait_until(lambda: stack.is_healthy("worker"))
        stack.kill("scheduler")
        assert not stack.is_healthy("worker")
    finally:
        stack.down()


# The stack


@pytest.mark.ci
def test_no_stranger_gets_in(stack):
    done = stack.run(
        "mlflow",
        *("python", "-c", ROUTES),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    routes = json.loads(done.stdout.splitlines()[-1])
    assert len(routes) > 100
    let_in = {}
    for method, path in routes:
        if method in ("HEAD", "OPTIONS"):
            continue
        status = ask(stack, method, path.replace("<", "").replace(">", ""))
        if status != 401:
            let_in[f"{method} {path}"] = status
    not_open = [
        route
        for route in let_in
        if not any(word in route.partition(" ")[2] for word in OPEN)
    ]
    assert not_open == [], let_in
    assert ask(stack, "GET", "/", ("admin", "wrong")) == 401


@pytest.mark.ci
def test_a_search_on_the_cluster_from_login_to_the_loaded_model(
    stack, logins, tmp_path
):
    ada = {"user": "ada", "password": logins["ada"]}
    words = [*SEARCH, "--trials", 4, "--workers", 2, "--name", "first", *SMALL]
    with subprocess.Popen(
        [COMMAND, *map(str, words)],
        cwd=stack.folder / "studies",
        env=stack.environment("search") | environment(stack, *ada.values()),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        journal = stack.folder / "studies/tunefold-studies/first/journal.jsonl"
        wait_until(
            lambda: (
                process.poll() is not None
                or (journal.is_file() and '"fold"' in journal.read_text())
            )
        )
        stack.kill("worker")
        stack.start("worker")
        _, said = process.communicate(timeout=1800)
        assert process.returncode == 0, said
    best = json.loads(tunefold(stack, "best", "first", "--json", **ada).stdout)
    assert len(best["trials"]) == 4
    report = json.loads(
        tunefold(stack, "rerun", "first", "--seeds", 1, "--json", **ada).stdout
    )
    assert report["n_test"] > 0
    load = (
        "import mlflow.keras, sys\n"
        "from mlflow import MlflowClient\n"
        "[version] = MlflowClient().search_model_versions(\"name='ada-first'\")\n"
        "model = mlflow.keras.load_model(f'models:/ada-first/{version.version}')\n"
        "print(model.count_params())\n"
    )
    done = stack.run(
        "search",
        *("python", "-c", load),
        env=environment(stack, *ada.values()),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout.split()[-1]) == best["trials"][0]["n_parameters"]

    grace = {"user": "grace", "password": logins["grace"]}
    refused = tunefold(stack, "best", "first", status=1, **grace)
    assert "holds no study" in refused.stderr
    tunefold(stack, "users", "share", "ada/digits", "grace", **ada)
    tunefold(stack, "best", "first", **grace)
    refused = tunefold(stack, "users", "add", "mallory", status=1, **grace)
    assert "must be an administrator's" in refused.stderr

    [address] = re.findall("look at the trials: (http.*)", said)
    look_at_the_ui(stack, address, logins, tmp_path)
    backup_and_restore(stack, ada)
    no_secret_is_written(stack, logins)


def look_at_the_ui(stack, address, logins, tmp_path):
    with_login = stack.uri.replace("://", f"://ada:{logins['ada']}@")
    with chromium(tmp_path / "profile", size=(1600, 1000)) as browser:
        # the login is kept; scripts may not run where an address holds one
        browser.get(f"{with_login}/version")
        browser.get(address)
        wait_until(lambda: "first-3" in browser.page_source, 60)


def backup_and_restore(stack, ada):
    done = stack.run("backup", capture_output=True)
    assert done.returncode == 0, done.stderr
    assert len(done.stdout) > 10_000
    before = tunefold(stack, "best", "first", "--json", **ada).stdout
    shutil.rmtree(stack.folder / "mlflow" / "artifacts")
    drop = "DROP TABLE metrics CASCADE"
    dropped = stack.run("backup", "psql", "-c", drop, capture_output=True)
    assert dropped.returncode == 0, dropped.stderr
    assert stack.run("restore", input=b"").returncode != 0  # nothing is harmed by it
    restored = stack.run("restore", input=done.stdout, capture_output=True)
    assert restored.returncode == 0, restored.stderr
    assert tunefold(stack, "best", "first", "--json", **ada).stdout == before


def no_secret_is_written(stack, logins):
    """Passwords stand in no file of a study, no artifact and no log."""
    at = stack.uri.replace("://", f"://ada:{logins['ada']}@")
    words = ("--trials", 1, "--name", "by-address", "--tracking-uri", at, *SMALL)
    for command in ((*SEARCH, *words), ("doctor", "--tracking-uri", at)):
        done = stack.run(
            "search",
            *(str(COMMAND), *map(str, command)),
            env={"MLFLOW_TRACKING_USERNAME": "", "MLFLOW_TRACKING_PASSWORD": ""},
            capture_output=True,
            text=True,
            timeout=1800,
        )
        assert done.returncode == 0, done.stderr
        assert logins["ada"] not in done.stdout + done.stderr
    refused = tunefold(stack, "best", user="ada", password="a-wrong-one", status=1)
    assert "it refuses the login" in refused.stderr
    secrets = {*logins.values(), *stack.variables.values(), "a-wrong-one"}
    folders = (stack.folder / "studies", stack.folder / "mlflow")
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    files += stack.folder.glob("*.log")
    assert len(files) > 20
    for path in files:
        content = path.read_bytes()
        for secret in secrets:
            assert secret.encode() not in content, path
