"""The MLflow UI's addresses and saved views, its server, and what a browser shows."""

import contextlib
import secrets
import signal
import socket
import string
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from headless import chromium
from mlflow_ui import COLUMN, HEADER, Viewer, ask

from search.errors import SettingsError
from search.ui import find_port, serve
from search.ui_view import (
    KIND_TAG,
    MAX_PARAMS,
    METRICS,
    TAGS,
    VIEW_TAG,
    Contents,
    View,
    pack,
    runs_address,
    save_views,
    unpack,
    view_key,
)

BASE = "http://127.0.0.1:5000"
PARAMS = ["learning_rate", "dropout", "n_layers"]
CONTENTS = Contents(
    greater_is_better=True,
    varying_params=PARAMS,
    common_params=["learning_rate", "dropout"],
    curves=["accuracy", "loss"],
)
SCORES = [0.91, 0.97, 0.89, 0.95, 0.93, 0.9]
ONE_PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de"
    "0000000c49444154789c63f8cfc0000003010100c9fe92ef0000000049454e44ae426082"
)


def query(address: str) -> dict[str, str]:
    return {name: text for name, [text] in parse_qs(address.split("?")[1]).items()}


# Addresses


def test_an_address_without_a_view_filters_and_sorts() -> None:
    address = runs_address(f"{BASE}/", "7", "abc", saved=False)
    assert address.startswith(f"{BASE}/#/experiments/7/runs?")
    shown = query(address)
    assert shown["workflowType"] == "machine_learning"
    assert shown["searchFilter"] == 'tags.mlflow.parentRunId = "abc"'
    assert (shown["orderByKey"], shown["orderByAsc"]) == ("metrics.`score`", "false")
    assert "viewStateShareKey" not in shown
    lower = runs_address(BASE, "7", "abc", saved=False, greater_is_better=False)
    assert query(lower)["orderByAsc"] == "true"


def test_an_address_with_a_view_leaves_filter_and_order_to_the_view() -> None:
    shown = query(runs_address(BASE, "7", "abc", view=View.CURVES))
    assert shown == {
        "workflowType": "machine_learning",
        "viewStateShareKey": view_key("abc", View.CURVES),
        "compareRunsMode": "CHART",
    }


def test_a_relative_address_needs_no_server() -> None:
    assert runs_address("", "7", "abc").startswith("#/experiments/7/runs?")


# Saved views


def test_unpack_reads_what_pack_wrote() -> None:
    state = {"searchFilter": 'a = "é"', "orderByAsc": False}
    assert pack(state).startswith("deflate;")
    assert unpack(pack(state)) == state


