"""Which class the best trial takes for which, on rows its networks had not seen."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from search.figures.browser import plot
from search.figures.figure import Figure, NothingToShowError, Plot
from search.figures.material import Material
from search.figures.predicted import predictions_of
from search.figures.text import for_browser, for_print
from search.pictures.confusion import confusion, confusion_figure

MAX_CLASSES = 40
"""More cannot be read on a page."""

WRITTEN = 15
"""Classes up to which a browser shows the numbers, too."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Confusion:
    """What is shown.

    Attributes:
        shares: (n_classes, n_classes): true class, then predicted one; each row adds
            up to 1, or is 0 for a class that does not occur.
        counts: Validated rows of each true class.
        classes: Their names.
        trial: Number of the best trial.
        n_rows: Predictions; a row counts as often as it was validated.
    """

    shares: NDArray[np.float64]
    counts: list[int]
    classes: Sequence[str]
    trial: int
    n_rows: int


def compute(material: Material) -> Confusion:
    """Return the confusion matrix of the best trial's out-of-fold predictions."""
    if material.metric.task != "classification":
        raise NothingToShowError("the target is a number; see the residuals")
    found = predictions_of(material)
    n_classes = found.predictions.shape[1]
    if n_classes > MAX_CLASSES:
        raise NothingToShowError(
            f"{n_classes} classes, more than the {MAX_CLASSES} that can be read; "
            "predictions.npz of the trial's run holds them"
        )
    named = len(material.classes) == n_classes
    y = np.asarray(found.y).astype(np.int64)
    return Confusion(
        shares=confusion(y, found.predictions, n_classes),
        counts=np.bincount(y, minlength=n_classes).tolist(),
        classes=material.classes if named else [str(n) for n in range(n_classes)],
        trial=material.ranked[0].number,
        n_rows=len(y),
    )


def caption(found: Confusion) -> str:
    """Say how to read it, and what is confused most."""
    wrong = found.shares.copy()
    np.fill_diagonal(wrong, 0.0)
    true, predicted = divmod(int(wrong.argmax()), len(wrong))
    worst = (
        f" Most often '{found.classes[true]}' is taken for "
        f"'{found.classes[predicted]}': {wrong.max():.0%} of its rows."
        if wrong.max() > 0
        else " Nothing is confused."
    )
    return (
        f"{found.n_rows:,} predictions of trial {found.trial}, each by a network that "
        "had not seen the row (out of fold). A row of the matrix is a true class and "
        f"adds up to 100 %; what lies beside the diagonal is wrong.{worst}"
    )


def draw(found: Confusion) -> Any:
    """Draw it for print."""
    return confusion_figure(
        found.shares,
        [for_print(_cut(name)) for name in found.classes],
        title=f"trial {found.trial}, out of fold",
    )


def plots(found: Confusion) -> list[Plot]:
    """Return it for a browser."""
    # numbered: Plotly would join classes of one name
    places = list(range(len(found.classes)))
    names = [for_browser(_cut(name)) for name in found.classes]
    percent = (100 * found.shares).round(1)
    hover = [
        [
            f"true {names[true]}, predicted {names[predicted]}: "
            f"{percent[true, predicted]:.1f} % of {found.counts[true]:,} rows"
            for predicted in places
        ]
        for true in places
    ]
    trace = {
        "type": "heatmap",
        "z": percent.tolist(),
        "x": places,
        "y": places,
        "text": hover,
        "hoverinfo": "text",
        "colorscale": [[0.0, "#f7fbff"], [0.5, "#6baed6"], [1.0, "#08306b"]],
        "zmin": 0,
        "zmax": 100,
        "xgap": 1,
        "ygap": 1,
        "colorbar": {"title": {"text": "%"}, "thickness": 12},
    }
    if len(names) <= WRITTEN:
        trace["texttemplate"] = "%{z:.0f}"
    ticks = {"tickvals": places, "ticktext": names}
    return [
        plot(
            [trace],
            x={"title": "predicted class", **ticks},
            y={"title": "true class", "autorange": "reversed", **ticks},
            height=min(260 + 26 * len(names), 900),
            width=200 + 26 * len(names),
        )
    ]


def _cut(text: str) -> str:
    return text if len(text) <= 20 else text[:19] + "…"


FIGURE = Figure(
    name="confusion-matrix",
    title="Which class is taken for which",
    compute=compute,
    caption=caption,
    draw=draw,
    plots=plots,
)
