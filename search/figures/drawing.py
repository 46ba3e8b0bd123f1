"""Draw all figures of a study into a folder; what makes no sense says why."""

import json
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from search.figures.figure import Figure, NothingToShowError
from search.figures.material import Material
from search.figures.registry import FIGURES
from search.figures.text import for_print

DPI = 150


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A figure that was drawn.

    Attributes:
        name: Its name.
        title: What is seen.
        caption: How to read it.
        plots: For a browser, the list as JSON.
        files: By format, `svg` or `png`.
    """

    name: str
    title: str
    caption: str
    plots: str
    files: dict[str, Path]


@dataclass(frozen=True, kw_only=True)
class Missing:
    """A figure that was not.

    Attributes:
        name: Its name.
        title: What would be seen.
        reason: Why it is missing, one line.
        broken: Whether drawing failed, which is a fault of ours.
    """

    name: str
    title: str
    reason: str
    broken: bool = False


def draw_all(
    material: Material,
    folder: Path,
    *,
    formats: Sequence[str],
    figures: Iterable[Figure[Any]] = FIGURES,
) -> list[Shown | Missing]:
    """Draw every figure that makes sense; none keeps another from being drawn.

    Args:
        material: The study.
        folder: Exists; gets `NAME.svg` and `NAME.png`.
        formats: Which of both.
        figures: Which, in order.

    Raises:
        OSError: The folder cannot be written.
    """
    return [_drawn(figure, material, folder, formats) for figure in figures]


def _drawn(
    figure: Figure[Any], material: Material, folder: Path, formats: Sequence[str]
) -> Shown | Missing:
    name, title = figure.name, figure.title
    try:
        data = figure.compute(material)
        files = {form: folder / f"{name}.{form}" for form in formats}
        drawing = figure.draw(data)
        _entitle(drawing, f"{material.settings.name}: {title}")
        save(drawing, files)
        return Shown(
            name=name,
            title=title,
            caption=figure.caption(data),
            plots=json.dumps(figure.plots(data), allow_nan=False),
            files=files,
        )
    except NothingToShowError as why:
        return Missing(name=name, title=title, reason=str(why))
    except OSError:  # nothing can be written there
        raise
    except Exception as error:  # noqa: BLE001  (a study is shown without a figure)
        reason = f"could not be drawn: {type(error).__name__}: {error}"
        reason = " ".join(reason.split())[:300]
        return Missing(name=name, title=title, reason=reason, broken=True)


def save(drawing: Any, files: Mapping[str, Path]) -> None:
    """Write a Matplotlib figure into files by format, `svg` or `png`."""
    from matplotlib import rc_context

    # no date and no random names in an SVG: the same study gives the same file
    with warnings.catch_warnings(), rc_context({"svg.hashsalt": "tunefold"}):
        # a name in a script that the font lacks: boxes, but no word on the terminal
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        drawing.get_layout_engine().execute(drawing)  # once, not for every format
        drawing.set_layout_engine("none")
        for form, path in files.items():
            metadata = {"Date": None} if form == "svg" else None
            drawing.savefig(path, dpi=DPI, metadata=metadata)


def _entitle(drawing: Any, title: str) -> None:
    """Write the title above the panels, before what stands there already."""
    own = drawing.get_suptitle()
    drawing.suptitle(for_print(title) + (f"; {own}" if own else ""), fontsize=10)
