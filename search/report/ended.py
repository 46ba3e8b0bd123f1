"""What a study leaves in its run at the end: figures for print, and the page."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from search.errors import TrackingError
from search.figures.drawing import Missing, Shown, draw_all
from search.figures.material import Material
from search.out_of_fold import OutOfFold, load_out_of_fold
from search.report.page import make_page
from search.report.study_report import class_names
from search.types import Settings, Trial

FIGURES = "figures"
PAGE = "report.html"


def draw_report(
    folder: Path,
    settings: Settings,
    trials: Sequence[Trial],
    *,
    facts: Mapping[str, str],
    predictions: Path,
    winner: str = "",
) -> str | None:
    """Write `figures/*.png` and `report.html` of a study that has just ended.

    Args:
        folder: Exists and is empty.
        settings: The study's.
        trials: All of it.
        facts: Versions and machine.
        predictions: File of the best trial's out-of-fold predictions; may be missing.
        winner: What its score is worth, in words.

    Returns:
        Which figures could not be drawn, and why; None where all could.
    """
    material = Material(
        settings=settings,
        trials=sorted(trials, key=lambda trial: trial.number),
        predictions=_read(predictions),
        classes=class_names(settings.pipeline, own_code=True),
        winner=winner,
    )
    pictures = folder / FIGURES
    pictures.mkdir()
    figures = draw_all(material, pictures, formats=("svg", "png"))
    page = make_page(material, figures, facts)
    (folder / PAGE).write_text(page, encoding="utf-8")
    for figure in figures:
        if isinstance(figure, Shown):
            figure.files["svg"].unlink()  # stands in the page
    failed = [
        f"{figure.name} {figure.reason}"
        for figure in figures
        if isinstance(figure, Missing) and figure.broken
    ]
    return "; ".join(failed) or None


def _read(predictions: Path) -> OutOfFold | None:
    try:
        return load_out_of_fold(predictions)
    except TrackingError:  # missing or damaged
        return None
