"""What pruning saved: folds trained and folds spared, trial by trial."""

from dataclasses import dataclass
from typing import Any

from search.figures.browser import plot
from search.figures.figure import Figure, NothingToShowError, Plot
from search.figures.material import Material
from search.pictures.canvas import TRAINING, VALIDATION, new_figure
from search.pruners.saved import describe_saved, folds_trained
from search.types import TrialState


@dataclass(frozen=True, kw_only=True)
class Saved:
    """What is shown, one value per trial that has ended.

    Attributes:
        trials: Their numbers.
        parts: Folds by what became of them; each list adds to the one before it.
        line: What was saved, in words.
    """

    trials: list[int]
    parts: dict[str, list[float]]
    line: str


_LOOKS = {
    "trained, complete trial": (TRAINING, "", ""),
    "trained, trial without a score": (VALIDATION, "//", "/"),
    "saved": ("#f2f2f2", "..", "."),
}
"""Colour, and hatching for Matplotlib and for Plotly."""


def compute(material: Material) -> Saved:
    """Return folds trained and saved, without copies and trials at fewer epochs."""
    pruner = material.settings.pruner
    own = [
        t
        for t in material.trials
        if t.state is not TrialState.RUNNING and not t.rung and t.copy_of is None
    ]
    line = describe_saved(pruner, material.trials)
    if line is None:
        raise NothingToShowError(f"pruning saved nothing (pruner: {pruner})")
    n_folds = max(len(trial.folds) for trial in own)
    trained = [folds_trained(trial) for trial in own]
    scored = [trial.state is TrialState.COMPLETE for trial in own]
    stopped = [trial.state is TrialState.STOPPED for trial in own]
    complete, without, saved = _LOOKS
    return Saved(
        trials=[trial.number for trial in own],
        parts={
            complete: [n if s else 0.0 for n, s in zip(trained, scored, strict=True)],
            without: [0.0 if s else n for n, s in zip(trained, scored, strict=True)],
            saved: [
                n_folds - n if s else 0.0 for n, s in zip(trained, stopped, strict=True)
            ],
        },
        line=line,
    )


def caption(saved: Saved) -> str:
    """Say how to read it."""
    return (
        f"{saved.line[0].upper()}{saved.line[1:]}. Each bar is a trial: the full part "
        "was trained, the dotted part was not, because by then the trial could hardly "
        "win any more. A fold that ended early counts by its epochs."
    )


def draw(saved: Saved) -> Any:
    """Draw it for print."""
    figure, (axis,) = new_figure(1, size=3.2, width=8.0)
    below = [0.0] * len(saved.trials)
    for name, folds in saved.parts.items():
        colour, hatch, _ = _LOOKS[name]
        axis.bar(
            saved.trials,
            folds,
            bottom=below,
            width=0.8,
            color=colour,
            hatch=hatch,
            edgecolor="black",
            linewidth=0.4,
            label=name,
        )
        below = [a + b for a, b in zip(below, folds, strict=True)]
    axis.set_xlabel("trial number")
    axis.set_ylabel("folds")
    axis.xaxis.get_major_locator().set_params(integer=True)
    axis.yaxis.get_major_locator().set_params(integer=True)
    axis.set_xlim(min(saved.trials) - 0.7, max(saved.trials) + 0.7)
    figure.legend(loc="outside lower center", ncols=3, fontsize=8)
    return figure


def plots(saved: Saved) -> list[Plot]:
    """Return it for a browser."""
    traces = [
        {
            "type": "bar",
            "x": saved.trials,
            "y": folds,
            "name": name,
            "marker": {
                "color": _LOOKS[name][0],
                "line": {"color": "#000", "width": 0.4},
                "pattern": {"shape": _LOOKS[name][2], "fgcolor": "#000", "size": 5},
            },
            "hovertemplate": "trial %{x}: %{y:.2f} folds",
        }
        for name, folds in saved.parts.items()
    ]
    return [
        plot(
            traces,
            x={"title": "trial number"},
            y={"title": "folds"},
            barmode="stack",
            bargap=0.2,
            height=320,
        )
    ]


FIGURE = Figure(
    name="saved",
    title="What pruning saved",
    compute=compute,
    caption=caption,
    draw=draw,
    plots=plots,
)
