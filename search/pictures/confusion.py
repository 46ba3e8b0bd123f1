"""Which class was taken for which."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from search.pictures.canvas import new_figure


def draw_confusion(
    path: Path,
    *,
    y: NDArray[Any],
    predictions: Sequence[NDArray[np.float32]],
    classes: Sequence[str],
    title: str,
) -> None:
    """Draw which class was taken for which, in percent of the true class.

    Args:
        path: PNG to write.
        y: Test targets, int (n,).
        predictions: One array per seed, (n, n_classes); percentages are means.
        classes: Names of the classes.
        title: One line above the picture.
    """
    shares = np.mean([confusion(y, p, len(classes)) for p in predictions], axis=0)
    figure = confusion_figure(shares, classes, title=title)
    figure.savefig(path, dpi=150)


def confusion(
    y: NDArray[Any], predictions: NDArray[np.float32], n_classes: int
) -> NDArray[np.float64]:
    """Return which class was taken for which, as shares of the true class.

    Args:
        y: Targets, int (n,).
        predictions: (n, n_classes).
        n_classes: How many there are.

    Returns:
        (n_classes, n_classes): true class, then predicted one; the row of a class that
        does not occur is 0.
    """
    from sklearn.metrics import confusion_matrix

    shares: NDArray[np.float64] = confusion_matrix(
        y, predictions.argmax(axis=1), labels=range(n_classes), normalize="true"
    )
    return shares


def confusion_figure(
    shares: NDArray[np.float64], classes: Sequence[str], *, title: str
) -> Any:
    """Return the drawing of a confusion matrix, as `confusion` gives it."""
    from sklearn.metrics import ConfusionMatrixDisplay

    figure, (axis,) = new_figure(1, size=(2.5 + 0.62 * len(classes)))
    ConfusionMatrixDisplay(100 * shares, display_labels=list(classes)).plot(
        ax=axis,
        cmap="Blues",
        values_format=".0f",
        colorbar=False,
        xticks_rotation=45 if max(map(len, classes)) > 2 else "horizontal",
        im_kw={"vmin": 0, "vmax": 100},
    )
    for label in axis.get_xticklabels():
        label.set_horizontalalignment("right" if label.get_rotation() else "center")
    axis.set_title(title, fontsize=10)
    axis.set_xlabel("predicted class")
    axis.set_ylabel("true class (numbers: percent of its rows)")
    return figure
