"""How far a regression's predictions are off."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from search.pictures.canvas import TRAINING, new_figure


def draw_residuals(
    path: Path,
    *,
    y: NDArray[Any],
    predictions: NDArray[np.float32],
    unit: str,
    title: str,
) -> None:
    """Draw predictions by true values, and residuals by predictions.

    A residual is the true value minus the predicted one.

    Args:
        path: PNG to write.
        y: Test targets, (n,).
        predictions: Of one training, (n,).
        unit: Of the target; empty for none.
        title: One line above the picture.
    """
    figure = residuals_figure(y, predictions, unit=unit, title=title)
    figure.savefig(path, dpi=150)


def residuals_figure(
    y: NDArray[Any], predictions: NDArray[np.float32], *, unit: str, title: str
) -> Any:
    """Return the drawing; the points are pixels in any format, for they are many."""
    in_unit = f" ({unit})" if unit else ""
    figure, (left, right) = new_figure(2)
    # Thousands of points would hide each other.
    look = {"s": 12, "linewidth": 0, "alpha": min(0.6, 15 / np.sqrt(len(y)))}
    look["rasterized"] = True
    left.scatter(y, predictions, color=TRAINING, **look)
    ends = (
        float(min(y.min(), predictions.min())),
        float(max(y.max(), predictions.max())),
    )
    left.plot(ends, ends, color="black", linewidth=1, label="predicted = true")
    left.set_xlabel("true value" + in_unit)
    left.set_ylabel("predicted value" + in_unit)
    left.legend(fontsize=8)
    right.scatter(predictions, y - predictions, color=TRAINING, **look)
    right.axhline(0, color="black", linewidth=1)
    right.set_xlabel("predicted value" + in_unit)
    right.set_ylabel("true minus predicted" + in_unit)
    for axis in (left, right):
        axis.grid(alpha=0.3)
        axis.set_axisbelow(True)
    figure.suptitle(title, fontsize=10)
    return figure
