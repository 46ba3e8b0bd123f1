"""Which parameters tell good trials from the rest."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from search.figures.axis import make_axis, recorded_space, varying_axes
from search.figures.browser import plot
from search.figures.enough import enough
from search.figures.figure import Figure, NothingToShowError, Plot
from search.figures.material import Material
from search.figures.text import for_browser, for_print
from search.pictures.canvas import COLOURS, TRAINING, new_figure
from search.types import Trial
from spaces.params import Choice, Float, Int, Param, Scalar

MIN_TRIALS = 10
"""Complete trials below which nothing is shown, and below which a conditional
parameter is not judged: with two or three points among the best it looks important by
chance."""

GOOD_TRIALS = 30
"""Complete trials from which on the one parameter that decides was found in 19 of 20
simulated studies of six parameters."""

MIN_BEST = 5
"""How many trials at least count as the best, as Optuna advises."""

MAX_BARS = 20


@dataclass(frozen=True, kw_only=True)
class Bar:
    """One parameter.

    Attributes:
        name: The parameter's.
        share: Of all importance, in [0, 1].
        n_trials: Complete trials that have it; fewer than all for a conditional one.
        conditional: Whether some have it not.
    """

    name: str
    share: float
    n_trials: int
    conditional: bool


@dataclass(frozen=True, kw_only=True)
class Importance:
    """What is shown.

    Attributes:
        bars: The largest first.
        n_trials: Complete trials.
        n_best: How many of them count as the best.
        n_left_out: Parameters with smaller shares.
        not_judged: Conditional parameters that too few trials have.
    """

    bars: list[Bar]
    n_trials: int
    n_best: int
    n_left_out: int
    not_judged: list[str]


def n_best_of(n_trials: int) -> int:
    """Return how many of so many trials count as the best: a quarter, at least five.

    Optuna's tenth is meant for hundreds of trials: of 30 simulated ones it found the
    parameter that decides in 7 of 20 studies, a quarter in 19.

    Example:
        >>> n_best_of(12), n_best_of(100)
        (5, 25)
    """
    return max(MIN_BEST, -(-n_trials // 4))


def shares_of(material: Material, names: Sequence[str]) -> dict[str, float]:
    """Return the importance of these parameters, which must vary.

    Those that too few trials have are not judged and left out.
    """
    from search.engines.optuna_importance import ped_anova

    trials = material.scored
    space = recorded_space(material)
    params = {}
    for name in names:
        values = [t.params[name] for t in trials if name in t.params]
        if len(values) >= MIN_TRIALS:
            params[name] = _holding(space.get(name), name, values)
    return ped_anova(
        params,
        [trial.params for trial in trials],
        [material.metric.sign(trial.score or 0.0) for trial in trials],
        n_best=n_best_of(len(trials)),
    )


def compute(material: Material) -> Importance:
    """Return the importance of each parameter that varies."""
    trials = enough(material, MIN_TRIALS, why=" to tell importance from chance")
    names = [axis.name for axis in varying_axes(material)]
    if not names:
        raise NothingToShowError("no parameter has two values among complete trials")
    shares = shares_of(material, names)
    if not any(shares.values()):
        raise NothingToShowError(
            "no parameter tells the best complete trials from the others"
        )
    bars = [
        Bar(
            name=name,
            share=share,
            n_trials=_n_having(trials, name),
            conditional=_n_having(trials, name) < len(trials),
        )
        for name, share in sorted(shares.items(), key=lambda item: -item[1])
    ]
    return Importance(
        bars=bars[:MAX_BARS],
        n_trials=len(trials),
        n_best=n_best_of(len(trials)),
        n_left_out=len(bars[MAX_BARS:]),
        not_judged=[name for name in names if name not in shares],
    )


def _n_having(trials: Sequence[Trial], name: str) -> int:
    return sum(name in trial.params for trial in trials)


def caption(importance: Importance) -> str:
    """Say how to read it, and what it does not say."""
    i = importance
    rough = (
        f" With fewer than {GOOD_TRIALS} of them it is a hint, no more."
        if i.n_trials < GOOD_TRIALS
        else ""
    )
    hatched = (
        " A hatched bar is a conditional parameter, compared among the trials that "
        "have it and weighted by how often these are among the best; whether it is "
        "there at all counts for the parameter it depends on."
        if any(bar.conditional for bar in i.bars)
        else ""
    )
    more = f" {i.n_left_out} smaller bars are left out." if i.n_left_out else ""
    if i.not_judged:
        more += (
            f" Not judged, for fewer than {MIN_TRIALS} trials have them: "
            f"{', '.join(i.not_judged)}."
        )
    return (
        f"How far each parameter by itself tells the best {i.n_best} of {i.n_trials} "
        "complete trials from all of them (PED-ANOVA; shares of 1). Stopped and failed "
        f"trials have no score and do not count.{rough} A short bar may also mean "
        f"that the search tried little else.{hatched}{more}"
    )


def draw(importance: Importance) -> Any:
    """Draw it for print."""
    bars = importance.bars[::-1]  # Matplotlib counts from below
    size = 1.0 + 0.28 * len(bars)
    figure, (axis,) = new_figure(1, size=max(size, 2.2), width=7.0)
    drawn = axis.barh(
        [for_print(_label(bar, importance)) for bar in bars],
        [bar.share for bar in bars],
        color=[COLOURS[5] if bar.conditional else TRAINING for bar in bars],
        edgecolor="black",
        linewidth=0.6,
    )
    for patch, bar in zip(drawn, bars, strict=True):
        if bar.conditional:
            patch.set_hatch("///")
    axis.bar_label(drawn, fmt="%.2f", padding=3, fontsize=8)
    axis.set_xlim(0, 1.12 * max(bar.share for bar in bars))
    axis.set_xlabel("share of importance (PED-ANOVA)")
    axis.grid(axis="x", alpha=0.3)
    axis.set_axisbelow(True)
    return figure


def plots(importance: Importance) -> list[Plot]:
    """Return it for a browser."""
    bars = importance.bars[::-1]
    labels = [for_browser(_label(bar, importance)) for bar in bars]
    shapes = ["/" if bar.conditional else "" for bar in bars]
    trace = {
        "type": "bar",
        "orientation": "h",
        "x": [bar.share for bar in bars],
        "y": labels,
        "text": [f"{bar.share:.2f}" for bar in bars],
        "textposition": "outside",
        "cliponaxis": False,
        "marker": {
            "color": [COLOURS[5] if bar.conditional else TRAINING for bar in bars],
            "line": {"color": "#000", "width": 0.6},
            "pattern": {"shape": shapes, "fgcolor": "#000", "size": 6},
        },
        "hovertemplate": "%{y}: %{x:.3f}<extra></extra>",
    }
    return [
        plot(
            [trace],
            x={"title": "share of importance (PED-ANOVA)", "rangemode": "tozero"},
            y={"dtick": 1, "ticks": ""},
            height=110 + 26 * len(bars),
        )
    ]


def _label(bar: Bar, importance: Importance) -> str:
    if not bar.conditional:
        return bar.name
    return f"{bar.name} ({bar.n_trials} of {importance.n_trials} trials)"


def _holding(param: Param | None, name: str, values: list[Scalar]) -> Param:
    """Return the parameter; made from its values where the space does not hold them."""
    if param is not None and all(param.contains(value) for value in values):
        return param
    axis = make_axis(name, None, values)
    if axis.options:
        return Choice(options=axis.options)
    if all(isinstance(value, int) for value in values):
        return Int(low=round(axis.low), high=round(axis.high))
    return Float(low=axis.low, high=axis.high)


FIGURE = Figure(
    name="importance",
    title="Importance of the parameters",
    compute=compute,
    caption=caption,
    draw=draw,
    plots=plots,
)
