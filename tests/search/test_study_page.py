"""A study's page in the MLflow UI, and what its links open, in a browser."""

import time

import pytest
from headless import chromium
from mlflow_ui import COLUMN, HEADER, Viewer, ask

from search.address import study_addresses
from search.journal import Journal
from search.recorder import Recorder
from search.tracking import MlflowTracker

pytestmark = pytest.mark.slow

N_TRIALS, N_FOLDS = 12, 3
LINKS = """
    [...document.querySelectorAll('a[target="_blank"]')]
    .filter(link => link.getAttribute('href').startsWith('#/experiments/'))
    .map(link => [link.innerText, link.href])
"""
CARDS = """
    [...document.querySelectorAll('[data-testid="experiment-view-compare-runs-card"]')]
"""
COUNT = CARDS.strip() + ".map(card => card.querySelectorAll('{}').length)"
TITLES = f"{CARDS}.map(card => card.innerText.split('\\n')[0])"


@pytest.fixture
def study(store, make_settings, make_trial, make_fold, tmp_path):
    """A study of twelve trials, the last one stopped; a third lack a parameter."""
    settings = make_settings(experiment="of the page")
    journal = Journal.create(tmp_path / "a", settings, {"facts": {}, "began": 1.0})
    recorder = Recorder(store, settings, began=1.0)
    recorder.begin({"keras": "3.15.0"})
    tracker = MlflowTracker(recorder, journal, settings)
    trials = []
    for number in range(N_TRIALS):
        last = number == N_TRIALS - 1
        folds = tuple(
            make_fold(
                fold,
                height=0.6 + 0.02 * number,
                n_parameters=1000 * (number + 1),
                best_epoch=2 + number % 3,
            )
            for fold in range(1 if last else N_FOLDS)
        )
        params = {"width_1": 16 * (number + 1), "dropout": 0.05 * number, "l2": "off"}
        if number % 3 == 0:
            params |= {"l2": "on", "l2_strength": 0.01 * (number + 1)}
        trial = make_trial(
            number,
            folds=folds,
            params=params,
            n_parameters=folds[0].n_parameters,
            state="stopped" if last else "complete",
        )
        trials.append(trial)
        for fold in folds:
            tracker.fold_done(trial, fold)
        tracker.trial_done(trial)
    tracker.study_done(trials, reason="all trials are done", finished=True)
    tracker.report(trials)
    tracker.close()
    assert tracker.left_behind == 0
    journal.close()
    return store.find("a")


@pytest.fixture
def base(study, store, tmp_path):
    viewer = Viewer(store.uri, tmp_path)
    yield viewer.answer[0]
    viewer.close()


@pytest.fixture
def browser(tmp_path):
    with chromium(tmp_path / "profile", size=(1800, 1400)) as started:
        yield started


def until(browser, script, condition, seconds=60):
    """Repeat a script until what it returns is as it should be."""
    end = time.monotonic() + seconds
    while not condition(found := browser.execute_script(f"return {script.strip()}")):
        assert time.monotonic() < end, found
        time.sleep(0.3)
    return found


def test_the_page_leads_to_table_curves_and_parameters(study, store, base, browser):
    addresses = study_addresses(store, study, base_url=base)
    browser.get(addresses.page)
    links = dict(ask(browser, LINKS, n_rows=4))
    # Relative links are right whatever the server's address is.
    assert list(links.values()) == [
        addresses.table,
        addresses.curves,
        addresses.parameters,
        addresses.figures,
    ]
    text = browser.execute_script("return document.body.innerText")
    assert "test rows not used" in text
    assert "trials: 11 complete, 1 stopped" in text

    browser.find_element("link text", "all trials as a table").click()
    browser.switch_to.window(browser.window_handles[-1])
    names = ask(browser, COLUMN.format("attributes.`Run Name`"), n_rows=N_TRIALS)
    assert names[:2] == ["a-10", "a-9"]
    header = browser.execute_script(f"return {HEADER}")
    shown = [name.strip() for name in header if name.strip()]
    assert shown[2:7] == ["score", "score_std", "gap", "n_parameters", "seconds"]
    assert shown[7:9] == ["width_1", "dropout"]

    browser.get("about:blank")
    browser.get(addresses.curves)
    first = ["val_accuracy", "accuracy", "val_loss", "loss"]
    by_fold = [f"val_accuracy/fold_{fold}" for fold in range(N_FOLDS)]
    until(browser, TITLES, lambda titles: titles[:7] == first + by_fold)
    # two traces for each of the ten best trials: its line and its points
    until(browser, COUNT.format(".scatterlayer .trace"), lambda n: min(n[:4]) >= 10)

    browser.get("about:blank")
    browser.get(addresses.parameters)
    until(browser, COUNT.format(".point"), lambda n: n[:1] == [N_TRIALS - 1])
    shown = ["n_parameters vs. score", "Parallel Coordinates"]
    until(browser, TITLES, lambda titles: titles == shown)
    axes = f"{CARDS}[1].innerText.split(/\\s+/)"
    until(browser, axes, {"width_1", "dropout", "l2", "score"}.issubset)
    assert "l2_strength" not in browser.execute_script(f"return {axes.strip()}")
