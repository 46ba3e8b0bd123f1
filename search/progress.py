"""Show a running search: a live table on a terminal, plain lines elsewhere."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console, RenderableType
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.text import Text

from search.live.screen import draw, write_time
from search.live.slots import RunningFold
from search.live.tally import Tally
from search.metrics import METRICS
from search.numbers import write_score
from search.scoring import mean_score
from search.types import Budget, FoldResult, Settings, Trial

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
        running: Says what the slots train.
        room: Says how little room the disk has; empty for enough.
    """

    def __init__(
        self,
        console: Console,
        settings: Settings,
        *,
        budget: Budget,
        n_folds: int,
        behind: Callable[[], int] = lambda: 0,
        running: Callable[[], Sequence[RunningFold]] = lambda: (),
        room: Callable[[], str] = lambda: "",
    ) -> None:
        self._console = console
        self._settings = settings
        self._behind = behind
        self._running = running
        self._room = room
        self._began = time.time()
        self._tally = Tally(settings, n_folds=n_folds, budget=budget, began=self._began)
        self._live: Live | None = None
        if console.is_terminal:
            self._live = Live(
                get_renderable=self._render, console=console, refresh_per_second=2
            )
            self._live.start()

    def already(self, trials: Sequence[Trial]) -> None:
        """Take in what an earlier session of the study did."""
        for trial in trials:
            self._tally.take_in(trial)

    def trial_begun(self, trial: Trial) -> None:
        """Nothing: the slots are shown."""

    def fold_done(self, trial: Trial, result: FoldResult) -> None:
        """Count a fold."""
        self._tally.fold_trained(result)
        self._tally.take_in(trial)

    def trial_done(self, trial: Trial) -> None:
        """Show how a trial ended."""
        self._tally.take_in(trial)
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

    def _render(self) -> RenderableType:
        snapshot = self._tally.snapshot(
            time.time(),
            self._running(),
            notes=list(filter(None, [self._behind_note(), self._room()])),
        )
        # a frame as high as the terminal would scroll it
        width, height = self._console.size
        return draw(snapshot, width=width, height=height - 1)

    def _behind_note(self) -> str:
        behind = self._behind()
        return f"MLflow is {behind} records behind" if behind > MANY_BEHIND else ""

    def _time_note(self) -> str:
        now = time.time()
        return write_time(now - self._began, self._tally.left(now, self._running()))

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
        leader = self._tally.best
        best = f"trial {leader.number}" if leader else "none at full epochs"
        notes = [self._time_note(), self._behind_note(), self._room()]
        return "  ".join(
            [head, f"{values}{copy}", f"best: {best}", *filter(None, notes)]
        )


@contextmanager
def show_rest(
    console: Console,
    behind: Callable[[], int],
    doing: str = "storing in MLflow",
    *,
    way_out: str = "Ctrl-C leaves the rest to 'tunefold resume'",
) -> Iterator[None]:
    """Show while MLflow takes the last records of a study.

    Args:
        console: Where to; stderr.
        behind: Says how many it has yet to take.
        doing: What is waited for.
        way_out: What Ctrl-C does.
    """
    total = behind()
    if not console.is_terminal:
        if total > MANY_BEHIND:
            console.print(f"{doing}: {total} records left; {way_out}")
        yield
        return
    bar = Progress(
        TextColumn(doing),
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
