"""The leaderboard: trials by score, as rows, as a table, as Markdown."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.table import Table

from pipelines.spec import short_name
from search.configuration import describe
from search.diagnosis import Diagnosis, diagnose_all
from search.fold_sizes import valid_over_train
from search.intervals import fold_interval
from search.metrics import METRICS, fold_scores
from search.numbers import with_unit, write_mean, write_score
from search.objectives import objective_values, pareto_front
from search.pruners.saved import describe_saved
from search.scoring import generalization_gap, mean_score, rank, score_std
from search.types import Settings, Trial, TrialState
from spaces.params import Scalar

WIDE = 143
"""Columns of a terminal from which on configurations fit beside the scores."""

INTERVAL = "95 % interval"


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line of a leaderboard.

    Attributes:
        rank: From 1.
        number: The trial's number.
        score: Mean over folds of the searched metric at the common epoch.
        score_std: Standard deviation over folds, NaN for a single fold.
        standard_error: Of the score, over folds; NaN for a single fold.
        interval: 95 % interval of the score, see `fold_interval`; None for a single
            fold.
        gap: Generalization gap at that epoch, positive when validation is worse.
        epoch: The common epoch.
        diagnosis: What its curves say.
        metrics: Every followed metric at that epoch, the searched one first.
        n_parameters: Weights of the model.
        seconds: Training time of all folds.
        on_front: Whether no other row is better in one of the study's objectives and
            as good in all; None where the score is the only one.
        params: The configuration.
    """

    rank: int
    number: int
    score: float
    score_std: float
    standard_error: float
    interval: tuple[float, float] | None
    gap: float
    epoch: int
    diagnosis: Diagnosis
    metrics: Mapping[str, float]
    n_parameters: int
    seconds: float
    on_front: bool | None
    params: Mapping[str, Scalar]


def make_rows(
    settings: Settings,
    trials: Sequence[Trial],
    diagnoses: Mapping[int, Diagnosis] | None = None,
) -> list[Row]:
    """Rank the complete trials; the front is that of the given ones.

    Args:
        settings: The study's.
        trials: Some or all of the study.
        diagnoses: By number; None makes them from the given trials.
    """
    metric = METRICS[settings.metrics[0]]
    ranked = rank(metric, trials)
    if diagnoses is None:
        diagnoses = diagnose_all(metric, trials)
    on_front = _on_front(settings, ranked)
    rows = []
    for place, (trial, front) in enumerate(zip(ranked, on_front, strict=True), start=1):
        assert trial.epoch is not None  # complete trials have score and epoch
        assert trial.score is not None
        std = score_std(metric, trial.folds, trial.epoch)
        scores = fold_scores(metric, [f.curves for f in trial.folds], trial.epoch)
        interval = fold_interval(scores, valid_over_train(settings, [trial.params]))
        rows.append(
            Row(
                rank=place,
                number=trial.number,
                score=trial.score,
                score_std=std,
                standard_error=std / math.sqrt(len(scores)),
                interval=None if interval is None else metric.clip(interval),
                gap=generalization_gap(metric, trial.folds, trial.epoch),
                epoch=trial.epoch,
                diagnosis=diagnoses[trial.number],
                metrics={
                    name: mean_score(METRICS[name], trial.folds, trial.epoch)
                    for name in settings.metrics
                },
                n_parameters=trial.folds[0].n_parameters,
                seconds=sum(fold.seconds for fold in trial.folds),
                on_front=front,
                params=trial.params,
            )
        )
    return rows


def heading(settings: Settings) -> str:
    """Say in one line what the scores are."""
    s = settings
    rule = "the best common epoch" if s.epoch == "best" else "the last epoch"
    spread = ", ± standard error over folds" if _has_folds(s) else ""
    rows = "all rows" if s.n_rows is None else f"{s.n_rows:,} rows"
    groups = "" if s.groups is None else f" by groups ({s.groups})"
    begun = "" if s.init_from is None else f"begun with run {s.init_from[:8]}; "
    return (
        f"{s.name}: {short_name(s.pipeline)}, {rows}, {s.cv}{groups}; {begun}"
        f"{s.metrics[0]}: mean over folds at "
        f"{rule} of {s.epochs}{spread}; test rows not used"
    )


def leaderboard_view(
    settings: Settings, rows: Sequence[Row], *, width: int
) -> RenderableType:
    """Return the leaderboard for a terminal of that many columns.

    Where words would be squeezed beside the scores they stand below.
    """
    table = leaderboard_table(settings, rows)
    if width >= WIDE:
        return table
    configurations, diagnoses = table.columns.pop(), table.columns.pop()
    parts = [table.columns[0], diagnoses, configurations]
    below = Table.grid(padding=(0, 2, 0, 0))
    below.add_column(justify="right", min_width=6)
    if _has_folds(settings):
        parts.insert(1, table.columns.pop(2))
        below.add_column(no_wrap=True)
    below.add_column(no_wrap=True)
    below.add_column(overflow="fold")
    below.add_row(*(column.header for column in parts))
    for words in zip(*(column.cells for column in parts), strict=True):
        below.add_row(*words)
    return Group(table, below)


