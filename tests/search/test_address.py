from types import SimpleNamespace
from urllib.parse import parse_qs

import pytest

from search.address import LOCAL_UI, study_addresses
from search.recorder import Recorder
from search.ui_view import Contents, View, save_views, view_key

CONTENTS = Contents(
    greater_is_better=True, varying_params=[], common_params=[], curves=["accuracy"]
)


def query(address):
    return {name: text for name, [text] in parse_qs(address.split("?")[1]).items()}


@pytest.fixture
def study(store, make_settings):
    """Return a function that records a study and returns its run."""

    def study(**fields):
        Recorder(store, make_settings(**fields), began=1.0).begin({})
        return store.find("a")

    return study


def test_a_study_with_views_opens_on_them(store, study):
    run = study()
    run_id, experiment_id = run.info.run_id, run.info.experiment_id
    save_views(store.client, experiment_id, run_id, CONTENTS)
    found = study_addresses(store, run)
    for view in View:
        address = getattr(found, view)
        assert address.startswith(f"{LOCAL_UI}/#/experiments/{experiment_id}/runs?")
        assert query(address)["viewStateShareKey"] == view_key(run_id, view)
    assert "compareRunsMode" not in query(found.table)
    assert query(found.curves)["compareRunsMode"] == "CHART"
    page, _, workflow = found.page.partition("?")
    assert page == f"{LOCAL_UI}/#/experiments/{experiment_id}/runs/{run_id}"
    assert found.figures == f"{page}/artifacts/figures?{workflow}"
    assert query(found.page) == {"workflowType": "machine_learning"}


@pytest.mark.parametrize(
    ("metric", "ascending"), [("accuracy", "false"), ("log_loss", "true")]
)
def test_without_a_view_the_best_trial_comes_first(store, study, metric, ascending):
    run = study(metrics=(metric,))
    shown = query(study_addresses(store, run).table)
    assert "viewStateShareKey" not in shown
    assert run.info.run_id in shown["searchFilter"]
    assert shown["orderByAsc"] == ascending


@pytest.mark.parametrize("version", ["3.19.0", "3.1.4", ""])
def test_a_version_that_may_not_know_views_lists_the_trials(store, study, version):
    run = study()
    save_views(store.client, run.info.experiment_id, run.info.run_id, CONTENTS)
    store.version = version
    for address in (getattr(study_addresses(store, run), view) for view in View):
        assert "viewStateShareKey" not in query(address)
        assert run.info.run_id in query(address)["searchFilter"]


def test_the_address_is_that_of_the_server(store, study):
    run = study()
    remote = SimpleNamespace(
        client=store.client, is_local=False, version="3.17.2", name="http://host:80"
    )
    found = study_addresses(remote, run)
    assert found.page.startswith("http://host:80/#/experiments/")
    here = study_addresses(store, run, base_url="http://127.0.0.1:5001")
    assert here.table.startswith("http://127.0.0.1:5001/#/")
    relative = study_addresses(store, run, base_url="")
    assert relative.table.startswith("#/experiments/")
    assert relative.figures.startswith("#/experiments/")
