"""The score against each parameter by itself."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from search.figures.axis import Axis
from search.figures.browser import plot
from search.figures.enough import enough
from search.figures.figure import Figure, Plot
from search.figures.frame import Frame, frame
from search.figures.material import Material
from search.figures.parameters import chosen_axes, left_out
from search.figures.text import for_browser, for_print
from search.pictures.canvas import TRAINING, VALIDATION, new_figure
from spaces.params import Scalar, write_scalar

MAX_SLICES = 12
COLUMNS = 3


@dataclass(frozen=True, kw_only=True)
class Slice:
    """One parameter.

    Attributes:
        axis: Where its values stand.
        values: One per trial; None for a trial without it.
    """

    axis: Axis
    values: list[Scalar | None]

    @property
    def places(self) -> list[float]:
        """One per trial, in [0, 1]."""
        return [self.axis.place(value) for value in self.values]

    @property
    def label(self) -> str:
        """The parameter's name, and whether its scale is logarithmic."""
        return self.axis.name + (" (log)" if self.axis.log else "")


@dataclass(frozen=True, kw_only=True)
class Slices:
    """What is shown.

    Attributes:
        slices: In the order of the space.
        trials: Numbers of the complete trials.
        scores: Theirs.
        best: Which of them is the best, a place in the lists.
        label: Of the scores.
        frame: Range of the scores.
        n_left_out: Less important parameters.
    """

    slices: list[Slice]
    trials: list[int]
    scores: list[float]
    best: int
    label: str
    frame: Frame
    n_left_out: int


def compute(material: Material) -> Slices:
    """Return the complete trials' scores and their values of what varies."""
    trials = enough(material, 2)
    axes, n_left_out = chosen_axes(material, MAX_SLICES)
    scores = [trial.score or 0.0 for trial in trials]
    return Slices(
        slices=[
            Slice(axis=axis, values=[trial.params.get(axis.name) for trial in trials])
            for axis in axes
        ],
        trials=[trial.number for trial in trials],
        scores=scores,
        best=trials.index(material.ranked[0]),
        label=material.score_label,
        frame=frame(material.metric, scores),
        n_left_out=n_left_out,
    )


def caption(slices: Slices) -> str:
    """Say how to read it."""
    off = (
        " Trials that do not have a conditional parameter stand at 'off'."
        if any(s.axis.optional for s in slices.slices)
        else ""
    )
    more = f" {left_out(slices.n_left_out)}" if slices.n_left_out else ""
    return (
        "Each point is a complete trial, the diamond the best one. A slope or a hump "
        "says where good values lie; where points crowd the search has looked most. "
        "All other parameters vary as well, so two points differ in more than what a "
        f"panel shows.{off}{more}{slices.frame.remark}"
    )


def draw(slices: Slices) -> Any:
    """Draw it for print."""
    shown = slices.slices
    columns = min(COLUMNS, len(shown))
    rows = -(-len(shown) // columns)
    figure, axes = new_figure(columns, size=2.3, rows=rows, width=3.3)
    flat = np.ravel(axes)
    scores = [slices.frame.clip(score) for score in slices.scores]
    for number, (axis, one) in enumerate(zip(flat, shown, strict=False)):
        axis.scatter(one.places, scores, s=14, color=TRAINING, alpha=0.7, linewidth=0)
        axis.scatter(
            one.places[slices.best],
            scores[slices.best],
            s=45,
            marker="D",
            color=VALIDATION,
            edgecolor="black",
            linewidth=0.6,
            zorder=3,
        )
        ticks = one.axis.ticks
        long = max(len(words) for _, words in ticks) * len(ticks) > 26
        axis.set_xticks(
            [place for place, _ in ticks],
            [for_print(_cut(words)) for _, words in ticks],
            fontsize=7,
            rotation=35 if long else 0,
            ha="right" if long else "center",
        )
        if one.axis.optional:
            axis.axvline(0.075, color="grey", linewidth=0.8, linestyle=":")
        axis.set_xlim(-0.05, 1.05)
        axis.set_ylim(slices.frame.low, slices.frame.high)
        axis.set_xlabel(for_print(one.label), fontsize=9)
        axis.tick_params(axis="y", labelsize=8)
        axis.grid(alpha=0.3)
        if number % columns:
            axis.tick_params(labelleft=False)
    for axis in flat[len(shown) :]:
        axis.set_visible(False)
    figure.supylabel(for_print(slices.label), fontsize=9)
    return figure


def plots(slices: Slices) -> list[Plot]:
    """Return the panels for a browser."""
    return [_plot(slices, one) for one in slices.slices]


def _plot(slices: Slices, one: Slice) -> Plot:
    n = len(slices.trials)
    is_best = [place == slices.best for place in range(n)]
    words = ["off" if v is None else write_scalar(v) for v in one.values]
    trace = {
        "x": one.places,
        "y": slices.scores,
        "mode": "markers",
        "marker": {
            "color": [VALIDATION if best else TRAINING for best in is_best],
            "symbol": ["diamond" if best else "circle" for best in is_best],
            "size": [12 if best else 7 for best in is_best],
            "opacity": [1.0 if best else 0.7 for best in is_best],
        },
        "customdata": [
            [number, for_browser(word)]
            for number, word in zip(slices.trials, words, strict=True)
        ],
        "hovertemplate": "trial %{customdata[0]}: %{customdata[1]}, %{y:.5g}"
        "<extra></extra>",
    }
    ticks = one.axis.ticks
    return plot(
        [trace],
        x={
            "title": one.label,
            "range": [-0.06, 1.06],
            "tickvals": [place for place, _ in ticks],
            "ticktext": [for_browser(_cut(words)) for _, words in ticks],
        },
        y={
            "title": slices.label.partition(",")[0],
            "range": [slices.frame.low, slices.frame.high],
        },
        height=260,
        panel=300,
    )


def _cut(text: str) -> str:
    return text if len(text) <= 14 else text[:13] + "…"


FIGURE = Figure(
    name="slices",
    title="Score by parameter",
    compute=compute,
    caption=caption,
    draw=draw,
    plots=plots,
)
