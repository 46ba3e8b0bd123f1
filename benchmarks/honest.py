"""Is the corrected score honest? Many small searches whose truth is known.

    .venv/bin/python benchmarks/honest.py noise    # 20 studies of shuffled labels
    .venv/bin/python benchmarks/honest.py digits   # 20 studies, each with its test rows
    .venv/bin/python benchmarks/honest.py both --repetitions 20

`noise`: 40 trials of labels without meaning, whose true accuracy is .1. The best score
lies above it; the corrected one should have it within its 95 % interval. `digits`: the
corrected score minus the test score of the winner's rerun, with the errors of both,
should hold 0 in its 95 % interval. The space has few networks and any learning rate, so
that repetitions share what is compiled. Finished ones are kept in `benchmarks/lines`.
"""

import argparse
import json
import math
import os
import statistics
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from work import WORK, Lines

BIN = Path(sys.executable).parent
CHANCE = 0.1
SEEDS = 3
"""Of a rerun."""

WIDTHS = "16,64,256"
SPACE = {
    "n_layers": "1..3", "width_1": WIDTHS, "width_2": WIDTHS, "width_3": WIDTHS,
    "activation": "relu,tanh", "dropout": "0,0.3", "batch_norm": "false", "l1": "off",
    "l2": "off", "label_smoothing": "0", "optimizer": "adam", "batch_size": "64",
}  # fmt: skip


@dataclass(frozen=True)
class Plan:
    """One study."""

    kind: str
    trials: int
    epochs: int
    cv: str = "kfold:5"
    pruner: str = "none"
    space: Mapping[str, str] = field(default_factory=lambda: SPACE)


PLANS = {
    "noise": Plan(kind="noise", trials=40, epochs=5),
    "digits": Plan(kind="digits", trials=20, epochs=10),
}
MODULES = {"noise": "NOISE", "digits": "RECUT"}


def tunefold(*words: object) -> str:
    """Run the command in the benchmarks' working folder; return what it prints."""
    folder = str(Path(__file__).resolve().parent)
    path = os.pathsep.join([folder, str(Path(folder).parent)])
    done = subprocess.run(
        [BIN / "tunefold", *map(str, words)],
        cwd=WORK,
        env=os.environ | {"PYTHONPATH": path, "MLFLOW_TRACKING_URI": "sqlite:///h.db"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(done.stderr)
    return done.stdout


def narrowed(space: Mapping[str, str]) -> list[str]:
    """Return the options that narrow the parameters."""
    return [f"--set={parameter}={values}" for parameter, values in space.items()]


def measure(kind: str, repetitions: int) -> Lines:
    """Search what is not finished yet."""
    plan = PLANS[kind]
    lines = Lines("full", f"honest-{kind}", plan)
    WORK.mkdir(exist_ok=True)
    for number in range(repetitions):
        if lines.get(str(number)) is None:
            lines.add(str(number), **_repetition(plan, number))
            print(f"{kind} {number}: {lines.get(str(number))}", flush=True)
    return lines


def _repetition(plan: Plan, number: int) -> dict[str, Any]:
    name = f"{plan.kind}-{os.getpid()}-{number}"
    word = f"recut_digits:{MODULES[plan.kind]}_{number}"
    tunefold(
        *("search", word, "--name", name, "--engine", "random", "--seed", number),
        *("--trials", plan.trials, "--epochs", plan.epochs, "--cv", plan.cv),
        *("--pruner", plan.pruner),
        *narrowed(plan.space),
    )
    winner = json.loads(tunefold("best", name, "--json"))["winner"]
    found = {"winner": winner}
    if plan.kind == "digits":
        report = json.loads(
            tunefold("rerun", name, "--pipeline", word, "--seeds", SEEDS, "--json")
        )
        found["test"] = report["metrics"]["accuracy"]
    return found


def report(kind: str, repetitions: int) -> str:
    """Return what was found in sentences."""
    plan = PLANS[kind]
    lines = Lines("full", f"honest-{kind}", plan)
    done = [line for n in range(repetitions) if (line := lines.get(str(n)))]
    winners = [line["winner"] for line in done]
    if kind == "noise":
        truths, errors = [CHANCE] * len(done), [0.0] * len(done)
    else:
        tests = [line["test"] for line in done]
        truths = [test["mean"] for test in tests]
        errors = [
            math.hypot(
                (test["high"] - test["low"]) / (2 * 1.96),
                test["seed_std"] / math.sqrt(SEEDS),
            )
            for test in tests
        ]
    inside = tibshirani = 0
    for winner, truth, error in zip(winners, truths, errors, strict=True):
        own = (winner["high"] - winner["low"]) / (2 * 1.96)
        if kind == "noise":  # the interval as it is said
            inside += winner["low"] <= truth <= winner["high"]
        else:
            inside += abs(winner["corrected"] - truth) <= 1.96 * math.hypot(own, error)
        tibshirani += winner["tibshirani"] < truth
    plain, corrected, by_folds = (
        statistics.fmean(w[name] - t for w, t in zip(winners, truths, strict=True))
        for name in ("score", "corrected", "tibshirani")
    )
    part = statistics.fmean(w["epoch_part"] for w in winners)
    return (
        f"{kind}: {len(done)} studies of {plan.trials} trials, {plan.cv}, "
        f"{plan.epochs} epochs. Best score minus truth {plain:+.4f} in the mean, "
        f"corrected {corrected:+.4f} (the epoch's part {part:.4f}), by Tibshirani "
        f"{by_folds:+.4f} (below the truth in {tibshirani}). The truth lies within the "
        f"95 % interval in {inside} of {len(done)}."
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("kind", choices=[*PLANS, "both"])
    parser.add_argument("--repetitions", type=int, default=20)
    words = parser.parse_args()
    for chosen in PLANS if words.kind == "both" else [words.kind]:
        measure(chosen, words.repetitions)
        print(report(chosen, words.repetitions))
