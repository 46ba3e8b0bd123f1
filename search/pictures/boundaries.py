"""Which class a network sees where in the plane."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from search.pictures.canvas import COLOURS, MARKERS, new_figure
from search.plane import Plane

COLUMNS = 3
"""Panels of a row: what a printed page holds."""

WORDS = {
    "first": "first input, prepared",
    "second": "second input, prepared",
    "boundary": "class boundary",
    "start": "start",
    "best": "best epoch: {epoch}",
    "last": "last epoch: {epoch}",
    "same": "best and last epoch: {epoch}",
}
"""What stands in the picture; another language brings its own."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Panel:
    """One network at one epoch.

    Attributes:
        title: Above it.
        plane: What the network predicts in the plane.
        epoch: After which of the plane's epochs.
    """

    title: str
    plane: Plane
    epoch: int


def draw_boundaries(
    path: Path,
    panels: Sequence[Panel],
    *,
    classes: Sequence[str],
    words: Mapping[str, str] = WORDS,
) -> None:
    """Draw a panel for each network: its classes as areas, training rows as points.

    An area has the colour of the likeliest class, the paler the less likely it is;
    black lines are the boundaries.

    Args:
        path: PNG to write.
        panels: At least one, in reading order.
        classes: Names of the classes.
        words: Labels, with the keys of `WORDS`.
    """
    columns = min(COLUMNS, len(panels))
    rows = -(-len(panels) // columns)
    figure, axes = new_figure(columns, size=3.2, rows=rows, width=3.2)
    flat = np.ravel(axes)
    for axis, panel in zip(flat, panels, strict=False):
        _draw(axis, panel)
    for axis in flat[len(panels) :]:
        axis.set_visible(False)
    for number, axis in enumerate(flat[: len(panels)]):
        if number % columns == 0:
            axis.set_ylabel(words["second"])
        if number + columns >= len(panels):  # nothing below it
            axis.set_xlabel(words["first"])
    for number, name in enumerate(classes):
        flat[0].scatter([], [], **_look(number), s=30, label=name)
    flat[0].plot([], [], color="black", linewidth=1.2, label=words["boundary"])
    handles, labels = flat[0].get_legend_handles_labels()
    figure.legend(
        handles,
        labels,
        loc="outside lower center",
        ncols=min(len(labels), 2 * columns),
        fontsize=9,
    )
    figure.savefig(path, dpi=150)


def over_time(
    plane: Plane, *, best: int, last: int, words: Mapping[str, str] = WORDS
) -> list[Panel]:
    """Return a network's panels at the start, at the best and at the last epoch.

    Args:
        plane: Holds epoch 0 and both of these.
        best: Its best epoch, from 1.
        last: Its last epoch; the same panel where it is the best.
        words: Titles.
    """
    titles = {0: "start", best: "best", last: "same" if best == last else "last"}
    return [
        Panel(title=words[word].format(epoch=epoch), plane=plane, epoch=epoch)
        for epoch, word in titles.items()
    ]


def _draw(axis: Any, panel: Panel) -> None:
    plane = panel.plane
    probabilities = plane.by_epoch[panel.epoch]
    first, second = plane.axes
    axis.imshow(
        _areas(probabilities),
        origin="lower",
        extent=(first[0], first[-1], second[0], second[-1]),
        aspect="auto",
        interpolation="bilinear",
    )
    for number in range(probabilities.shape[2]):
        others = np.delete(probabilities, number, axis=2).max(axis=2)
        lead = probabilities[:, :, number] - others
        if lead.min() < 0 < lead.max():
            axis.contour(first, second, lead, [0.0], colors="black", linewidths=1.2)
        rows = plane.rows[plane.y == number]
        axis.scatter(rows[:, 0], rows[:, 1], s=10, **_look(number))
    axis.set_title(panel.title, fontsize=9)


def _look(number: int) -> dict[str, Any]:
    return {
        "color": COLOURS[number % len(COLOURS)],
        "marker": MARKERS[number % len(MARKERS)],
        "edgecolors": "white",
        "linewidths": 0.4,
    }


def _areas(probabilities: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return a picture, (k, k, 3) in [0, 1]: white where all classes are as likely."""
    from matplotlib.colors import to_rgb

    n_classes = probabilities.shape[2]
    colours = np.array([to_rgb(COLOURS[n % len(COLOURS)]) for n in range(n_classes)])
    chance = 1 / n_classes
    sure = (probabilities.max(axis=2) - chance) / (1 - chance)
    likeliest = colours[probabilities.argmax(axis=2)]
    picture: NDArray[np.float64] = 1 - 0.55 * sure[:, :, None].clip(0, 1) * (
        1 - likeliest
    )
    return picture
