"""Show a running search: a live table on a terminal, plain lines elsewhere."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table
from rich.text import Text

from search.configuration import describe
from search.metrics import METRICS
from search.numbers import write_score
from search.scoring import mean_score
from search.types import Budget, FoldResult, Settings, Trial, TrialState

MAX_LINES = 8
"""Latest trials shown while a search runs."""

MANY_BEHIND = 20
"""Records of folds and trials from which on it is said that MLflow has yet to take
them."""


class SearchProgress:
    """Implements `search.protocols.Tracker` for the person who waits.

    Args:
        console: Where to; stderr.
        settings: The study's.
        budget: What it may use.
        n_folds: Folds of a trial.
        behind: Says how many records MLflow has yet to take.
    """

    def __init__(
        self,
        console: Console,
        settings: Settings,
        *,
        budget: Budget,
        n_folds: int,
        behind: Callable[[], int] = lambda: 0,
    ) -> None:
        self._console = console
        self._settings = settings
        self._budget = budget
        self._n_folds = n_folds
        self._metric = METRICS[settings.metrics[0]]
        self._began = time.monotonic()
        self._behind = behind
        # Counted as they come, for a study may have thousands of trials.
        self._latest: dict[int, Trial] = {}
        self._folds_of: dict[int, int] = {}
        self._ended: set[int] = set()
        self._folds = self._folds_left_out = self._folds_here = 0
        self._best: Trial | None = None
        self._bars = Progress(
            TextColumn("{task.description:>7}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[note]}"),
        )
        total = budget.trials
        self._trial_bar = self._bars.add_task("trials", total=total, note="")
        folds = None if total is None else total * n_folds
        self._fold_bar = self._bars.add_task("folds", total=folds, note="")
        self._live: Live | None = None
        if console.is_terminal:
            self._live = Live(
                get_renderable=self._render, console=console, refresh_per_second=2
            )
            self._live.start()

    def already(self, trials: Sequence[Trial]) -> None:
        """Take in what an earlier session of the study did."""
        for trial in trials:
            self._take_in(trial)
        self._update()

    def fold_done(self, trial: Trial, result: FoldResult) -> None:  # noqa: ARG002
        """Move the bars on."""
        self._take_in(trial)
        self._folds_here += 1
        self._update()

    def trial_done(self, trial: Trial) -> None:
        """Show how a trial ended."""
        self._take_in(trial)
        self._update()
        if self._live is None:
            # as Text: in a reason, brackets are no markup
            self._console.print(Text(self._line(trial)), soft_wrap=True)

    def study_done(
        self, trials: Sequence[Trial], *, reason: str, finished: bool
    ) -> None:
        """Nothing: the leaderboard follows."""

    def close(self) -> None:
        """Leave the terminal as it was."""
        if self._live is not None:
            self._live.stop()
            self._live = None

    def _take_in(self, trial: Trial) -> None:
        folds = len(trial.folds)
        self._folds += folds - self._folds_of.get(trial.number, 0)
        self._folds_of[trial.number] = folds
        if trial.state is not TrialState.RUNNING and trial.number not in self._ended:
            self._ended.add(trial.number)
            self._folds_left_out += self._n_folds - folds
        self._latest[trial.number] = trial
        if len(self._latest) > MAX_LINES:
            del self._latest[min(self._latest)]
        if trial.score is not None and not trial.rung and self._is_best(trial.score):
            self._best = trial

    def _is_best(self, score: float) -> bool:
        sign = self._metric.sign
        return self._best is None or sign(score) > sign(self._best.score or 0.0)

    def _update(self) -> None:
        self._bars.update(self._trial_bar, completed=len(self._ended))
        self._bars.update(self._fold_bar, completed=self._folds)

    def _render(self) -> Group:
        self._bars.update(self._trial_bar, note=self._time_note())
        table = Table(box=None, padding=(0, 1))
        for column in ("trial", "state", self._metric.name, "configuration"):
            table.add_column(column, overflow="ellipsis", no_wrap=True)
        # A copy in one step: the display draws in a thread of its own.
        for trial in sorted(self._latest.copy().values(), key=lambda t: t.number):
            folds = f"fold {len(trial.folds)}/{self._n_folds}"
            running = trial.state is TrialState.RUNNING
            table.add_row(
                str(trial.number),
                folds if running else trial.state.value,
                "" if trial.score is None else write_score(trial.score),
                describe(trial.params),
            )
        notes = (self._best_note(), self._behind_note())
        lines = [Text(note) for note in notes if note]
        return Group(self._bars, *lines, table)

    def _behind_note(self) -> str:
        behind = self._behind()
        return f"MLflow is {behind} records behind" if behind > MANY_BEHIND else ""

    def _time_note(self) -> str:
        seconds = time.monotonic() - self._began
        note = f"{_clock(seconds)} gone"
        left = self._seconds_left(seconds)
        return note if left is None else f"{note}, about {_clock(left)} left"

    def _seconds_left(self, gone: float) -> float | None:
        by_clock = by_folds = None
        if self._budget.minutes is not None:
            by_clock = max(0.0, self._budget.minutes * 60 - gone)
        if self._budget.trials is not None and self._folds_here:
            done = self._folds + self._folds_left_out
            missing = max(0, self._budget.trials * self._n_folds - done)
            by_folds = gone / self._folds_here * missing
        known = [left for left in (by_clock, by_folds) if left is not None]
        return min(known, default=None)

    def _best_note(self) -> str:
        best = self._best
        if best is None:
            return "no complete trial yet"
        return (
            f"best so far: {self._metric.name} {write_score(best.score or 0.0)} "
            f"(trial {best.number}: {describe(best.params)})"
        )

    def _line(self, trial: Trial) -> str:
        head = f"trial {trial.number:>3}  {trial.state.value:<8}"
        if "technique" in trial.tags:  # a homework's
            head += f"  {trial.tags['technique']}: {trial.tags['setting']}"
        if trial.score is None or trial.epoch is None:
            return f"{head}  {trial.reason}"
        values = "  ".join(
            f"{name} {write_score(mean_score(METRICS[name], trial.folds, trial.epoch))}"
            for name in self._settings.metrics
        )
        copy = "" if trial.copy_of is None else f"  (as trial {trial.copy_of})"
        if trial.rung:
            copy += f"  ({trial.epochs} of {self._settings.epochs} epochs)"
        best = f"trial {self._best.number}" if self._best else "none at full epochs"
        notes = [self._time_note(), self._behind_note()]
        return "  ".join(
            [head, f"{values}{copy}", f"best: {best}", *filter(None, notes)]
        )


@contextmanager
def show_rest(console: Console, behind: Callable[[], int]) -> Iterator[None]:
    """Show while MLflow takes the last records of a study.

    Args:
        console: Where to; stderr.
        behind: Says how many it has yet to take.
    """
    total = behind()
    way_out = "Ctrl-C leaves the rest to 'tunefold resume'"
    if not console.is_terminal:
        if total > MANY_BEHIND:
            console.print(f"storing in MLflow: {total} records left; {way_out}")
        yield
        return
    bar = Progress(
        TextColumn("storing in MLflow"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn(way_out),
    )
    task = bar.add_task("", total=total)

    def render() -> Progress:
        bar.update(task, completed=total - behind())
        return bar

    with Live(
        get_renderable=render, console=console, refresh_per_second=4, transient=True
    ):
        yield


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02}"
