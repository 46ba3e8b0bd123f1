"""Learning curves of the best trials, and where their overfitting begins."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from search.diagnosis import diagnose
from search.figures.browser import pale, plot, vertical
from search.figures.enough import enough
from search.figures.figure import Figure, Plot
from search.figures.material import Material
from search.figures.text import for_print
from search.metrics import METRICS
from search.numbers import with_unit
from search.pictures.canvas import TRAINING, VALIDATION, new_figure
from search.scoring import mean_curve
from search.types import FoldResult

N_TRIALS = 3
"""The best ones, one row of panels each: what a printed page holds."""

GREY = "#595959"


@dataclass(frozen=True, kw_only=True)
class Curve:
    """One value per epoch: the mean over folds, the lowest and the highest fold."""

    mean: list[float]
    low: list[float]
    high: list[float]


@dataclass(frozen=True, kw_only=True)
class Panel:
    """One metric of one trial.

    Attributes:
        trial: Its number.
        metric: With unit.
        train: On training rows.
        valid: On validation rows.
        n_folds: Of a single one there is no band.
        scored: The epoch, from 1, whose score counts.
        since: The epoch from which on it overfits; None where it does not, or where
            that is not sure.
    """

    trial: int
    metric: str
    train: Curve
    valid: Curve
    n_folds: int
    scored: int
    since: int | None

    @property
    def title(self) -> str:
        """Which trial it is, and whether it overfits."""
        words = f"trial {self.trial}"
        return words + (f", overfits from epoch {self.since}" if self.since else "")

    @property
    def epochs(self) -> list[int]:
        """The x axis."""
        return list(range(1, len(self.train.mean) + 1))


def compute(material: Material) -> list[list[Panel]]:
    """Return a row of panels for each of the best trials: the loss, and the metric."""
    enough(material, 1)
    task = material.metric.task
    loss = "log_loss" if task == "classification" else "mse"
    names = dict.fromkeys([loss, material.metric.name])
    rows = []
    for trial in material.ranked[:N_TRIALS]:
        since = diagnose(trial.folds).since
        row = []
        for name in names:
            label = with_unit(name.replace("_", " "), material.settings.unit)
            curve = METRICS[name].curve
            row.append(
                Panel(
                    trial=trial.number,
                    metric=label,
                    train=_curve(trial.folds, curve),
                    valid=_curve(trial.folds, f"val_{curve}"),
                    n_folds=len(trial.folds),
                    scored=trial.epoch or 0,
                    since=since,
                )
            )
        rows.append(row)
    return rows


def caption(rows: list[list[Panel]]) -> str:
    """Say how to read it."""
    panel = rows[0][0]
    band = (
        f"Lines are means over {panel.n_folds} folds, bands reach from the lowest to "
        "the highest fold. "
        if panel.n_folds > 1
        else "One fold only: there is no band, and no word on whether a rise is sure. "
    )
    return (
        f"{band}Training and validation are measured alike. Where validation turns "
        "while training still gets better, the network learns its training rows by "
        "heart; a dash-dotted line marks where that surely begins, a dotted one the "
        "epoch whose score counts."
    )


def draw(rows: list[list[Panel]]) -> Any:
    """Draw it for print."""
    columns = len(rows[0])
    figure, axes = new_figure(columns, size=2.9, rows=len(rows), width=4.6)
    grid = np.atleast_2d(axes)
    handles: dict[str, Any] = {}
    for row, of_row in zip(rows, grid, strict=True):
        for panel, axis in zip(row, of_row, strict=True):
            _draw_panel(axis, panel)
            for handle, label in zip(*axis.get_legend_handles_labels(), strict=True):
                handles.setdefault(label, handle)
    for axis in grid[-1]:
        axis.set_xlabel("epoch")
    figure.legend(
        list(handles.values()),
        list(handles),
        loc="outside lower center",
        ncols=3,
        fontsize=8,
    )
    return figure


def _draw_panel(axis: Any, panel: Panel) -> None:
    looks = (
        (panel.train, TRAINING, "--", None, "training"),
        (panel.valid, VALIDATION, "-", "o", "validation"),
    )
    for curve, colour, style, marker, name in looks:
        if panel.n_folds > 1:
            axis.fill_between(
                panel.epochs,
                curve.low,
                curve.high,
                color=colour,
                alpha=0.18,
                linewidth=0,
                label=f"{name}, range of folds",
            )
        axis.plot(
            panel.epochs,
            curve.mean,
            color=colour,
            linestyle=style,
            marker=marker,
            markersize=3,
            label=f"{name}, mean of folds" if panel.n_folds > 1 else name,
        )
    axis.axvline(panel.scored, color=GREY, linestyle=":", label="scored epoch")
    if panel.since is not None:
        axis.axvline(
            panel.since, color="black", linestyle="-.", label="overfits from here on"
        )
    axis.set_title(panel.title, fontsize=9)
    axis.set_ylabel(for_print(panel.metric))
    axis.xaxis.get_major_locator().set_params(integer=True)
    axis.grid(alpha=0.3)


def plots(rows: list[list[Panel]]) -> list[Plot]:
    """Return the panels for a browser."""
    return [_plot(panel) for row in rows for panel in row]


def _plot(panel: Panel) -> Plot:
    traces: list[dict[str, Any]] = []
    looks = (
        (panel.train, TRAINING, "dash", "lines", "training"),
        (panel.valid, VALIDATION, "solid", "lines+markers", "validation"),
    )
    for curve, colour, dash, mode, name in looks:
        if panel.n_folds > 1:
            edge: dict[str, Any] = {
                "x": panel.epochs,
                "mode": "lines",
                "line": {"width": 0},
            }
            edge |= {"hoverinfo": "skip", "showlegend": False, "legendgroup": name}
            traces.append(edge | {"y": curve.low})
            traces.append(
                edge
                | {"y": curve.high, "fill": "tonexty", "fillcolor": pale(colour, 0.18)}
            )
        traces.append(
            {
                "x": panel.epochs,
                "y": curve.mean,
                "mode": mode,
                "name": name,
                "legendgroup": name,
                "line": {"color": colour, "dash": dash},
                "marker": {"size": 5},
                "customdata": [
                    list(ends) for ends in zip(curve.low, curve.high, strict=True)
                ],
                "hovertemplate": "epoch %{x}: %{y:.4g}"
                " (folds %{customdata[0]:.4g} to %{customdata[1]:.4g})",
            }
        )
    curves = (panel.train, panel.valid)
    ends = [min(min(c.low) for c in curves), max(max(c.high) for c in curves)]
    traces.append(vertical(panel.scored, ends, name="scored epoch", dash="dot"))
    if panel.since is not None:
        name = "overfits from here on"
        traces.append(vertical(panel.since, ends, name=name, dash="dashdot"))
    return plot(
        traces,
        title=panel.title,
        x={"title": "epoch", "tick0": 1, "dtick": -(-len(panel.epochs) // 8)},
        y={"title": panel.metric},
    )


def _curve(folds: tuple[FoldResult, ...], name: str) -> Curve:
    values = np.array([fold.curves[name] for fold in folds])
    return Curve(
        mean=mean_curve(folds, name).tolist(),
        low=values.min(axis=0).tolist(),
        high=values.max(axis=0).tolist(),
    )


FIGURE = Figure(
    name="learning-curves",
    title="Learning curves of the best trials",
    compute=compute,
    caption=caption,
    draw=draw,
    plots=plots,
)
