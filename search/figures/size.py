"""The score against the size of the network, and what no other network beats."""

from dataclasses import dataclass
from typing import Any

from search.figures.browser import plot
from search.figures.enough import enough
from search.figures.figure import Figure, NothingToShowError, Plot
from search.figures.frame import Frame, frame
from search.figures.material import Material
from search.figures.text import for_print
from search.objectives import pareto_front
from search.pictures.canvas import TRAINING, VALIDATION, new_figure


@dataclass(frozen=True, kw_only=True)
class Sizes:
    """What is shown, one value per complete trial.

    Attributes:
        trials: Their numbers.
        n_parameters: Weights of their networks.
        scores: Theirs.
        on_front: Whether no other trial is at least as good and no larger, and better
            in one of both.
        label: Of the scores.
        frame: Range of the scores.
    """

    trials: list[int]
    n_parameters: list[int]
    scores: list[float]
    on_front: list[bool]
    label: str
    frame: Frame

    @property
    def front(self) -> list[tuple[int, float, int]]:
        """Size, score and number of the trials on the front, the smallest first."""
        columns = (self.n_parameters, self.scores, self.trials, self.on_front)
        rows = zip(*columns, strict=True)
        return sorted((size, score, n) for size, score, n, front in rows if front)


def compute(material: Material) -> Sizes:
    """Return size and score of each complete trial."""
    trials = enough(material, 2)
    sizes = [trial.folds[0].n_parameters for trial in trials]
    if len(set(sizes)) == 1:
        raise NothingToShowError(f"all networks have {sizes[0]:,} weights")
    scores = [trial.score or 0.0 for trial in trials]
    sign = material.metric.sign
    return Sizes(
        trials=[trial.number for trial in trials],
        n_parameters=sizes,
        scores=scores,
        on_front=pareto_front(
            [(sign(s), -float(n)) for s, n in zip(scores, sizes, strict=True)]
        ),
        label=material.score_label,
        frame=frame(material.metric, scores),
    )


def caption(sizes: Sizes) -> str:
    """Say how to read it."""
    return (
        "Each point is a complete trial; the axis of weights is logarithmic. Diamonds "
        "are the Pareto front, with their trials' numbers: no other network is as good "
        "with fewer weights. Where the front is flat, a smaller network does as well."
        f"{sizes.frame.remark}"
    )


def draw(sizes: Sizes) -> Any:
    """Draw it for print."""
    figure, (axis,) = new_figure(1, size=4.0, width=6.4)
    clipped = [sizes.frame.clip(score) for score in sizes.scores]
    axis.scatter(
        sizes.n_parameters, clipped, s=18, color=TRAINING, alpha=0.7, label="trial"
    )
    front = sizes.front
    axis.plot(
        [size for size, _, _ in front],
        [sizes.frame.clip(score) for _, score, _ in front],
        color=VALIDATION,
        marker="D",
        drawstyle="steps-post",
        label="Pareto front",
    )
    for size, score, number in front:
        axis.annotate(
            str(number),
            (size, sizes.frame.clip(score)),
            xytext=(0, 7),
            textcoords="offset points",
            ha="center",
            fontsize=8,
        )
    axis.set_xscale("log")
    axis.set_ylim(*_room(sizes.frame))
    axis.set_xlabel("weights of the network")
    axis.set_ylabel(for_print(sizes.label))
    axis.grid(alpha=0.3, which="both", axis="x")
    axis.grid(alpha=0.3, axis="y")
    axis.legend(fontsize=8)
    return figure


def plots(sizes: Sizes) -> list[Plot]:
    """Return it for a browser."""
    hover = "trial %{customdata}: %{x:,} weights, %{y:.5g}<extra></extra>"
    front = sizes.front
    return [
        plot(
            [
                {
                    "x": sizes.n_parameters,
                    "y": sizes.scores,
                    "mode": "markers",
                    "marker": {"color": TRAINING, "size": 7, "opacity": 0.7},
                    "customdata": sizes.trials,
                    "name": "trial",
                    "hovertemplate": hover,
                },
                {
                    "x": [size for size, _, _ in front],
                    "y": [score for _, score, _ in front],
                    "mode": "lines+markers+text",
                    "line": {"color": VALIDATION, "shape": "hv"},
                    "marker": {"symbol": "diamond", "size": 11},
                    "text": [str(number) for _, _, number in front],
                    "textposition": "top center",
                    "customdata": [number for _, _, number in front],
                    "name": "Pareto front",
                    "hovertemplate": hover,
                },
            ],
            x={"title": "weights of the network", "type": "log", "dtick": "D2"},
            y={"title": sizes.label, "range": list(_room(sizes.frame))},
        )
    ]


def _room(frame: Frame) -> tuple[float, float]:
    """Return the range with room for numbers above the best point."""
    return frame.low, frame.high + 0.08 * (frame.high - frame.low)


FIGURE = Figure(
    name="size",
    title="Score by size of the network",
    compute=compute,
    caption=caption,
    draw=draw,
    plots=plots,
)
