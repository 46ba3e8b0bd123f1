"""Draw a snapshot for a terminal: the search's own screen, and that of `watch`.

Pure: a snapshot and a size in, rich's renderables out. Every line fits the width, and
all lines the height: what there is no room for is left out, the least important first.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.console import Group, RenderableType
from rich.constrain import Constrain
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from search.live.snapshot import EndedTrial, RunningTrial, Snapshot
from search.live.sparkline import sparkline
from search.live.time_left import TimeLeft
from search.numbers import write_score

LABEL = 7
"""Columns of the words at the left of the first lines."""

CURVE = 12
"""Columns of a sparkline at most."""

LEAST = 14
"""Columns of a configuration at least; with fewer it is left out."""

GAP = 2
"""Columns between two of a table."""

MIN_ENDED = 4
"""Lines kept for ended trials where many slots would take them all."""


def draw(
    snapshot: Snapshot, *, width: int, height: int | None = None
) -> RenderableType:
    """Draw a study as it stands.

    Args:
        snapshot: What to draw.
        width: Columns of the terminal.
        height: Its rows, None for no limit.
    """
    head = _head(snapshot, width)
    foot = [_line(note) for note in snapshot.notes]
    room = None if height is None else max(0, height - len(head) - len(foot))
    running = _running(snapshot, width, _room_for_running(snapshot, room))
    left = None if room is None else max(0, room - _n_lines(running))
    ended = _ended(snapshot, width, left)
    lines = [*head, *running, *ended, *foot]
    return Constrain(Group(*lines if height is None else lines[:height]), width)


def summary(snapshot: Snapshot) -> str:
    """Say in one line how a study stands, for where no screen is drawn."""
    parts = [f"trials {_of(snapshot.n_ended, snapshot.n_trials)}"]
    if snapshot.best is not None:
        parts.append(f"best {_best(snapshot.metric, snapshot.best)}")
    return "  ".join([*parts, *filter(None, [time_note(snapshot)])])


def time_note(snapshot: Snapshot) -> str:
    """Say how much time is gone and left, as far as that is known."""
    return write_time(snapshot.gone, snapshot.left)


def write_time(gone: float | None, left: TimeLeft | None) -> str:
    """Say how much time is gone and left, as far as that is known.

    Args:
        gone: Seconds since the beginning.
        left: The time that is left.

    Example:
        >>> write_time(90.0, TimeLeft(seconds=3690.0))
        '1:30 gone, about 1:01:30 left'
    """
    parts = [] if gone is None else [f"{write_seconds(gone)} gone"]
    if left is not None:
        word = "at most" if left.at_most else "about"
        parts.append(f"{word} {write_seconds(left.seconds)} left")
    return ", ".join(parts)


def write_seconds(seconds: float) -> str:
    """Write a time as a clock does.

    Example:
        >>> write_seconds(65.4), write_seconds(3690)
        ('1:05', '1:01:30')
    """
    minutes, rest = divmod(int(seconds), 60)
    if minutes < 60:
        return f"{minutes}:{rest:02}"
    return f"{minutes // 60}:{minutes % 60:02}:{rest:02}"


def _head(snapshot: Snapshot, width: int) -> list[RenderableType]:
    lines: list[RenderableType] = [
        _line(Text(snapshot.study, "bold"), f"  {snapshot.about}"),
        _progress(snapshot, width),
    ]
    folds = f"{snapshot.folds_trained} trained"
    if snapshot.saved is not None:
        folds += f"; pruning {snapshot.saved}"
    lines.append(_labelled("folds", folds))
    best = "no complete trial yet"
    if snapshot.best is not None:
        best = _best(snapshot.metric, snapshot.best)
        best += f": {snapshot.best.configuration}"
    lines.append(_labelled("best", best))
    return lines


def _progress(snapshot: Snapshot, width: int) -> RenderableType:
    counts = _of(snapshot.n_ended, snapshot.n_trials)
    words = "  ".join(filter(None, [counts, time_note(snapshot)]))
    if snapshot.n_trials is None:
        return _labelled("trials", words)
    bar = min(40, width - LABEL - 1 - cell_len(words) - GAP)
    if bar < 5:
        return _labelled("trials", words)
    row = Table.grid(padding=(0, 1, 0, 0))
    row.add_column(width=LABEL, justify="right", no_wrap=True)
    row.add_column(width=bar)
    row.add_column(no_wrap=True, overflow="ellipsis")
    completed = min(snapshot.n_ended, snapshot.n_trials)
    row.add_row(
        "trials",
        ProgressBar(total=snapshot.n_trials, completed=completed, width=bar),
        words,
    )
    return row


def _room_for_running(snapshot: Snapshot, room: int | None) -> int | None:
    if room is None:
        return None
    ended = min(len(snapshot.latest), MIN_ENDED)
    below = 2 + ended if ended else 0  # with an empty line and the names of columns
    return room - min(below, room // 2)


def _running(snapshot: Snapshot, width: int, room: int | None) -> list[RenderableType]:
    trials = list(snapshot.running)
    hidden = 0
    if room is not None and len(trials) + 2 > room:
        kept = max(0, room - 3)  # an empty line, names of columns, how many more
        hidden = len(trials) - kept
        trials = trials[:kept]
    if not trials:
        return []
    known = any(trial.slot is not None for trial in trials)
    n_folds, epochs = snapshot.n_folds, snapshot.epochs
    columns = [
        *([_Column("slot", [_number(t.slot) for t in trials], 3)] if known else []),
        _Column("trial", [str(t.number) for t in trials], 9),
        _Column("fold", [_fold(t, n_folds) for t in trials], 8),
        *(
            [_Column("time", [_seconds(t) for t in trials], 6, least=5)]
            if known
            else []
        ),
        _Column("by epoch", _curves(trials, epochs), 4, right=False, least=CURVE),
        _Column(snapshot.metric, [_last(t.curve) for t in trials], 5),
        _Column("so far", [_score(t.mean) for t in trials], 2),
    ]
    words = [t.configuration for t in trials]
    more = [_line(f"and {hidden} more")] if hidden else []
    return [_line(""), _table(columns, words, width), *more]


def _ended(snapshot: Snapshot, width: int, room: int | None) -> list[RenderableType]:
    trials = list(snapshot.latest)
    if room is not None:
        trials = trials[-max(0, room - 2) :] if room > 2 else []
    if not trials:
        return []
    columns = [
        _Column("trial", [str(t.number) for t in trials], 9),
        _Column("ended", [t.state for t in trials], 8, right=False),
        _Column(snapshot.metric, [_score(t.score) for t in trials], 7),
        _Column("by epoch", _curves(trials, snapshot.epochs), 4, right=False),
    ]
    words = [t.configuration for t in trials]
    return [_line(""), _table(columns, words, width)]


@dataclass(frozen=True)
class _Column:
    """Cells below a name; the least important column is left out first."""

    name: str
    cells: Sequence[str]
    importance: int
    right: bool = True
    least: int = 0  # columns: what grows while one looks must not move the rest

    @property
    def width(self) -> int:
        return max(self.least, *map(cell_len, [self.name, *self.cells]))


def _table(columns: Sequence[_Column], words: Sequence[str], width: int) -> Table:
    """Return a table with configurations in the last column, as far as they fit."""
    shown = list(columns)
    while len(shown) > 1 and _total(shown) > width:
        shown.remove(min(shown, key=lambda column: column.importance))
    rest = width - _total(shown) - GAP
    table = Table(box=None, padding=(0, GAP, 0, 0), pad_edge=False, header_style="dim")
    for column in shown:
        table.add_column(
            column.name,
            justify="right" if column.right else "left",
            width=min(column.width, width),
            no_wrap=True,
            overflow="ellipsis",
        )
    if rest >= LEAST:
        longest = max(map(cell_len, ["configuration", *words]))
        table.add_column(
            "configuration",
            width=min(rest, longest),
            no_wrap=True,
            overflow="ellipsis",
        )
    for number, configuration in enumerate(words):
        cells = [column.cells[number] for column in shown]
        table.add_row(*map(Text, [*cells, *([configuration] if rest >= LEAST else [])]))
    return table


def _total(columns: Sequence[_Column]) -> int:
    return sum(column.width for column in columns) + GAP * (len(columns) - 1)


def _n_lines(parts: Sequence[RenderableType]) -> int:
    return sum(p.row_count + 1 if isinstance(p, Table) else 1 for p in parts)


def _line(*parts: Text | str) -> Text:
    line = Text(no_wrap=True, overflow="ellipsis")
    for part in parts:
        line.append(part)
    return line


def _labelled(label: str, words: str) -> Text:
    return _line(f"{label:>{LABEL}} ", words)


def _best(metric: str, best: EndedTrial) -> str:
    return f"{metric} {write_score(best.score or 0.0)} in trial {best.number}"


def _of(n: int, total: int | None) -> str:
    return str(n) if total is None else f"{n}/{total}"


def _number(slot: int | None) -> str:
    return "" if slot is None else str(slot)


def _fold(trial: RunningTrial, n_folds: int) -> str:
    if trial.fold is None:
        return f"{trial.folds_done} done"
    return f"{trial.fold + 1}/{n_folds}"


def _seconds(trial: RunningTrial) -> str:
    return "" if trial.seconds is None else write_seconds(trial.seconds)


def _curves(
    trials: Sequence[RunningTrial] | Sequence[EndedTrial], epochs: int
) -> list[str]:
    return [
        sparkline(t.curve, epochs=max(epochs, len(t.curve)), width=CURVE)
        for t in trials
    ]


def _last(curve: Sequence[float]) -> str:
    return _score(curve[-1] if curve else None)


def _score(value: float | None) -> str:
    return "" if value is None else write_score(value)
