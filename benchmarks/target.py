"""Time until a search holds a configuration as good as a peer's, both live.

The peer searches first: a Keras Tuner loop draws random trials of the space by itself,
five folds each; then `tunefold search` with its defaults runs until its journal holds
a trial at least as good as the peer's best. Score on both sides: the best epoch of the
fold-mean curve. The peer's clock is that of all its trials, as it cannot know when to
stop. And plain AutoKeras against `tunefold search` on one split, until both hold a
given accuracy. Clocks run from each command's start. The peer's finished trials are
kept: a rerun goes on after them.

    .venv/bin/python benchmarks/target.py short
    .venv/bin/python benchmarks/target.py full
    .venv/bin/python benchmarks/target.py full --rows 60000   # many hours
"""

import argparse
import json
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from commands import peer, printed, tunefold_until
from work import Lines


@dataclass(frozen=True)
class Plan:
    """What both sides search."""

    rows: int
    epochs: int
    trials: int
    """Of the peer."""
    cv: str = "kfold:5"


@dataclass(frozen=True)
class GivenPlan:
    """The accuracy that both sides look for on one split."""

    rows: int
    accuracy: float
    rounds: int
    cv: str = "holdout:0.2"
    max_seconds: float = 1200.0
    """After these a side is given up."""


PLANS = {
    "short": Plan(rows=10_000, epochs=2, trials=2),
    "full": Plan(rows=20_000, epochs=10, trials=40),
}
GIVEN = {
    "short": GivenPlan(rows=10_000, accuracy=0.84, rounds=1),
    "full": GivenPlan(rows=20_000, accuracy=0.88, rounds=3),
}


def measure(size: str, plan: Plan | None = None) -> None:
    """Search what is not finished yet."""
    plan = plan or PLANS[size]
    lines = Lines(size, "target", plan)
    if lines.get("peer") is None:
        lines.add("peer", **_peer(lines, plan))
        lines.unfinished().unlink()  # the line has all of it
    if lines.get("tunefold") is None:
        lines.add("tunefold", **_tunefold(lines, plan))
    given = GIVEN[size]
    lines = Lines(size, "given", given)
    sides = {"tunefold": partial(_given_tunefold, lines, given)}
    sides["peer"] = partial(_given_peer, lines, given)
    lines.measure_rounds(given.rounds, sides)


def _peer(lines: Lines, plan: Plan) -> dict[str, Any]:
    out = lines.unfinished()
    peer(
        "keras_tuner_loop",
        *("--random", plan.trials, "--out", out, "--rows", plan.rows),
        *("--cv", plan.cv, "--epochs", plan.epochs),
        folder=lines.folder("peer"),
    )
    trials = _trials(out)
    return {
        "seconds": sum(trial["seconds"] for trial in trials),
        "scores": [common_epoch_score(trial["val_accuracy"]) for trial in trials],
    }


def _tunefold(lines: Lines, plan: Plan) -> dict[str, Any]:
    theirs = lines.get("peer")
    assert theirs is not None  # it goes first
    reached = tunefold_until(
        max(theirs["scores"]),
        *("fashion_mnist", "--cv", plan.cv, "--epochs", plan.epochs),
        *("--rows", plan.rows, "--trials", 100_000),
        name="target",
        folder=lines.folder("tunefold"),
        max_seconds=2 * theirs["seconds"],
    )
    return asdict(reached)


def _given_tunefold(lines: Lines, plan: GivenPlan, number: int) -> dict[str, Any]:
    reached = tunefold_until(
        plan.accuracy,
        *("fashion_mnist", "--cv", plan.cv, "--rows", plan.rows),
        *("--trials", 100_000, "--seed", number),
        name="given",
        folder=lines.folder(f"tunefold-{number}"),
        max_seconds=plan.max_seconds,
    )
    return asdict(reached)


def _given_peer(lines: Lines, plan: GivenPlan, number: int) -> dict[str, Any]:
    folder = lines.folder(f"peer-{number}")
    peer(
        "autokeras_loop",
        *("--until", plan.accuracy, "--rows", plan.rows, "--cv", plan.cv),
        *("--seed", number + 1, "--within", plan.max_seconds),
        folder=folder,
    )
    found = printed(folder)
    return {
        "seconds": found["seconds"],
        "score": found["best"],
        "reached": found["reached"],
    }


def common_epoch_score(curves: Sequence[Sequence[float]]) -> float:
    """Return the best epoch of the mean curve over folds, as a search scores."""
    return max(map(statistics.fmean, zip(*curves, strict=True)))


def _trials(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def report(size: str, plan: Plan | None = None) -> str:
    """Return the figures as Markdown."""
    return "\n\n".join(filter(None, [to_best(size, plan), to_given(size)]))


def to_best(size: str, plan: Plan | None = None) -> str:
    """Return the time to the peer's best; empty where not measured."""
    plan = plan or PLANS[size]
    lines = Lines(size, "target", plan)
    theirs, ours = lines.get("peer"), lines.get("tunefold")
    if not theirs or not ours:
        return ""
    minutes = f"{ours['seconds'] / 60:.1f} min"
    if ours["reached"]:
        ratio = theirs["seconds"] / ours["seconds"]
        outcome = (
            f"holds one as good after {minutes} ({ours['trials']} complete trials, "
            f"{ours['score']:.4f}): **{ratio:.1f} times** as fast."
        )
    else:
        outcome = f"holds none as good after {minutes} (best {ours['score']:.4f})."
    return (
        f"**Time to the peer's best.** {plan.cv}, {plan.epochs} epochs, "
        f"{plan.rows:,} rows; {lines.dates}. The Keras Tuner loop searches "
        f"{plan.trials} random trials in {theirs['seconds'] / 60:.1f} min; its best "
        f"has {max(theirs['scores']):.4f}. `tunefold search` with its defaults "
        f"{outcome}"
    )


def to_given(size: str) -> str:
    """Return the time to a given score; empty where not measured."""
    plan = GIVEN[size]
    lines = Lines(size, "given", plan)
    rows: list[str] = []
    ratios: list[float] = []
    rounds = lines.rounds(plan.rounds)
    for number, (ours, theirs) in enumerate(rounds, start=1):
        cells = [
            f"{side['seconds']:.0f} s"
            if side["reached"]
            else f"not in {side['seconds']:.0f} s (best {side['score']:.4f})"
            for side in (ours, theirs)
        ]
        ratio = theirs["seconds"] / ours["seconds"]
        if ours["reached"] and theirs["reached"]:
            ratios.append(ratio)
            cells.append(f"{ratio:.2f}")
        else:
            cells.append(f"over {ratio:.1f}" if ours["reached"] else "-")
        rows.append(f"| {number} | {' | '.join(cells)} |")
    if not rows:
        return ""
    head = (
        f"**Time to a given score.** Validation accuracy {plan.accuracy} on one split, "
        f"{plan.cv}, {plan.rows:,} rows; from the commands' start; {lines.dates}."
    )
    if ratios:
        rows.append(f"| median | | | **{statistics.median(ratios):.2f}** |")
    header = ["| round | tunefold | AutoKeras | ratio |", "|---|---|---|---|"]
    return "\n".join([f"{head}\n", *header, *rows])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("size", choices=PLANS)
    parser.add_argument("--rows", type=int, help="of the search for the peer's best")
    args = parser.parse_args()
    chosen = PLANS[args.size]
    chosen = replace(chosen, rows=args.rows) if args.rows else chosen
    measure(args.size, chosen)
    print(report(args.size, chosen))
