import io
import threading
import time

import pytest
from rich.console import Console

from search import progress
from search.live.slots import RunningFold
from search.live.tally import MAX_LATEST
from search.progress import MANY_BEHIND, SearchProgress, show_rest
from search.types import Budget


class Screen:
    """A progress display and what it wrote."""

    def __init__(
        self, settings, *, terminal, budget=None, n_folds=3, height=40, **options
    ):
        self.out = io.StringIO()
        console = Console(
            file=self.out,
            force_terminal=terminal,
            width=120,
            height=height,
            color_system=None,
        )
        self.budget = budget or Budget(trials=4)
        self.progress = SearchProgress(
            console, settings, budget=self.budget, n_folds=n_folds, **options
        )

    def send(self, *trials):
        for trial in trials:
            for fold in trial.folds:
                self.progress.fold_done(trial, fold)
            if trial.state != "running":
                self.progress.trial_done(trial)

    def frame(self):
        """What the live display shows now."""
        out = io.StringIO()
        Console(file=out, width=120).print(self.progress._render())
        return out.getvalue()


@pytest.fixture
def now(monkeypatch):
    """A time that stands still until a test moves it."""
    clock = {"seconds": 1000.0}
    monkeypatch.setattr(progress.time, "time", lambda: clock["seconds"])
    return clock


@pytest.fixture
def plain(make_settings):
    return Screen(make_settings(), terminal=False)


@pytest.fixture
def screen(make_settings):
    screen = Screen(make_settings(), terminal=True)
    yield screen
    screen.progress.close()


# Plain lines


def test_a_pipe_gets_one_line_per_trial(plain, make_trial):
    plain.send(make_trial(0, height=0.7))
    plain.send(make_trial(1, height=0.9))
    plain.send(make_trial(2, state="stopped", n_folds=1))
    plain.progress.study_done([], reason="done", finished=True)
    plain.progress.close()
    lines = plain.out.getvalue().splitlines()
    assert len(lines) == 3
    first, second, third = lines
    assert first.startswith("trial   0  complete  accuracy 0.6600  log_loss 0.5900")
    assert "best: trial 0" in first
    assert "best: trial 1" in second
    assert third == "trial   2  stopped   stopped for a reason"


def test_a_fold_alone_is_no_line(plain, make_trial):
    plain.send(make_trial(state="running", n_folds=2))
    assert plain.out.getvalue() == ""


def test_a_low_loss_is_the_best(make_settings, make_trial):
    settings = make_settings(metrics=("log_loss", "accuracy"))
    here = Screen(settings, terminal=False)
    here.send(
        *(make_trial(n, height=h, metric="log_loss") for n, h in enumerate((0.9, 0.7)))
    )
    second = here.out.getvalue().splitlines()[1]
    assert second.startswith("trial   1  complete  log_loss 0.5900  accuracy 0.6600")
    assert "best: trial 0" in second


def test_a_copy_says_of_which_trial(plain, make_trial):
    plain.send(make_trial(0), make_trial(5, copy_of=0))
    assert "(as trial 0)" in plain.out.getvalue().splitlines()[1]


def test_a_reason_is_shown_letter_by_letter(plain, make_trial):
    reason = "fold 0: shape [None, 64] [/a/b] [bold] :warning: " + "long " * 40 + "end"
    plain.send(make_trial(state="failed", reason=reason))
    assert plain.out.getvalue() == f"trial   0  failed    {reason}\n"


def test_time_gone_and_left(make_settings, make_trial, now):
    here = Screen(make_settings(), terminal=False, budget=Budget(trials=4))
    now["seconds"] += 90
    here.send(make_trial(0))
    assert here.out.getvalue().endswith("1:30 gone, about 4:30 left\n")


def test_the_limit_that_ends_first_is_the_time_left(make_settings, make_trial, now):
    here = Screen(make_settings(), terminal=False, budget=Budget(trials=4, minutes=2.0))
    now["seconds"] += 90
    here.send(make_trial(0))
    assert here.out.getvalue().endswith("1:30 gone, about 0:30 left\n")


def test_only_folds_of_this_session_tell_how_long_the_rest_takes(
    make_settings, make_trial, now
):
    here = Screen(make_settings(), terminal=False, budget=Budget(trials=4))
    here.progress.already([make_trial(0), make_trial(1)])
    now["seconds"] += 30
    here.send(make_trial(2))
    assert here.out.getvalue().endswith("0:30 gone, about 0:30 left\n")


# The live display


def test_a_terminal_gets_a_screen_and_no_lines(screen, make_trial):
    screen.send(make_trial(0, height=0.7), make_trial(1, state="running", n_folds=2))
    screen.progress.close()
    text = screen.out.getvalue()
    assert "━" in text
    assert "1/4" in text
    assert "5 trained" in text
    assert "best accuracy 0.6600 in trial 0: 64, dropout 0.3, batch_norm" in text
    assert "trial   0  complete" not in text


def test_a_frame_shows_each_trial_and_its_state(screen, make_trial):
    screen.send(
        make_trial(0, height=0.7),
        make_trial(1, state="failed", n_folds=1),
        make_trial(2, state="running", n_folds=2),
    )
    lines = [line.split() for line in screen.frame().splitlines()]
    assert ["0", "complete", "0.6600"] in [line[:3] for line in lines]
    assert ["1", "failed"] in [line[:2] for line in lines]
    assert ["2", "2", "done"] in [line[:3] for line in lines]


