"""Engines of one study compared: the best score by what it cost."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from search.figures.best_so_far import best_so_far
from search.figures.browser import DASHES, SYMBOLS, plot
from search.figures.enough import enough
from search.figures.figure import Figure, NothingToShowError, Plot
from search.figures.frame import Frame, frame
from search.figures.material import Material
from search.figures.text import for_browser, for_print
from search.metrics import Metric
from search.pictures.canvas import COLOURS, MARKERS, new_figure
from search.pruners.saved import folds_trained
from search.types import Trial, TrialState


@dataclass(frozen=True, kw_only=True)
class Anytime:
    """One engine, or one study.

    Attributes:
        name: Engine and sampler; of a study its name as well.
        folds: Folds trained up to the end of each complete trial, parts of folds and
            of epochs included, also those of trials without a score.
        minutes: Likewise, training time, that of all workers added up.
        scores: Of these trials.
        best: The best of all scores up to each.
    """

    name: str
    folds: list[float]
    minutes: list[float]
    scores: list[float]
    best: list[float]


@dataclass(frozen=True, kw_only=True)
class Engines:
    """What is shown.

    Attributes:
        curves: One per engine, in the order of their first trials; or one per study.
        label: Of the scores.
        frame: Range of the scores.
    """

    curves: list[Anytime]
    label: str
    frame: Frame


def compute(material: Material) -> Engines:
    """Return each engine's best score so far by folds and by time."""
    enough(material, 2)
    groups: dict[str, list[Trial]] = {}
    for trial in material.trials:
        groups.setdefault(engine_name(trial), []).append(trial)
    curves = []
    for name, trials in groups.items():
        curve = anytime(material.metric, name, trials, epochs=material.settings.epochs)
        if curve.scores:
            curves.append(curve)
    if len(curves) < 2:
        raise NothingToShowError(
            f"all complete trials are of one engine, {curves[0].name}; "
            f"'tunefold resume {material.settings.name} --engine NAME' lets another "
            "go on, 'tunefold compare STUDY STUDY --figures FOLDER' draws several "
            "studies"
        )
    return Engines(
        curves=curves,
        label=material.score_label,
        frame=frame(material.metric, [s for c in curves for s in c.best]),
    )


def engine_name(trial: Trial) -> str:
    """Return the engine that proposed a trial, with its sampler."""
    return f"{trial.engine} ({trial.sampler})" if trial.sampler else trial.engine


def anytime(
    metric: Metric, name: str, trials: Sequence[Trial], *, epochs: int
) -> Anytime:
    """Return the best score so far over these trials.

    Args:
        metric: The searched one.
        name: Of the curve.
        trials: By number.
        epochs: Of a full fold.
    """
    ended = [t for t in trials if t.state is not TrialState.RUNNING]
    own = [() if t.copy_of is not None else t.folds for t in ended]
    folds = accumulate(
        folds_trained(trial) * trial.epochs / epochs if of_trial else 0.0
        for trial, of_trial in zip(ended, own, strict=True)
    )
    minutes = accumulate(sum(f.seconds for f in of_trial) / 60 for of_trial in own)
    points = [
        (n, m, trial.score)
        for n, m, trial in zip(folds, minutes, ended, strict=True)
        if trial.score is not None and not trial.rung
    ]
    scores = [score for _, _, score in points]
    return Anytime(
        name=name,
        folds=[n for n, _, _ in points],
        minutes=[m for _, m, _ in points],
        scores=scores,
        best=best_so_far(metric, scores),
    )


def caption(engines: Engines) -> str:
    """Say how to read it."""
    return (
        "Each line is the best score that one engine had found by then: the better "
        "one is nearer to the good end at equal cost. What stopped trials and trials "
        "at fewer epochs cost is counted. An engine that went on with a study was told "
        "of the trials before it, and one run each is chance as well: "
        "'tunefold compare STUDY STUDY --figures FOLDER' draws independent studies on "
        f"the same folds.{engines.frame.remark}"
    )


_X = ("folds trained (full ones)", "minutes of training, all workers added")


def draw(engines: Engines) -> Any:
    """Draw it for print."""
    figure, axes = new_figure(2, size=3.6, width=4.8)
    for number, curve in enumerate(engines.curves):
        for axis, at in zip(axes, (curve.folds, curve.minutes), strict=True):
            axis.step(
                at,
                [engines.frame.clip(score) for score in curve.best],
                where="post",
                color=COLOURS[number % len(COLOURS)],
                marker=MARKERS[number % len(MARKERS)],
                markersize=4,
                linestyle=("-", "--", ":", "-.")[number % 4],
                label=for_print(curve.name),
            )
    for axis, x in zip(axes, _X, strict=True):
        axis.set_xlabel(x)
        axis.set_xlim(left=0)
        axis.set_ylim(engines.frame.low, engines.frame.high)
        axis.grid(alpha=0.3)
    axes[0].set_ylabel(for_print(engines.label))
    # by hand: a label that begins with "_" would be left out
    lines = axes[0].get_lines()
    labels = [line.get_label() for line in lines]
    figure.legend(lines, labels, loc="outside lower center", ncols=3, fontsize=8)
    return figure


def plots(engines: Engines) -> list[Plot]:
    """Return the panels for a browser."""
    shown = []
    for place, x in enumerate(_X):
        traces = [
            {
                "x": (curve.folds, curve.minutes)[place],
                "y": curve.best,
                "mode": "lines+markers",
                "name": for_browser(curve.name),
                "line": {
                    "shape": "hv",
                    "color": COLOURS[number % len(COLOURS)],
                    "dash": DASHES[number % len(DASHES)],
                },
                "marker": {"symbol": SYMBOLS[number % len(SYMBOLS)], "size": 7},
                "hovertemplate": "%{y:.5g} after %{x:.1f}",
            }
            for number, curve in enumerate(engines.curves)
        ]
        ends = [engines.frame.low, engines.frame.high]
        shown.append(
            plot(
                traces,
                x={"title": x, "rangemode": "tozero"},
                y={"title": engines.label, "range": ends},
            )
        )
    return shown


FIGURE = Figure(
    name="engines",
    title="Engines at equal cost",
    compute=compute,
    caption=caption,
    draw=draw,
    plots=plots,
)
