"""Learning curves of a trial and of its reruns."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from search.metrics import METRICS
from search.numbers import with_unit
from search.pictures.canvas import TRAINING, VALIDATION, new_figure
from search.scoring import mean_curves
from search.types import Curves, Trial


def draw_curves(
    path: Path,
    *,
    trial: Trial,
    reruns: Sequence[Curves],
    metrics: Sequence[str],
    unit: str = "",
) -> None:
    """Draw each metric by epoch: cross-validation, and the reruns' training rows.

    Args:
        path: PNG to write.
        trial: The searched trial, complete.
        reruns: Training curves, one per seed.
        metrics: Which metrics, one panel each.
        unit: Of a regression's target; empty for none.
    """
    figure, axes = new_figure(len(metrics))
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
        axis.set_ylabel(with_unit(name.replace("_", " "), unit))
        axis.xaxis.get_major_locator().set_params(integer=True)
        axis.grid(alpha=0.3)
    axes[0].legend(fontsize=8)
    figure.savefig(path, dpi=150)
