"""The leaderboard: trials by score, as rows, as a table, as Markdown."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.table import Table

from search.metrics import METRICS
from search.scoring import generalization_gap, mean_score, rank, score_std
from search.types import Settings, Trial, TrialState
from spaces.params import Scalar, write_scalar


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line of a leaderboard.

    Attributes:
        rank: From 1.
        number: The trial's number.
        score: Mean over folds of the searched metric at the common epoch.
        score_std: Standard deviation over folds, NaN for a single fold.
        gap: Generalization gap at that epoch, positive when validation is worse.
        epoch: The common epoch.
        metrics: Every followed metric at that epoch, the searched one first.
        n_parameters: Weights of the model.
        seconds: Training time of all folds.
        params: The configuration.
    """

    rank: int
    number: int
    score: float
    score_std: float
    gap: float
    epoch: int
    metrics: Mapping[str, float]
    n_parameters: int
    seconds: float
    params: Mapping[str, Scalar]


def make_rows(settings: Settings, trials: Sequence[Trial]) -> list[Row]:
    """Rank the complete trials."""
    metric = METRICS[settings.metrics[0]]
    rows = []
    for place, trial in enumerate(rank(metric, trials), start=1):
        assert trial.epoch is not None  # complete trials have score and epoch
        assert trial.score is not None
        rows.append(
            Row(
                rank=place,
                number=trial.number,
                score=trial.score,
                score_std=score_std(metric, trial.folds, trial.epoch),
                gap=generalization_gap(metric, trial.folds, trial.epoch),
                epoch=trial.epoch,
                metrics={
                    name: mean_score(METRICS[name], trial.folds, trial.epoch)
                    for name in settings.metrics
                },
                n_parameters=trial.folds[0].n_parameters,
                seconds=sum(fold.seconds for fold in trial.folds),
                params=trial.params,
            )
        )
    return rows


def heading(settings: Settings) -> str:
    """Say in one line what the scores are."""
    s = settings
    rule = "the best common epoch" if s.epoch == "best" else "the last epoch"
    spread = "" if s.cv.startswith("holdout") else ", ± standard deviation over folds"
    rows = "all rows" if s.n_rows is None else f"{s.n_rows:,} rows"
    return (
        f"{s.name}: {s.pipeline}, {rows}, {s.cv}; {s.metrics[0]}: mean over folds at "
        f"{rule} of {s.epochs}{spread}; test rows not used"
    )


def leaderboard_table(settings: Settings, rows: Sequence[Row]) -> Table:
    """Return the leaderboard for a terminal."""
    table = Table(
        title=heading(settings),
        title_justify="left",
        title_style="",
        box=SIMPLE_HEAD,  # no borders: the room is for the configuration
        padding=(0, 1, 0, 0),
    )
    table.add_column("trial", justify="right")
    for column in _columns(settings):
        table.add_column(column, justify="right", no_wrap=True)
    table.add_column("configuration", justify="left", overflow="fold")
    for row in rows:
        table.add_row(str(row.number), *_cells(settings, row), describe(row.params))
    return table


def leaderboard_markdown(settings: Settings, trials: Sequence[Trial]) -> str:
    """Return the leaderboard as the study's description in MLflow."""
    rows = make_rows(settings, trials)[:20]
    columns = ["trial", *_columns(settings), "configuration"]
    lines = [
        heading(settings),
        "",
        "| " + " | ".join(columns) + " |",
        "|" + " ---: |" * (len(columns) - 1) + " :--- |",
    ]
    for row in rows:
        cells = [str(row.number), *_cells(settings, row), describe(row.params)]
        lines.append("| " + " | ".join(cells) + " |")
    counts = Counter(trial.state for trial in trials)
    told = ", ".join(
        f"{counts[state]} {'unfinished' if state == 'running' else state}"
        for state in TrialState
        if counts[state]
    )
    return "\n".join([*lines, "", f"trials: {told or 'none'}"])


def describe(params: Mapping[str, Scalar]) -> str:
    """Write a configuration in one line; what is switched off is left out.

    Example:
        >>> describe({"n_layers": 2, "width_1": 64, "width_2": 32, "l2": "off"})
        '64-32'
    """
    widths = [str(value) for name, value in params.items() if name.startswith("width_")]
    parts = ["-".join(widths)] if widths else []
    for name, value in params.items():
        if name.startswith("width_") or (name == "n_layers" and widths):
            continue
        if value in ("off", "on") or value is False:
            continue  # "on" says nothing that its strength does not say
        if value is True:
            parts.append(name)
        elif isinstance(value, str):
            parts.append(value)
        else:
            text = write_scalar(value if isinstance(value, int) else _short(value))
            parts.append(f"{name.removesuffix('_strength')} {text}")
    return ", ".join(parts)


def row_as_json(row: Row, run_id: str) -> dict[str, Any]:
    """Return a row as plain data, with the trial's run in the tracking store.

    JSON knows no NaN: the spread of a single fold is None.
    """
    std = None if math.isnan(row.score_std) else row.score_std
    return {**vars(row), "score_std": std, "run_id": run_id}


def _columns(settings: Settings) -> list[str]:
    others = list(settings.metrics[1:])
    return [settings.metrics[0], *others, "gap", "epoch", "weights", "seconds"]


def _cells(settings: Settings, row: Row) -> list[str]:
    single = math.isnan(row.score_std)
    return [
        f"{row.score:.4f}" + ("" if single else f" ±{row.score_std:.4f}"),
        *(f"{row.metrics[name]:.4f}" for name in settings.metrics[1:]),
        f"{row.gap:+.4f}",
        str(row.epoch),
        f"{row.n_parameters:,}",
        f"{row.seconds:.0f}",
    ]


def _short(value: float) -> float:
    return float(f"{value:.2g}")
