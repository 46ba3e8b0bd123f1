from types import SimpleNamespace
from urllib.parse import parse_qs

import pytest

from search.address import LOCAL_UI, study_address
from search.recorder import Recorder
from search.ui_view import save_view, view_key


def query(address):
    return {name: text for name, [text] in parse_qs(address.split("?")[1]).items()}


@pytest.fixture
def study(store, make_settings):
    """Return a function that records a study and returns its run."""

    def study(**fields):
        Recorder(store, make_settings(**fields), began=1.0).begin({})
        return store.find("a")

    return study


def test_a_study_with_a_view_opens_on_it(store, study):
    run = study()
    save_view(
        store.client,
        run.info.experiment_id,
        run.info.run_id,
        greater_is_better=True,
        varying_params=[],
    )
    address = study_address(store, run)
    assert address.startswith(f"{LOCAL_UI}/#/experiments/{run.info.experiment_id}/runs")
    assert query(address)["viewStateShareKey"] == view_key(run.info.run_id)


@pytest.mark.parametrize(
    ("metric", "ascending"), [("accuracy", "false"), ("log_loss", "true")]
)
def test_without_a_view_the_best_trial_comes_first(store, study, metric, ascending):
    run = study(metrics=(metric,))
    shown = query(study_address(store, run))
    assert "viewStateShareKey" not in shown
    assert run.info.run_id in shown["searchFilter"]
    assert shown["orderByAsc"] == ascending


def test_the_address_is_that_of_the_server(store, study):
    run = study()
    remote = SimpleNamespace(client=store.client, is_local=False, name="http://host:80")
    assert study_address(remote, run).startswith("http://host:80/#/experiments/")
    here = study_address(store, run, base_url="http://127.0.0.1:5001")
    assert here.startswith("http://127.0.0.1:5001/#/")
