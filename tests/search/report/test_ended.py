import numpy as np
import pytest
from stored_predictions import arrays_of

from search.report.ended import draw_report

FACTS = {"keras": "3.15.0"}


@pytest.mark.slow
def test_a_study_leaves_figures_for_print_and_the_page(
    make_study, make_out_of_fold, tmp_path
):
    study = make_study(12)
    predictions = tmp_path / "kept.npz"
    np.savez(predictions, **arrays_of(make_out_of_fold(n_classes=10)))
    folder = tmp_path / "report"
    folder.mkdir()
    failed = draw_report(
        folder, study.settings, study.trials, facts=FACTS, predictions=predictions
    )
    assert failed is None
    assert sorted(path.name for path in folder.iterdir()) == ["figures", "report.html"]
    names = {path.name for path in (folder / "figures").iterdir()}
    assert {"history.png", "confusion-matrix.png", "importance.png"} <= names
    assert all(name.endswith(".png") for name in names)


@pytest.mark.slow
def test_what_cannot_be_drawn_is_said(make_study, make_out_of_fold, tmp_path):
    study = make_study(2)
    kept = arrays_of(make_out_of_fold())
    predictions = tmp_path / "kept.npz"  # labels, where probabilities belong
    np.savez(predictions, **kept | {"predictions": kept["y"].astype("f4")})
    folder = tmp_path / "report"
    folder.mkdir()
    failed = draw_report(
        folder, study.settings, study.trials, facts=FACTS, predictions=predictions
    )
    assert failed.startswith("confusion-matrix could not be drawn: ")
    assert (folder / "report.html").is_file()
    assert (folder / "figures" / "history.png").is_file()
