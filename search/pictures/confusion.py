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
    from sklearn.metrics import ConfusionMatrixDisplay, confusion_matrix

    shares = np.mean(
        [
            confusion_matrix(
                y, p.argmax(axis=1), labels=range(len(classes)), normalize="true"
            )
            for p in predictions
        ],
        axis=0,
    )
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
    figure.savefig(path, dpi=150)