def leaderboard_table(settings: Settings, rows: Sequence[Row]) -> Table:
    """Return the leaderboard, configurations in the last column."""
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
    _, lines = leaderboard_cells(settings, rows)
    for place, cells in enumerate(lines):
        if place == len(rows):  # the dummy
            table.add_section()
        table.add_row(*cells)
    return table


def leaderboard_cells(
    settings: Settings, rows: Sequence[Row]
) -> tuple[list[str], list[list[str]]]:
    """Return column names and one list of cells for each row, the dummy's last."""
    columns = ["trial", *_columns(settings), "configuration"]
    cells = [
        [str(row.number), *_cells(settings, row), describe(row.params)] for row in rows
    ]
    if settings.dummy:
        cells.append(["dummy", *_dummy_cells(settings), _dummy_words(settings)])
    return columns, cells


def leaderboard_markdown(
    settings: Settings, trials: Sequence[Trial], *, n: int = 20
) -> str:
    """Return the leaderboard as the study's page in MLflow shows it.

    Args:
        settings: The study's.
        trials: All of them.
        n: Rows at most.
    """
    columns, rows = leaderboard_cells(settings, make_rows(settings, trials)[:n])
    lines = [
        heading(settings),
        "",
        "| " + " | ".join(columns) + " |",
        "|" + " ---: |" * (len(columns) - 1) + " :--- |",
    ]
    lines += ["| " + " | ".join(cells) + " |" for cells in rows]
    saved = describe_saved(settings.pruner, trials)
    ended = f"trials: {count_trials(trials)}" + (f"; {saved}" if saved else "")
    return "\n".join([*lines, "", ended])


def count_trials(trials: Sequence[Trial]) -> str:
    """Say how many trials ended in which way, those at fewer epochs apart."""
    counts = Counter(trial.state for trial in trials if not trial.rung)
    words = [
        f"{counts[state]} {'unfinished' if state == 'running' else state}"
        for state in TrialState
        if counts[state]
    ]
    rungs = sum(trial.rung for trial in trials)
    if rungs:
        words.append(f"{rungs} at fewer epochs")
    return ", ".join(words) or "none"


def row_as_json(row: Row, run_id: str) -> dict[str, Any]:
    """Return a row as plain data, with the trial's run in the tracking store.

    JSON knows no NaN: the spread of a single fold is None.
    """
    known = {
        name: None if isinstance(value, float) and math.isnan(value) else value
        for name, value in vars(row).items()
    }
    return {
        **known,
        "diagnosis": row.diagnosis.kind.value,
        "overfit_since": row.diagnosis.since,
        "run_id": run_id,
    }


def _on_front(settings: Settings, trials: Sequence[Trial]) -> list[bool | None]:
    if len(settings.objectives) == 1:
        return [None] * len(trials)
    metric = METRICS[settings.metrics[0]]
    points = []
    for trial in trials:
        point = objective_values(settings.objectives, metric, trial)
        assert point is not None  # ranked trials are complete
        points.append(point)
    return list(pareto_front(points))


def _columns(settings: Settings) -> list[str]:
    first, *others = (with_unit(name, settings.unit) for name in settings.metrics)
    if _has_folds(settings):
        others.insert(0, INTERVAL)
    front = ["front"] if len(settings.objectives) > 1 else []
    measured = ["gap", "epoch", "weights", "seconds"]
    return [first, *others, *measured, *front, "diagnosis"]


def _cells(settings: Settings, row: Row) -> list[str]:
    error = None if math.isnan(row.standard_error) else row.standard_error
    return [
        write_mean(row.score, error),
        *([_interval(row)] if _has_folds(settings) else []),
        *(write_score(row.metrics[name]) for name in settings.metrics[1:]),
        write_score(row.gap, sign=True, like=row.score),
        str(row.epoch),
        f"{row.n_parameters:,}",
        f"{row.seconds:.0f}",
        *([] if row.on_front is None else ["yes" if row.on_front else ""]),
        str(row.diagnosis),
    ]


def _has_folds(settings: Settings) -> bool:
    """Say whether scores have a spread over folds."""
    return not settings.cv.startswith("holdout")


def _interval(row: Row) -> str:
    if row.interval is None:
        return ""
    low, high = (write_score(end, like=row.score) for end in row.interval)
    return f"{low} to {high}"


def _dummy_cells(settings: Settings) -> list[str]:
    scores = [write_score(settings.dummy[name]) for name in settings.metrics]
    if _has_folds(settings):
        scores.insert(1, "")
    return scores + [""] * (len(_columns(settings)) - len(scores))


def _dummy_words(settings: Settings) -> str:
    classes = METRICS[settings.metrics[0]].task == "classification"
    return "predicts the " + ("shares of the classes" if classes else "mean")
