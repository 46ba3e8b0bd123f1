"""A report from a real store: of finished, running and damaged studies."""

from pathlib import Path

import pytest
from stored_predictions import arrays_of

from search.errors import SettingsError
from search.figures.drawing import Missing
from search.out_of_fold import ARTIFACT
from search.recorder import Recorder
from search.report.study_report import class_names, read_material, write_report
from search.results import load_study

FACTS = {"keras": "3.15.0"}


@pytest.fixture
def record(store, make_out_of_fold, tmp_path):
    """Return a function that records a study and gives it back as it is stored."""
    import numpy as np

    def record(study, *, with_predictions=True):
        recorder = Recorder(store, study.settings, began=1.0)
        recorder.begin(FACTS)
        path = tmp_path / "kept.npz"
        np.savez(path, **arrays_of(make_out_of_fold(n_classes=10)))
        nothing = Path("no-predictions.npz")
        for trial in study.trials:
            kept = trial.score is not None and with_predictions
            recorder.trial(trial, path if kept else nothing)
        return load_study(store, study.settings.name)

    return record


def test_all_trials_are_read_back(store, record, make_study, make_trial):
    study = make_study(3)
    trials = [
        *study.trials,
        make_trial(3, state="stopped", n_folds=1),
        make_trial(4, state="failed", folds=()),
        make_trial(5, state="running", n_folds=2),  # its study has ended
    ]
    recorded = record(make_study(trials=trials))
    # another one is being trained, as in a study that still runs
    tags = {"tunefold.key": "a/6", "mlflow.parentRunId": recorded.run_id}
    store.create_run(
        recorded.experiment_id, "a-6", tags=tags | {"state": "running"}, began=2.0
    )
    material = read_material(store, recorded)
    assert [trial.number for trial in material.trials] == [0, 1, 2, 3, 4, 5]
    assert [trial.state.value for trial in material.trials[3:]] == [
        *("stopped", "failed", "running")
    ]
    assert material.trials[0].params == trials[0].params
    assert material.classes == tuple("0123456789")
    assert len(material.predictions.y) == 300


@pytest.mark.slow
@pytest.mark.ci
def test_page_and_figures_are_written(store, record, make_study, tmp_path):
    material = read_material(store, record(make_study(12)))
    page, folder = tmp_path / "r.html", tmp_path / "new" / "figures"
    written = write_report(material, FACTS, page=page, folder=folder)
    names = {f.name for f in written.figures if not isinstance(f, Missing)}
    assert {path.name for path in folder.iterdir()} == {
        f"{name}.{form}" for name in names for form in ("svg", "png")
    }
    assert "confusion-matrix" in names
    assert page.read_text().startswith("<!DOCTYPE html>")
    again = write_report(material, FACTS, page=page)  # the page alone is replaced
    assert [f.name for f in again.figures] == [f.name for f in written.figures]


def test_predictions_that_are_missing_or_damaged(store, record, make_study, tmp_path):
    recorded = record(make_study(2), with_predictions=False)
    assert read_material(store, recorded).predictions is None
    damaged = tmp_path / ARTIFACT
    damaged.write_text("not a file of numbers")
    for run in store.children(recorded.run_id):
        store.client.log_artifact(run.info.run_id, str(damaged))
    assert read_material(store, recorded).predictions is None


def test_where_nothing_can_be_written_it_says_so(make_study, tmp_path):
    (tmp_path / "file").write_text("")
    study = make_study(1)
    for place in ({"page": tmp_path / "no" / "r.html"}, {"page": tmp_path}):
        with pytest.raises(SettingsError, match=r"^--to: .* cannot be written"):
            write_report(study, FACTS, **place)
    with pytest.raises(SettingsError, match=r"^--figures: .* cannot be written"):
        write_report(
            study, FACTS, page=tmp_path / "r.html", folder=tmp_path / "file" / "below"
        )


def test_a_record_does_not_import_a_module_of_the_user(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("mine.py").write_text("raise SystemExit('imported')")
    assert class_names("mine:PIPELINE", own_code=False) == ()
    assert class_names("table:gone.csv?target=y", own_code=True) == ()
    assert class_names("no_such_pipeline", own_code=True) == ()
    assert class_names("digits", own_code=False) == tuple("0123456789")
