"""How far the best trial's predictions are off, on rows its networks had not seen."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from search.figures.browser import plot
from search.figures.figure import Figure, NothingToShowError, Plot
from search.figures.material import Material
from search.figures.predicted import predictions_of
from search.figures.text import for_print
from search.pictures.canvas import TRAINING
from search.pictures.residuals import residuals_figure

MAX_POINTS = 2_000
"""Of a browser; print shows them all."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Residuals:
    """What is shown.

    Attributes:
        y: True values, (n,).
        predictions: Predicted ones, (n,).
        unit: Of the target; empty for none.
        trial: Number of the best trial.
    """

    y: NDArray[Any]
    predictions: NDArray[np.float32]
    unit: str
    trial: int


def compute(material: Material) -> Residuals:
    """Return the best trial's out-of-fold predictions beside the true values."""
    if material.metric.task != "regression":
        raise NothingToShowError("the target is a class; see which is taken for which")
    found = predictions_of(material)
    return Residuals(
        y=found.y,
        predictions=found.predictions.reshape(len(found.y)),
        unit=material.settings.unit,
        trial=material.ranked[0].number,
    )


def caption(found: Residuals) -> str:
    """Say how to read it."""
    n = len(found.y)
    part = f" A browser shows one in {-(-n // MAX_POINTS)}." if n > MAX_POINTS else ""
    return (
        f"{n:,} predictions of trial {found.trial}, each by a network that had not "
        "seen the row (out of fold). On the line a prediction is right. A bend in the "
        "right panel says that something can still be learned, a funnel that large "
        f"values are predicted less surely.{part}"
    )


def draw(found: Residuals) -> Any:
    """Draw it for print."""
    return residuals_figure(
        found.y,
        found.predictions,
        unit=for_print(found.unit),
        title=f"trial {found.trial}, out of fold",
    )


def plots(found: Residuals) -> list[Plot]:
    """Return the panels for a browser."""
    every = -(-len(found.y) // MAX_POINTS)
    y = found.y[::every].astype(float)
    predicted = found.predictions[::every].astype(float)
    in_unit = f" ({found.unit})" if found.unit else ""
    points = {
        "mode": "markers",
        "marker": {"color": TRAINING, "size": 5, "opacity": 0.5},
        "showlegend": False,
        "hovertemplate": "%{x:.4g}, %{y:.4g}<extra></extra>",
    }
    line = {
        "mode": "lines",
        "line": {"color": "#000", "width": 1},
        "hoverinfo": "skip",
        "showlegend": False,
    }
    ends = [min(y.min(), predicted.min()), max(y.max(), predicted.max())]
    span = [float(predicted.min()), float(predicted.max())]
    return [
        plot(
            [
                points | {"x": y.tolist(), "y": predicted.tolist()},
                line | {"x": ends, "y": ends},
            ],
            title="line: predicted = true",
            x={"title": "true value" + in_unit},
            y={"title": "predicted value" + in_unit},
        ),
        plot(
            [
                points | {"x": predicted.tolist(), "y": (y - predicted).tolist()},
                line | {"x": span, "y": [0.0, 0.0]},
            ],
            title="residuals",
            x={"title": "predicted value" + in_unit},
            y={"title": "true minus predicted" + in_unit},
        ),
    ]


FIGURE = Figure(
    name="residuals",
    title="How far predictions are off",
    compute=compute,
    caption=caption,
    draw=draw,
    plots=plots,
)
