"""Write a study's report: from the tracking store, or at the end of the search."""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pipelines.registry import get_pipeline
from pipelines.spec import MODULE, read_spec
from search.errors import SettingsError, TrackingError
from search.figures.drawing import Missing, Shown, draw_all
from search.figures.material import Material
from search.out_of_fold import OutOfFold, read_out_of_fold
from search.report.page import make_page
from search.results import best_trials, every_trial
from search.store import Store
from search.stored_study import RecordedStudy
from search.stored_winner import stored_winner
from spaces.errors import TunefoldError


@dataclass(frozen=True, kw_only=True)
class Written:
    """What was written.

    Attributes:
        page: The HTML page.
        figures: Those drawn and those missing, in order.
        trials: How many trials there are.
    """

    page: Path
    figures: Sequence[Shown | Missing]
    trials: int


def read_material(store: Store, study: RecordedStudy) -> Material:
    """Read what the figures of a study are made from."""
    settings = study.settings
    winner = stored_winner(store, study)
    return Material(
        settings=settings,
        trials=every_trial(store, study),
        predictions=_winner_predictions(store, study),
        classes=class_names(settings.pipeline, own_code=False),
        winner="" if winner is None else winner.describe(settings),
    )


def class_names(word: str, *, own_code: bool) -> tuple[str, ...]:
    """Return the names of a pipeline's classes; empty where they cannot be had.

    Args:
        word: The pipeline, as a study records it.
        own_code: Whether a module of the user may be imported for them. Not for a
            record in the store: it may be anybody's.
    """
    try:
        spec = read_spec(word)
        if spec is not None and spec.kind == MODULE and not own_code:
            return ()
        return tuple(get_pipeline(word).classes)
    except (TunefoldError, OSError):
        return ()


def write_report(
    material: Material,
    facts: Mapping[str, str],
    *,
    page: Path,
    folder: Path | None = None,
) -> Written:
    """Write the page of a study, and its figures where a folder is named.

    Args:
        material: The study.
        facts: Versions and machine at the time of the search.
        page: HTML file to write; one that is there is replaced.
        folder: Gets every figure as SVG and PNG; made where it is not there. None
            keeps none.

    Raises:
        SettingsError: File or folder cannot be written.
    """
    with tempfile.TemporaryDirectory() as passing:
        with explained("--to", page):  # seconds before the figures are drawn
            page.open("a").close()
        with explained("--figures", folder or page):
            if folder is not None:
                folder.mkdir(parents=True, exist_ok=True)
            figures = draw_all(
                material,
                folder or Path(passing),
                formats=("svg",) if folder is None else ("svg", "png"),
            )
        text = make_page(material, figures, facts)
        with explained("--to", page):
            page.write_text(text, encoding="utf-8")
    return Written(page=page, figures=figures, trials=len(material.trials))


def _winner_predictions(store: Store, study: RecordedStudy) -> OutOfFold | None:
    best = best_trials(store, study, 1)
    try:
        return read_out_of_fold(store, best[0]) if best else None
    except TrackingError:  # not stored, or damaged
        return None


@contextmanager
def explained(option: str, path: Path) -> Iterator[None]:
    """Turn an error of the system into one line: which option, which file, why."""
    try:
        yield
    except OSError as error:
        raise SettingsError(
            f"{option}: {path} cannot be written ({error.strerror}); name another place"
        ) from None
