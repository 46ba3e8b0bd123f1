"""Loss by training rows, one line for each capacity."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import cast

import numpy as np
from numpy.typing import NDArray

from search.metrics import METRICS
from search.numbers import with_unit
from search.pictures.canvas import COLOURS, MARKERS, new_figure
from search.types import Settings, Trial, TrialState
from spaces.evaluation import ROWS

Capacities = Mapping[int, Mapping[int, Trial]]
"""Weights of a network, then training rows: the trial with both."""

MAX_CAPACITIES = len(COLOURS)

MAX_TICKS = 6
"""Numbers with thousands below one panel."""

SHIFT = 1.02
"""Factor between the places of two lines, so that their bars do not hide each other."""


def find_grid(trials: Sequence[Trial], settings: Settings) -> Capacities | None:
    """Return the trials of a grid of capacities and training rows.

    Of several trials with equally many weights and rows it is the best one.

    Args:
        trials: Of one study; those at fewer epochs and those that are not complete
            have no place in it.
        settings: The study's.

    Returns:
        Ascending in both; None where there are not two capacities with two numbers
        of rows each, or more capacities than can be told apart.
    """
    metric = METRICS[settings.metrics[0]]
    found: dict[int, dict[int, Trial]] = {}
    for trial in trials:
        if trial.state is not TrialState.COMPLETE or trial.rung:
            continue
        if ROWS not in trial.params:
            continue
        by_rows = found.setdefault(trial.folds[0].n_parameters, {})
        other = by_rows.setdefault(cast(int, trial.params[ROWS]), trial)
        if metric.sign(trial.score or 0.0) > metric.sign(other.score or 0.0):
            by_rows[cast(int, trial.params[ROWS])] = trial
    grid = {
        n_parameters: dict(sorted(by_rows.items()))
        for n_parameters, by_rows in sorted(found.items())
        if len(by_rows) > 1
    }
    return grid if 2 <= len(grid) <= MAX_CAPACITIES else None


def draw_learning_curve(path: Path, grid: Capacities, settings: Settings) -> None:
    """Draw training loss, validation loss and their difference by training rows.

    Read at each trial's common epoch. A bar is the standard deviation over folds.

    Args:
        path: PNG to write.
        grid: As `find_grid` gives it.
        settings: The study's.
    """
    figure, axes = new_figure(3, size=3.8, width=4.0)
    for number, (n_parameters, trials) in enumerate(grid.items()):
        losses = {rows: _losses(trial) for rows, trial in trials.items()}
        for place, axis in enumerate(axes):
            of_folds = [loss[place] for loss in losses.values()]
            axis.errorbar(
                [rows * SHIFT ** (number - (len(grid) - 1) / 2) for rows in losses],
                [np.mean(values) for values in of_folds],
                # a single fold has no spread
                [np.std(v, ddof=1) if len(v) > 1 else 0.0 for v in of_folds],
                color=COLOURS[number],
                marker=MARKERS[number],
                markersize=5,
                linewidth=1.5,
                capsize=2.5,
                elinewidth=1,
                label=f"{n_parameters:,} weights",
            )
    ticks = sorted({rows for trials in grid.values() for rows in trials})
    shown = ticks[:: -(-len(ticks) // MAX_TICKS)]
    name = next(n for n in settings.metrics if METRICS[n].curve == "loss")
    loss = with_unit(name.replace("_", " "), settings.unit)
    for axis, title in zip(
        axes, ("training", "validation", "validation minus training"), strict=True
    ):
        axis.set_title(title, fontsize=10)
        axis.set_xscale("log")
        axis.set_xticks(shown, [f"{rows:,}" for rows in shown])
        axis.minorticks_off()
        axis.set_xlabel("training rows of a fold")
        axis.grid(alpha=0.3)
    axes[0].set_ylabel(loss)
    axes[2].axhline(0, color="black", linewidth=1)
    low = min(axis.get_ylim()[0] for axis in axes[:2])
    high = max(axis.get_ylim()[1] for axis in axes[:2])
    for axis in axes[:2]:
        axis.set_ylim(low, high)
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(
        handles, labels, loc="outside lower center", ncols=min(4, len(labels))
    )
    rule = "best common" if settings.epoch == "best" else "last"
    figure.suptitle(
        f"{settings.name}: {loss} at the {rule} epoch of {settings.epochs}, mean over "
        "folds ± standard deviation",
        fontsize=10,
    )
    figure.savefig(path, dpi=150)


def _losses(trial: Trial) -> tuple[NDArray[np.float64], ...]:
    """Return training loss, validation loss and the gap of each fold, (n_folds,)."""
    assert trial.epoch is not None  # it is complete
    train, valid = (
        np.array([fold.curves[name][trial.epoch - 1] for fold in trial.folds])
        for name in ("loss", "val_loss")
    )
    return train, valid, valid - train
