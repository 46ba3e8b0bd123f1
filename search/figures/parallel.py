"""Whole configurations as lines over parallel axes, one for each parameter."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from search.figures.axis import Axis
from search.figures.browser import plot
from search.figures.enough import enough
from search.figures.figure import Figure, Plot
from search.figures.frame import Frame, frame
from search.figures.material import Material
from search.figures.parameters import chosen_axes, left_out
from search.figures.text import for_browser, for_print
from search.numbers import write_score
from search.pictures.canvas import new_figure

MAX_AXES = 10

MAX_TRIALS = 200
"""The best ones: more lines hide each other."""

MAX_BEST = 5
"""Lines that stand out, at most; of few trials a third."""

COLOURMAP = "cividis"
"""Made for colour-blind readers (Nunez et al. 2018); dark is better."""


@dataclass(frozen=True, kw_only=True)
class Line:
    """One trial.

    Attributes:
        trial: Its number.
        places: Where it crosses each axis, in [0, 1].
        score: Its score.
        height: Where it crosses the axis of scores, in [0, 1]; 1 is the best.
        words: Its values, for a reader who points at it.
    """

    trial: int
    places: list[float]
    score: float
    height: float
    words: str


@dataclass(frozen=True, kw_only=True)
class Lines:
    """What is shown.

    Attributes:
        axes: Of the parameters.
        lines: The worst first, so that good ones lie above.
        label: Of the axis of scores.
        ticks: Places on the axis of scores, and what stands there.
        n_axes_left_out: Less important parameters.
        n_trials_left_out: Worse trials.
        frame: Range of the scores.
    """

    axes: list[Axis]
    lines: list[Line]
    label: str
    ticks: list[tuple[float, str]]
    n_axes_left_out: int
    n_trials_left_out: int
    frame: Frame

    @property
    def n_best(self) -> int:
        """How many lines stand out."""
        return max(1, min(MAX_BEST, len(self.lines) // 3))


def compute(material: Material) -> Lines:
    """Return the best trials' values; a trial without a parameter stands at 'off'."""
    trials = enough(material, 2)
    axes, n_left_out = chosen_axes(material, MAX_AXES)
    shown = frame(material.metric, [trial.score or 0.0 for trial in trials])
    span = shown.high - shown.low

    def height(score: float) -> float:
        share = (shown.clip(score) - shown.low) / span
        return share if shown.worse == "low" else 1 - share

    ranked = material.ranked
    lines = []
    for trial in ranked[:MAX_TRIALS][::-1]:
        values = {axis.name: trial.params.get(axis.name) for axis in axes}
        score = trial.score or 0.0
        lines.append(
            Line(
                trial=trial.number,
                places=[axis.place(values[axis.name]) for axis in axes],
                score=score,
                height=height(score),
                words=", ".join(f"{name} {_word(v)}" for name, v in values.items()),
            )
        )
    of_scores = Axis(name="", low=shown.low, high=shown.high)
    return Lines(
        axes=axes,
        lines=lines,
        label=material.score_label.partition(",")[0],
        ticks=[
            (place if shown.worse == "low" else 1 - place, words)
            for place, words in of_scores.ticks[1:-1]
        ],
        n_axes_left_out=n_left_out,
        n_trials_left_out=len(ranked[MAX_TRIALS:]),
        frame=shown,
    )


def _word(value: object) -> str:
    if value is None:
        return "off"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def caption(lines: Lines) -> str:
    """Say how to read it."""
    parts = [
        "Each line is a complete trial and crosses every axis at its value; the last "
        "axis is the score, the best at the top. Dark lines are better, the best "
        f"{lines.n_best} are drawn thick. Where the thick lines run "
        "together the value matters, where they spread it hardly does."
    ]
    if any(axis.optional for axis in lines.axes):
        parts.append(
            "A trial that does not have a conditional parameter crosses its axis at "
            "'off'."
        )
    if lines.n_axes_left_out:
        parts.append(left_out(lines.n_axes_left_out))
    if lines.n_trials_left_out:
        parts.append(f"{lines.n_trials_left_out} worse trials are left out.")
    return " ".join(parts) + lines.frame.remark


