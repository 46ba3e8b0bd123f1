"""Studies compared: the best score of each by what it cost."""

from collections.abc import Sequence
from typing import Any

from search.figures import engines
from search.figures.engines import Engines, anytime, engine_name
from search.figures.frame import frame
from search.figures.material import Material

NAME = "anytime"
"""Of the figure's files."""


def compute(studies: Sequence[Material]) -> Engines:
    """Return each study's best score so far by folds and by time.

    Args:
        studies: Of the same folds and searched metric, each with a complete trial.
    """
    epochs = max(study.settings.epochs for study in studies)
    curves = [
        anytime(study.metric, _label(study), study.trials, epochs=epochs)
        for study in studies
    ]
    return Engines(
        curves=curves,
        label=studies[0].score_label,
        frame=frame(studies[0].metric, [s for c in curves for s in c.best]),
    )


def caption(studies: Engines) -> str:
    """Say how to read it."""
    return (
        "each line is the best score that one study had found by then: the better one "
        "is nearer to the good end at equal cost, stopped trials included. One run "
        "each is chance as well, and minutes say something where machine and "
        f"--workers were the same.{studies.frame.remark}"
    )


def draw(studies: Engines) -> Any:
    """Draw it for print."""
    drawing = engines.draw(studies)
    drawing.suptitle("Best score so far at equal cost", fontsize=10)
    return drawing


def _label(study: Material) -> str:
    proposers = dict.fromkeys(engine_name(trial) for trial in study.trials)
    return f"{study.settings.name}: {', '.join(proposers)}"
