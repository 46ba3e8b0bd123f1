"""Pictures of a rerun: learning curves and the confusion matrix."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from search.metrics import METRICS
from search.scoring import mean_curves
from search.types import Curves, Trial

# Distinguishable for colour-blind readers and in grey (Okabe and Ito 2008).
TRAINING, VALIDATION = "#0072B2", "#D55E00"


def draw_curves(
    path: Path, *, trial: Trial, reruns: Sequence[Curves], metrics: Sequence[str]
) -> None:
    """Draw each metric by epoch: cross-validation, and the reruns' training rows.

    Args:
        path: PNG to write.
        trial: The searched trial, complete.
        reruns: Training curves, one per seed.
        metrics: Which metrics, one panel each.
    """
    figure, axes = _figure(len(metrics))
    mean = mean_curves(trial.folds)
    for axis, name in zip(axes, metrics, strict=True):
        curve = METRICS[name].curve
        epochs = np.arange(1, len(mean[curve]) + 1)
        folds = np.array([fold.curves[f"val_{curve}"] for fold in trial.folds])
        axis.fill_between(
            epochs,
            folds.min(axis=0),
            folds.max(axis=0),
            color=VALIDATION,
            alpha=0.2,
            linewidth=0,
            label="validation, range over folds",
        )
        axis.plot(
            epochs,
            mean[f"val_{curve}"],
            color=VALIDATION,
            marker="o",
            markersize=3,
            label="validation, mean over folds",
        )
        axis.plot(
            epochs,
            mean[curve],
            color=TRAINING,
            linestyle="--",
            label="training, mean over folds",
        )
        for number, rerun in enumerate(reruns):
            axis.plot(
                range(1, len(rerun[curve]) + 1),
                rerun[curve],
                color=TRAINING,
                alpha=0.6,
                linewidth=1,
                label="training, reruns on all rows" if number == 0 else None,
            )
        axis.axvline(
            trial.epoch, color="grey", linestyle=":", label=f"epoch {trial.epoch}"
        )
        axis.set_xlabel("epoch")
        axis.set_ylabel(name.replace("_", " "))
        axis.xaxis.get_major_locator().set_params(integer=True)
        axis.grid(alpha=0.3)
    axes[0].legend(fontsize=8)
    figure.savefig(path, dpi=150)


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
    figure, (axis,) = _figure(1, size=(2.5 + 0.62 * len(classes)))
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


def _figure(panels: int, *, size: float = 4.5) -> tuple[Any, Any]:
    # No pyplot: it would open a window system and keep every figure in memory.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(max(size, 5.0) * panels, size), layout="constrained")
    FigureCanvasAgg(figure)
    return figure, figure.subplots(1, panels, squeeze=False)[0]