# A real store


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Two studies in one experiment, written by a plain client in its folder."""
    from mlflow import MlflowClient
    from mlflow.entities import Metric, Param

    folder = tmp_path_factory.mktemp("store")
    with contextlib.chdir(folder):  # the client's artifact folder is ./mlruns
        client = MlflowClient("sqlite:///tunefold.db")
        experiment = client.create_experiment("digits")
        (folder / "plot.png").write_bytes(ONE_PIXEL)
        studies = []
        for name, scores in (("a", SCORES), ("b", [0.99, 0.5])):
            tags = {"tunefold.key": name}
            study = client.create_run(experiment, run_name=name, tags=tags)
            studies.append(study.info.run_id)
            for number, score in enumerate(scores):
                trial = client.create_run(
                    experiment,
                    run_name=f"{name}/{number}",
                    tags={
                        "mlflow.parentRunId": study.info.run_id,
                        "tunefold.key": f"{name}/{number}",
                        "diagnosis": "overfit",
                    },
                ).info.run_id
                values = (score, 0.01, 0.02, 1000 * (number + 1), 3.5)
                metrics = [
                    Metric(metric, value, 1, 0)
                    for metric, value in zip(METRICS, values, strict=True)
                ]
                metrics += [
                    Metric(curve, 1 / (epoch + 1), 1, epoch)
                    for curve in ("loss", "val_loss", "val_loss/fold_0")
                    for epoch in range(4)
                ]
                # batch_size is the same everywhere: no column for it.
                params = {"learning_rate": 0.1**number, "dropout": 0.1 * number}
                params |= {"n_layers": number, "batch_size": 64}
                texts = [Param(param, str(value)) for param, value in params.items()]
                client.log_batch(trial, metrics=metrics, params=texts)
                client.set_terminated(trial)
            client.log_artifact(trial, str(folder / "plot.png"), "figures")
        save_views(client, experiment, studies[0], CONTENTS)
    return {
        "uri": f"sqlite:///{folder / 'tunefold.db'}",
        "experiment": experiment,
        "study": studies[0],
        "trial": trial,
    }


def views_of(client: Any, experiment: str, study: str) -> dict[View, dict[str, Any]]:
    tags = client.get_experiment(experiment).tags
    return {view: unpack(tags[VIEW_TAG + view_key(study, view)]) for view in View}


def test_saving_views_again_replaces_them(store: dict[str, str]) -> None:
    from mlflow import MlflowClient

    client = MlflowClient(store["uri"])
    before = client.get_experiment(store["experiment"]).tags
    save_views(client, store["experiment"], store["study"], CONTENTS)
    after = client.get_experiment(store["experiment"]).tags
    assert after == before
    assert after[KIND_TAG] == "custom_model_development"
    views = views_of(client, store["experiment"], store["study"])
    for view in views.values():
        assert view["searchFilter"] == f'tags.mlflow.parentRunId = "{store["study"]}"'
        assert view["orderByAsc"] is False
        assert view["selectedColumns"] == [
            *(f"metrics.`{name}`" for name in METRICS),
            *(f"params.`{name}`" for name in PARAMS),
            *(f"tags.`{name}`" for name in TAGS),
        ]
    size, parallel = views[View.PARAMETERS]["compareRunCharts"]
    assert (size["type"], parallel["type"]) == ("SCATTER", "PARALLEL")
    assert parallel["selectedParams"] == ["learning_rate", "dropout"]
    curves = views[View.CURVES]["compareRunCharts"]
    shown = ["val_accuracy", "accuracy", "val_loss", "loss"]
    assert [chart["metricKey"] for chart in curves] == shown


def test_one_parameter_makes_no_parallel_coordinates(store: dict[str, str]) -> None:
    from mlflow import MlflowClient

    client = MlflowClient(store["uri"])
    few = replace(CONTENTS, common_params=["dropout"])
    save_views(client, store["experiment"], "few", few)
    charts = views_of(client, store["experiment"], "few")[View.PARAMETERS]
    assert [chart["type"] for chart in charts["compareRunCharts"]] == ["SCATTER"]


def test_a_homework_is_grouped_by_technique(store: dict[str, str]) -> None:
    from mlflow import MlflowClient

    client = MlflowClient(store["uri"])
    homework = replace(CONTENTS, techniques=True)
    save_views(client, store["experiment"], "homework", homework)
    for view in views_of(client, store["experiment"], "homework").values():
        (group,) = view["groupBy"]["groupByKeys"]
        assert group == {"mode": "tag", "groupByData": "technique"}
        assert "tags.`setting`" in view["selectedColumns"]
        # the UI does not draw them of groups where a parameter is a word
        assert "PARALLEL" not in [chart["type"] for chart in view["compareRunCharts"]]
    plain = views_of(client, store["experiment"], store["study"])
    assert not any("groupBy" in view for view in plain.values())


def test_a_view_fits_the_smallest_tag_of_any_mlflow(store: dict[str, str]) -> None:
    from mlflow import MlflowClient

    # The worst case: random names of the length MLflow allows at most.
    alphabet = string.ascii_letters + string.digits + "_-."
    names = ["".join(secrets.choice(alphabet) for _ in range(250)) for _ in range(40)]
    client = MlflowClient(store["uri"])
    wide = client.create_experiment("wide")
    contents = replace(CONTENTS, varying_params=names, common_params=names)
    save_views(client, wide, "abc", contents)
    tags = client.get_experiment(wide).tags
    for view in View:
        tag = tags[VIEW_TAG + view_key("abc", view)]
        assert len(tag) < 5000  # the limit of older servers; it is 20,000 in 3.17
        columns = unpack(tag)["selectedColumns"]
        assert len(columns) == len(METRICS) + MAX_PARAMS + len(TAGS)


# Ports and stores


def test_a_taken_port_gives_the_next_free_one() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        found = find_port("127.0.0.1", port)
        assert port < found < port + 20
    assert find_port("127.0.0.1", port) == port


def test_a_host_of_another_machine_is_refused() -> None:
    with pytest.raises(SettingsError, match=r"192\.0\.2\.1"):  # for documentation only
        find_port("192.0.2.1", 5000)


@pytest.mark.parametrize("port", [0, 65536])
def test_a_port_that_does_not_exist_is_refused(port: int) -> None:
    with pytest.raises(SettingsError, match=f"1 to 65535, got {port}"):
        find_port("127.0.0.1", port)


@pytest.mark.parametrize(
    ("uri", "reason"),
    [
        ("http://127.0.0.1:5000", "SQLite file"),
        ("sqlite:///no-such.db", "run a search first"),
    ],
)
def test_what_is_not_an_existing_sqlite_store_is_refused(
    uri: str, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SettingsError, match=reason):
        serve(uri, on_ready=lambda address, was_free: None)
    assert not list(tmp_path.iterdir())


# The server


@pytest.fixture
def viewer(store: dict[str, str], tmp_path: Path) -> Iterator[Viewer]:
    # A file that hides a module of Python from whoever looks in the folder first.
    (tmp_path / "random.py").write_text("raise SystemExit('hidden')")
    started = Viewer(store["uri"], tmp_path)
    yield started
    started.close()


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_no_process_of_the_server_outlives_the_viewer(
    viewer: Viewer, number: signal.Signals
) -> None:
    if number == signal.SIGKILL and sys.platform != "linux":
        pytest.skip("only Linux ends a child with its killed parent")
    address, was_free = viewer.answer
    port = int(address.rpartition(":")[2])
    assert viewer.asked < port < viewer.asked + 20
    assert was_free == "False"
    assert len(viewer.server) == 2  # MLflow's command and its one worker
    viewer.process.send_signal(number)
    assert viewer.wait() == (-number if number == signal.SIGKILL else 0)
    assert find_port("127.0.0.1", port) == port


# The browser


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Any]:
    # the table holds only the columns that are visible
    with chromium(tmp_path / "profile", size=(2400, 1200)) as started:
        yield started


IMAGES = "[...document.images].filter(i => i.naturalWidth === 1).slice(0, 1)"


@pytest.mark.slow
def test_a_browser_shows_the_trials_and_the_wanted_columns(
    store: dict[str, str], viewer: Viewer, browser: Any
) -> None:
    base = viewer.answer[0]
    experiment, study = store["experiment"], store["study"]
    best_first = [str(score) for score in sorted(SCORES, reverse=True)]
    score = COLUMN.format("metrics.`score`")

    browser.get(runs_address(base, experiment, study))
    assert ask(browser, score, n_rows=len(SCORES)) == best_first
    wanted = ["Run Name", "Created", *METRICS, *PARAMS, *TAGS, "Duration"]
    until = time.monotonic() + 60  # columns come one after the other
    while True:
        header = browser.execute_script(f"return {HEADER}")
        shown = [name.strip() for name in header if name.strip()]
        if shown == wanted or time.monotonic() > until:
            break
        time.sleep(0.2)
    assert shown == wanted

    # Without the view no scores are shown, but the same trials in the same order.
    browser.get("about:blank")  # else only the part behind # changes: no new page
    browser.get(runs_address(base, experiment, study, saved=False))
    names = COLUMN.format("attributes.`Run Name`")
    order = sorted(range(len(SCORES)), key=lambda number: -SCORES[number])
    expected = [f"a/{number}" for number in order]
    assert ask(browser, names, n_rows=len(SCORES)) == expected

    # A PNG that was logged without any server.
    page = f"{base}/#/experiments/{experiment}/runs/{store['trial']}/artifacts"
    browser.get("about:blank")
    browser.get(f"{page}/figures/plot.png")
    ask(browser, IMAGES, n_rows=1)
