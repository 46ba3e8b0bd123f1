"""How the search came to its best score, by trial and by time."""

from dataclasses import dataclass
from typing import Any

from search.figures.best_so_far import best_so_far, study_minutes
from search.figures.browser import GREY, plot
from search.figures.enough import enough
from search.figures.figure import Figure, Plot
from search.figures.frame import Frame, frame
from search.figures.material import Material
from search.figures.text import for_print
from search.pictures.canvas import TRAINING, VALIDATION, new_figure
from search.types import TrialState


@dataclass(frozen=True, kw_only=True)
class Course:
    """Scores in one order, and the best up to each.

    Attributes:
        at: Trial number, or minutes.
        trials: Numbers of the trials.
        scores: Of complete trials.
        best: The best of all scores up to each.
    """

    at: list[float]
    trials: list[int]
    scores: list[float]
    best: list[float]


@dataclass(frozen=True, kw_only=True)
class History:
    """What is shown.

    Attributes:
        by_trial: In the order of the numbers.
        by_time: In the order in which trials ended; copies took no time and are left
            out.
        without_score: Numbers of the trials that were stopped or failed.
        label: Of the scores.
        frame: Range of the scores.
    """

    by_trial: Course
    by_time: Course
    without_score: list[int]
    label: str
    frame: Frame


def compute(material: Material) -> History:
    """Return the complete trials' scores, by number and by the end of their folds."""
    trials = enough(material, 2)
    minutes = study_minutes(material.trials)
    timed = sorted(
        (minutes(max(fold.ended for fold in trial.folds)), trial.number, trial.score)
        for trial in trials
        if trial.copy_of is None
    )

    def course(of: list[tuple[float, int, float]]) -> Course:
        at, numbers, scores = (list(column) for column in zip(*of, strict=True))
        best = best_so_far(material.metric, scores)
        return Course(at=at, trials=numbers, scores=scores, best=best)

    ended = (TrialState.STOPPED, TrialState.FAILED)
    return History(
        by_trial=course([(t.number, t.number, t.score or 0.0) for t in trials]),
        by_time=course([(m, n, score or 0.0) for m, n, score in timed]),
        without_score=[
            t.number for t in material.trials if t.state in ended and not t.rung
        ],
        label=material.score_label,
        frame=frame(material.metric, [t.score or 0.0 for t in trials]),
    )


def caption(history: History) -> str:
    """Say how to read it."""
    crosses = (
        " Crosses at the lower edge are trials that were stopped or failed: they have "
        "no score."
        if history.without_score
        else ""
    )
    return (
        "Each point is a complete trial, the line the best score so far. While the "
        "line still climbs a longer search may pay; where it has long been flat it "
        f"hardly will.{crosses} Time runs from the first fold on; pauses of more than "
        f"ten minutes are left out.{history.frame.remark}"
    )


def draw(history: History) -> Any:
    """Draw it for print."""
    figure, axes = new_figure(2, size=3.6, width=4.8)
    courses = (history.by_trial, history.by_time)
    for axis, course, x in zip(axes, courses, _X, strict=True):
        axis.step(
            course.at,
            course.best,
            where="post",
            color=VALIDATION,
            linewidth=1.8,
            label="best so far",
        )
        inside = [history.frame.clip(score) for score in course.scores]
        axis.scatter(
            course.at, inside, s=18, color=TRAINING, zorder=3, label="complete trial"
        )
        axis.set_ylim(history.frame.low, history.frame.high)
        axis.set_xlabel(x)
        axis.grid(alpha=0.3)
    left = axes[0]
    ends = [*history.by_trial.at, *history.without_score]
    left.set_xlim(min(ends) - 0.7, max(ends) + 0.7)
    left.xaxis.get_major_locator().set_params(integer=True)
    left.set_ylabel(for_print(history.label))
    if history.without_score:
        left.scatter(
            history.without_score,
            [0.02] * len(history.without_score),
            transform=left.get_xaxis_transform(),
            marker="x",
            s=16,
            linewidth=1,
            color=GREY,
            label="stopped or failed",
        )
    handles, labels = left.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3, fontsize=8)
    return figure


_X = ("trial number", "minutes since the first fold began")


def plots(history: History) -> list[Plot]:
    """Return the panels for a browser."""
    shown = []
    courses = (history.by_trial, history.by_time)
    for course, x in zip(courses, _X, strict=True):
        best = {
            "x": course.at,
            "y": course.best,
            "mode": "lines",
            "line": {"shape": "hv", "color": VALIDATION},
            "name": "best so far",
            "hovertemplate": "best so far %{y:.5g}<extra></extra>",
        }
        points = {
            "x": course.at,
            "y": course.scores,
            "mode": "markers",
            "marker": {"color": TRAINING, "size": 7},
            "name": "complete trial",
            "customdata": course.trials,
            "hovertemplate": "trial %{customdata}: %{y:.5g}<extra></extra>",
        }
        traces = [best, points]
        if history.without_score and course is history.by_trial:
            span = history.frame.high - history.frame.low
            edge = history.frame.low + 0.02 * span
            traces.append(
                {
                    "x": history.without_score,
                    "y": [edge] * len(history.without_score),
                    "mode": "markers",
                    "marker": {"color": GREY, "symbol": "x-thin-open", "size": 7},
                    "name": "stopped or failed",
                    "hovertemplate": "trial %{x}: no score<extra></extra>",
                }
            )
        shown.append(
            plot(
                traces,
                x={"title": x},
                y={
                    "title": history.label,
                    "range": [history.frame.low, history.frame.high],
                },
            )
        )
    return shown


FIGURE = Figure(
    name="history",
    title="Course of the search",
    compute=compute,
    caption=caption,
    draw=draw,
    plots=plots,
)
