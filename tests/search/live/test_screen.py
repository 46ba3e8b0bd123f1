"""What a screen shows at which size."""

import io
import re
from dataclasses import replace

import pytest
from rich.console import Console

from search.live.screen import draw, summary
from search.live.snapshot import EndedTrial, RunningTrial, Snapshot
from search.live.time_left import TimeLeft

WORDS = "56-244-118-381-29, tanh, batch_norm, dropout 0.034, l1 8.2e-07, sgd, [b]"
CURVE = tuple(0.95 - 0.8 / (epoch + 1) for epoch in range(20))


def running(number, *, slot=None, n_epochs=5, **fields):
    return RunningTrial(
        **{
            "number": number,
            "configuration": WORDS,
            "folds_done": 1,
            "mean": 0.9312,
            "slot": slot,
            "fold": None if slot is None else 1,
            "seconds": None if slot is None else 12.6,
            "curve": CURVE[:n_epochs],
        }
        | fields
    )


def ended(number, state="complete", score=0.9):
    return EndedTrial(
        number=number, state=state, configuration=WORDS, score=score, curve=CURVE
    )


SNAPSHOT = Snapshot(
    study="digits-1",
    about="digits, kfold:5, optuna noisy-gp, pruner forgiving",
    metric="accuracy",
    epochs=20,
    n_folds=5,
    n_trials=20,
    n_ended=9,
    folds_trained=24,
    gone=192.0,
    left=TimeLeft(seconds=250.0),
    saved="stopped 3 of 9 trials and saved 11 of 45 folds (24%)",
    best=ended(3, score=0.9436),
    running=(running(9, slot=0), running(10, slot=1, n_epochs=0, mean=None)),
    latest=(*map(ended, range(1, 8)), ended(8, "stopped", None)),
    notes=("MLflow is 30 records behind",),
)


def lines(snapshot=SNAPSHOT, *, width=80, height=None):
    out = io.StringIO()
    # wider than asked for: a line that is too long would not be folded unseen
    console = Console(file=out, width=width + 40, color_system=None)
    console.print(draw(snapshot, width=width, height=height))
    return [line.rstrip() for line in out.getvalue().splitlines()]


def words_of(shown, beginning):
    """Return the words of the one line that begins with some."""
    rows = [line.split() for line in shown]
    found = [row for row in rows if row[: len(beginning)] == beginning]
    assert len(found) == 1, shown
    return found[0]


def test_a_wide_screen_shows_everything():
    shown = lines(width=200)
    text = "\n".join(shown)
    assert shown[0].startswith("digits-1  digits, kfold:5, optuna noisy-gp")
    assert "9/20  3:12 gone, about 4:10 left" in shown[1]
    assert shown[2].split()[:3] == ["folds", "24", "trained;"]
    assert "stopped 3 of 9 trials and saved 11 of 45 folds (24%)" in shown[2]
    assert f"best accuracy 0.9436 in trial 3: {WORDS}" in shown[3]
    now = words_of(shown, ["0", "9"])  # slot, trial
    assert now[2:7] == ["2/5", "0:12", "▁▆█", "0.7900", "0.9312"]
    fresh = words_of(shown, ["1", "10"])
    assert fresh[2:5] == ["2/5", "0:12", "56-244-118-381-29,"]  # no epoch yet
    assert words_of(shown, ["7", "complete"])[2:4] == ["0.9000", "▁▅▇▇▇███████"]
    assert words_of(shown, ["8", "stopped"])[2] == "▁▅▇▇▇███████"  # no score
    assert text.count(WORDS) == 11  # brackets are no markup
    assert shown[-1] == "MLflow is 30 records behind"


