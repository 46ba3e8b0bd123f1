"""One split with pruning: `tunefold search` against Optuna and Keras.

Both get the same configurations, the same hold-out split and a median pruner: ours
from the journal's start, Optuna's by `enqueue_trial`. Whole commands, in turn.

    .venv/bin/python benchmarks/holdout.py short
    .venv/bin/python benchmarks/holdout.py full
"""

import json
import statistics
import sys
from dataclasses import dataclass
from functools import partial
from typing import Any

from commands import journal, peer, tunefold
from work import Lines


@dataclass(frozen=True)
class Plan:
    """What both sides train."""

    rows: int
    epochs: int
    rounds: int
    trials: int
    """Configurations of a round; Optuna's pruner acts from the sixth."""
    cv: str = "holdout:0.2"
    seed: int = 101
    """Of the first round; each has its own."""


PLANS = {
    "short": Plan(rows=10_000, epochs=3, rounds=1, trials=8),
    "full": Plan(rows=60_000, epochs=10, rounds=3, trials=16),
}


def measure(size: str) -> None:
    """Train what is not finished yet."""
    plan = PLANS[size]
    lines = Lines(size, "holdout", plan)
    sides = {"tunefold": partial(_tunefold, lines, plan)}
    sides["peer"] = partial(_peer, lines, plan)
    lines.measure_rounds(plan.rounds, sides)


def _tunefold(lines: Lines, plan: Plan, number: int) -> dict[str, Any]:
    name = f"tunefold-{number}"
    folder = lines.folder(name)
    seconds = tunefold(
        *("fashion_mnist", "--engine", "random", "--seed", plan.seed + number),
        *("--pruner", "median", "--epoch", "last", "--cv", plan.cv, "--name", name),
        *("--rows", plan.rows, "--epochs", plan.epochs, "--trials", plan.trials),
        folder=folder,
    )
    events = journal(folder, name)
    configurations = [event["params"] for event in events if event["event"] == "asked"]
    curves = [
        event["curves"]["val_accuracy"] for event in events if event["event"] == "fold"
    ]
    return _line(seconds, curves, plan) | {"configurations": configurations}


def _peer(lines: Lines, plan: Plan, number: int) -> dict[str, Any]:
    ours = lines.get(f"tunefold-{number}")
    assert ours is not None  # it goes first
    folder = lines.folder(f"peer-{number}")
    (folder / "configurations.json").write_text(json.dumps(ours["configurations"]))
    seconds = peer(
        "optuna_loop",
        *("--configurations", "configurations.json", "--out", "trials.jsonl"),
        *("--rows", plan.rows, "--cv", plan.cv, "--epochs", plan.epochs),
        folder=folder,
    )
    text = (folder / "trials.jsonl").read_text()
    curves = [json.loads(line)["val_accuracy"] for line in text.splitlines()]
    return _line(seconds, curves, plan)


def _line(seconds: float, curves: list[list[float]], plan: Plan) -> dict[str, Any]:
    whole = [curve[-1] for curve in curves if len(curve) == plan.epochs]
    return {
        "seconds": seconds,
        "trials": plan.trials,
        "epochs": sum(map(len, curves)),
        "finished": len(whole),
        "best": max(whole),
    }


def report(size: str) -> str:
    """Return the figures as Markdown."""
    plan = PLANS[size]
    lines = Lines(size, "holdout", plan)
    rounds = lines.rounds(plan.rounds)
    rows, ratios = [], []
    for number, (ours, theirs) in enumerate(rounds, start=1):
        cells = [
            f"{side['trials'] / side['seconds'] * 60:.2f} trials/min, "
            f"{side['epochs'] / side['seconds'] * 60:.1f} epochs/min, "
            f"{side['finished']} finished, best {side['best']:.4f}"
            for side in (ours, theirs)
        ]
        ratios.append(theirs["seconds"] / ours["seconds"])
        rows.append(f"| {number} | {cells[0]} | {cells[1]} | {ratios[-1]:.2f} |")
    if not rows:
        return ""
    head = (
        f"**One split, median pruner.** {plan.trials} random configurations a round, "
        f"{plan.cv}, {plan.epochs} epochs, {plan.rows:,} rows; whole commands; best "
        f"accuracy of the last epoch among the finished; {lines.dates}."
    )
    return "\n".join(
        [
            f"{head}\n",
            "| round | tunefold | Optuna and Keras | ratio of trials/min |",
            "|---|---|---|---|",
            *rows,
            f"| median | | | **{statistics.median(ratios):.2f}** |",
        ]
    )


if __name__ == "__main__":
    measure(sys.argv[1])
    print(report(sys.argv[1]))