def draw(lines: Lines) -> Any:
    """Draw it for print."""
    from matplotlib import colormaps

    n = len(lines.axes) + 1
    figure, (axis,) = new_figure(1, size=4.4, width=max(5.0, 1.15 * n))
    for number, line in enumerate(lines.lines):
        best = number >= len(lines.lines) - lines.n_best
        axis.plot(
            range(n),
            [*line.places, line.height],
            color=colormaps[COLOURMAP](0.9 * (1 - line.height)),
            linewidth=2.2 if best else 0.8,
            alpha=0.95 if best else 0.55,
        )
    for place, ticks in enumerate(_all_ticks(lines)):
        axis.axvline(place, color="black", linewidth=0.8)
        for height, words in ticks:
            axis.annotate(
                for_print(_cut(words, 12)),
                (place, height),
                xytext=(3, 0),
                textcoords="offset points",
                fontsize=7,
                va="center",
                bbox={"facecolor": "white", "alpha": 0.75, "pad": 0.6, "lw": 0},
            )
    axis.set_xticks(
        range(n),
        [for_print(_cut(name)) for name in _names(lines)],
        rotation=30,
        ha="right",
        fontsize=8,
    )
    axis.set_yticks([])
    axis.set_xlim(-0.1, n - 0.5)
    axis.set_ylim(-0.04, 1.04)
    for side in ("top", "right", "bottom", "left"):
        axis.spines[side].set_visible(False)
    return figure


def plots(lines: Lines) -> list[Plot]:
    """Return it for a browser: lines that name their trial where one points at them."""
    n = len(lines.axes) + 1
    traces = []
    for number, line in enumerate(lines.lines):
        best = number >= len(lines.lines) - lines.n_best
        traces.append(
            {
                "x": list(range(n)),
                "y": [*line.places, line.height],
                "mode": "lines+markers",
                "marker": {"size": 5 if best else 3},
                "line": {"color": _dark(line.height), "width": 3 if best else 1},
                "opacity": 0.95 if best else 0.55,
                "showlegend": False,
                "hovertext": _folded(
                    f"trial {line.trial}: {write_score(line.score)}, {line.words}"
                ),
                "hoverinfo": "text",
            }
        )
    ticks = [
        {
            "x": place,
            "y": height,
            "text": for_browser(_cut(words, 12)),
            "showarrow": False,
            "xanchor": "left",
            "xshift": 3,
            "font": {"size": 10},
            "bgcolor": "rgba(255, 255, 255, 0.75)",
            "borderpad": 0,
        }
        for place, of_axis in enumerate(_all_ticks(lines))
        for height, words in of_axis
    ]
    return [
        plot(
            traces,
            x={
                "tickvals": list(range(n)),
                "ticktext": [for_browser(_cut(name)) for name in _names(lines)],
                "tickangle": 30,
                "gridcolor": "#000",
                "range": [-0.1, n - 0.5],
            },
            y={"visible": False, "range": [-0.05, 1.05]},
            annotations=ticks,
            height=430,
            width=95 * n,
        )
    ]


def _all_ticks(lines: Lines) -> list[list[tuple[float, str]]]:
    return [*(axis.ticks for axis in lines.axes), lines.ticks]


def _names(lines: Lines) -> list[str]:
    return [*(axis.name for axis in lines.axes), lines.label]


def _dark(height: float) -> str:
    """Return a colour of cividis: yellow at 0, dark blue at 1."""
    share = 1 - height
    for (at, low), (end, high) in pairwise(CIVIDIS):
        if share <= end:
            part = (share - at) / (end - at)
            mixed = (round(a + part * (b - a)) for a, b in zip(low, high, strict=True))
            return "rgb({}, {}, {})".format(*mixed)
    return "rgb({}, {}, {})".format(*CIVIDIS[-1][1])


CIVIDIS: Sequence[tuple[float, tuple[int, int, int]]] = (
    (0.0, (0, 34, 78)),
    (0.5, (125, 124, 120)),
    (1.0, (221, 202, 68)),
)
"""Three colours of Matplotlib's map, the rest between them."""


def _cut(text: str, length: int = 22) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"


def _folded(text: str, length: int = 60) -> str:
    from textwrap import wrap

    return "<br>".join(for_browser(line) for line in wrap(text, length))


FIGURE = Figure(
    name="parallel-coordinates",
    title="Configurations and their scores",
    compute=compute,
    caption=caption,
    draw=draw,
    plots=plots,
)