@pytest.mark.parametrize("width", [20, 33, 40, 57, 60, 80, 100, 126, 200])
@pytest.mark.parametrize("height", [1, 5, 9, 12, 23, 40, None])
def test_no_line_is_longer_and_no_screen_higher_than_there_is_room(width, height):
    many = tuple(running(n, slot=n) for n in range(30))
    waiting = (running(9), running(10))
    for now in (SNAPSHOT.running, many, waiting, ()):
        snapshot = replace(SNAPSHOT, running=now)
        shown = lines(snapshot, width=width, height=height)
        assert max(map(len, shown)) <= width
        assert height is None or len(shown) <= height


def test_a_usual_terminal_shows_curves_scores_and_configurations():
    shown = lines(width=80, height=23)
    assert len(shown) == 4 + 2 + 2 + 2 + 8 + 1
    assert words_of(shown, ["0", "9"])[4] == "▁▆█"
    assert re.search(r"0\.9312  56-244-\S*…?", "\n".join(shown))
    assert shown[2].endswith("saved 11 of 45 folds (24%)")


@pytest.mark.parametrize(
    ("width", "missing"),
    [
        (60, []),
        (50, ["so far"]),
        (36, ["so far", "slot"]),
    ],
)
def test_a_narrow_screen_leaves_out_the_least_important(width, missing):
    shown = lines(replace(SNAPSHOT, latest=()), width=width)
    [header] = [line for line in shown if "trial " in line and "fold" in line]
    always = ["trial", "fold"]
    assert all(name in header for name in always)
    for name in ("slot", "so far"):
        assert (name in header) != (name in missing), header


def test_a_low_screen_keeps_what_runs_and_the_latest():
    shown = lines(height=14)
    assert words_of(shown, ["0", "9"])
    assert words_of(shown, ["1", "10"])
    assert words_of(shown, ["8", "stopped"])
    assert not any(line.split()[:2] == ["1", "complete"] for line in shown)
    assert shown[0].startswith("digits-1")
    assert shown[-1] == "MLflow is 30 records behind"


def test_more_slots_than_rows_are_counted():
    many = tuple(running(n, slot=n) for n in range(64))
    shown = lines(replace(SNAPSHOT, running=many), height=24)
    [more] = [line for line in shown if line.startswith("and ")]
    seen = [line for line in shown if " 2/5 " in line]
    assert more == f"and {64 - len(seen)} more"
    assert 5 <= len(seen) < 20
    assert words_of(shown, ["8", "stopped"])


def test_without_slots_there_are_no_columns_for_them():
    shown = lines(replace(SNAPSHOT, running=(running(9), running(10))))
    [header] = [line for line in shown if "fold" in line and "trial " in line]
    assert "slot" not in header
    assert "time" not in header
    assert words_of(shown, ["9", "1", "done"])


def test_before_the_first_trial():
    empty = replace(
        SNAPSHOT, n_ended=0, folds_trained=0, left=None, saved=None, best=None,
        running=(), latest=(), notes=(), gone=1.0,
    )  # fmt: skip
    shown = lines(empty)
    assert len(shown) == 4
    assert "0/20  0:01 gone" in shown[1]
    assert "left" not in shown[1]
    assert shown[3].strip() == "best no complete trial yet"


def test_a_budget_in_minutes_has_no_bar():
    shown = lines(replace(SNAPSHOT, n_trials=None, left=TimeLeft(seconds=30.0)))
    assert shown[1].split()[:2] == ["trials", "9"]
    assert "about 0:30 left" in shown[1]
    assert "━" not in shown[1]


def test_what_only_bounds_the_time_is_said_so():
    bound = replace(SNAPSHOT, left=TimeLeft(seconds=30.0, at_most=True))
    assert "at most 0:30 left" in lines(bound)[1]


def test_a_line_for_a_pipe():
    assert summary(SNAPSHOT) == (
        "trials 9/20  best accuracy 0.9436 in trial 3  3:12 gone, about 4:10 left"
    )
    over = replace(SNAPSHOT, gone=None, left=None, best=None, outcome="done")
    assert summary(over) == "trials 9/20"