def test_a_frame_shows_what_the_slots_train(make_settings, make_trial, now):
    began = now["seconds"]
    training = RunningFold(
        slot=1,
        trial=2,
        fold=2,
        began=began + 5,
        epochs=4,
        params={"width_1": 32},
        curve=(0.5, 0.7),
    )
    here = Screen(make_settings(), terminal=True, running=lambda: [training])
    here.send(make_trial(2, state="running", n_folds=2))
    now["seconds"] += 12
    lines = [line.split() for line in here.frame().splitlines()]
    here.progress.close()
    # the mean of the ended folds at their common epoch comes after the fold's own
    assert ["1", "2", "3/3", "0:07", "▁█", "0.7000", "0.8550", "32"] in lines


def test_a_frame_shows_the_latest_trials_only(screen, make_trial):
    screen.send(*(make_trial(number) for number in range(12)))
    shown = [
        int(line.split()[0])
        for line in screen.frame().splitlines()
        if " complete " in line
    ]
    assert shown == list(range(12 - MAX_LATEST, 12))


def test_a_frame_leaves_the_last_row_of_a_low_terminal_free(make_settings, make_trial):
    here = Screen(make_settings(), terminal=True, height=11)
    here.send(*(make_trial(number) for number in range(12)))
    frame = here.frame().splitlines()
    here.progress.close()
    assert len(frame) == 10
    assert frame[-1].split()[:2] == ["11", "complete"]


def test_before_the_first_result(screen):
    assert "no complete trial yet" in screen.frame()
    assert "0/4" in screen.frame()


def test_a_resumed_study_shows_at_once_what_is_done(screen, make_trial):
    screen.progress.already([make_trial(0), make_trial(1, state="failed", n_folds=1)])
    assert "2/4" in screen.frame()
    assert "4 trained" in screen.frame()


def test_a_budget_in_minutes_has_no_totals(make_settings, make_trial):
    here = Screen(make_settings(), terminal=True, budget=Budget(minutes=5))
    here.send(make_trial(0))
    frame = here.frame()
    here.progress.close()
    assert "trials 1  " in frame
    assert "left" in frame
    assert "━" not in frame


def test_closing_twice_leaves_the_terminal_as_it_was(screen):
    screen.progress.close()
    screen.progress.close()
    text = screen.out.getvalue()
    assert text.count("\x1b[?25l") == text.count("\x1b[?25h") == 1  # the cursor


def test_drawing_while_trials_come_in(screen, make_trial):
    # as the display's own thread does; a dictionary must not change meanwhile
    stop, errors = threading.Event(), []
    screen.send(make_trial(0))

    def draw():
        while not stop.is_set():
            try:
                screen.progress._render()
            except RuntimeError as error:
                errors.append(error)
                return

    thread = threading.Thread(target=draw)
    thread.start()
    trial = make_trial(state="running", n_folds=1)
    deadline = time.monotonic() + 1.0
    number = 0
    while time.monotonic() < deadline and not errors:
        number += 1
        screen.progress.already(
            [make_trial(number, folds=trial.folds, state="running")]
        )
    stop.set()
    thread.join()
    assert errors == []


# Behind


@pytest.mark.parametrize("terminal", [False, True])
def test_a_long_backlog_is_shown(terminal, make_settings, make_trial):
    left = [MANY_BEHIND]
    here = Screen(make_settings(), terminal=terminal, behind=lambda: left[0])
    here.send(make_trial(0))
    assert "MLflow" not in here.frame() + here.out.getvalue()
    left[0] += 1
    here.send(make_trial(1))
    shown = here.frame() if terminal else here.out.getvalue()
    here.progress.close()
    assert f"MLflow is {MANY_BEHIND + 1} records behind" in shown


def test_the_wait_for_mlflow_is_a_bar_on_a_terminal():
    out, left = io.StringIO(), [7]
    console = Console(file=out, force_terminal=True, width=120, color_system=None)
    with show_rest(console, lambda: left[0]):
        time.sleep(0.6)  # drawn four times a second
        left[0] = 2
        time.sleep(0.6)
    shown = out.getvalue()
    assert "0/7" in shown
    assert "5/7" in shown
    assert "Ctrl-C leaves the rest to 'tunefold resume'" in shown


def test_a_short_wait_is_no_line_in_a_pipe():
    out = io.StringIO()
    with show_rest(Console(file=out), lambda: MANY_BEHIND):
        pass
    assert out.getvalue() == ""


def test_a_trial_told_twice_counts_once(screen, make_trial):
    screen.send(make_trial(0), make_trial(0), make_trial(1, n_folds=1, state="failed"))
    assert "2/4" in screen.frame()
    assert "4 trained" in screen.frame()


@pytest.mark.parametrize("terminal", [False, True])
def test_a_disk_that_fills_is_said(make_settings, make_trial, terminal):
    said = ""
    here = Screen(make_settings(), terminal=terminal, room=lambda: said)
    here.send(make_trial(0))
    said = "disk: 700 MB left in /there"
    here.send(make_trial(1))
    here.progress.close()
    shown = here.out.getvalue()
    assert said in shown
    if not terminal:
        assert said not in shown.splitlines()[0]
