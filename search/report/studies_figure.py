"""Draw studies together, from the tracking store."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from search.figures import studies
from search.figures.drawing import save
from search.figures.material import Material
from search.report.study_report import explained
from search.results import every_trial, load_study
from search.store import Store


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """A figure that was written.

    Attributes:
        files: SVG and PNG.
        caption: How to read it.
    """

    files: tuple[Path, ...]
    caption: str


def draw_studies(store: Store, names: Sequence[str], folder: Path) -> Drawn:
    """Write the best score so far of each study by what it cost.

    Args:
        store: The tracking store.
        names: Of studies of the same folds and metric, each with a complete trial.
        folder: Gets `anytime.svg` and `anytime.png`; made where it is not there.

    Raises:
        SettingsError: The folder cannot be written.
    """
    materials = []
    for name in names:
        study = load_study(store, name)
        trials = every_trial(store, study)
        materials.append(Material(settings=study.settings, trials=trials))
    shown = studies.compute(materials)
    files = {form: folder / f"{studies.NAME}.{form}" for form in ("svg", "png")}
    with explained("--figures", folder):
        folder.mkdir(parents=True, exist_ok=True)
        save(studies.draw(shown), files)
    return Drawn(files=tuple(files.values()), caption=studies.caption(shown))
