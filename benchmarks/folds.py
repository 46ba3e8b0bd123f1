"""Folds per minute of whole commands: `tunefold search` against a Keras Tuner loop.

Both train the same configurations on the same folds for the same epochs, in rounds:
tunefold, peer, tunefold, peer, ... A round is a whole command each: start-up, imports,
data, training, tracking into a new MLflow store, end. Finished rounds are kept.

    .venv/bin/python benchmarks/folds.py short
    .venv/bin/python benchmarks/folds.py full
"""

import json
import statistics
import sys
from dataclasses import dataclass
from itertools import chain
from typing import Any

from agreement import difference, verdict
from commands import HERE, journal, peer, tunefold
from flops import gflop
from machine import Nothing
from work import Lines


@dataclass(frozen=True)
class Plan:
    """What both sides train."""

    rows: int
    epochs: int
    rounds: int
    trials: int
    """Configurations of a round."""
    pipeline: str = "fashion_mnist"
    narrowed: str = "n_layers=1..4"
    cv: str = "kfold:5"
    seed: int = 1
    """Of the first round; each has its own."""
    again: int = 0
    """So many configurations are trained once more with another training seed."""


WIDE = "wide.py:PIPELINE"
PLANS: dict[str, dict[str, Plan]] = {
    "short": {
        "folds": Plan(rows=10_000, epochs=3, rounds=1, trials=2),
        "wide": Plan(10_000, 2, rounds=1, trials=1, pipeline=WIDE, narrowed=""),
    },
    "full": {
        "folds": Plan(rows=60_000, epochs=10, rounds=3, trials=4, again=4),
        "wide": Plan(60_000, 4, rounds=1, trials=1, pipeline=WIDE, narrowed=""),
    },
}


def measure(size: str) -> None:
    """Train what is not finished yet."""
    for part, plan in PLANS[size].items():
        lines = Lines(size, part, plan)
        for number in range(plan.rounds):
            for side, run in (("tunefold", _tunefold), ("peer", _peer)):
                key = f"{side}-{number}"
                if lines.get(key) is None:
                    line = lines.add(key, **run(lines, plan, number))
                    print(f"{part}: {key}: {line['seconds']:.0f} s", flush=True)
        for number in range(plan.again):
            if lines.get(f"again-{number}") is None:
                lines.add(f"again-{number}", **_again(lines, plan, number))


def _tunefold(lines: Lines, plan: Plan, number: int) -> dict[str, Any]:
    narrowed = ["--set", plan.narrowed] if plan.narrowed else []
    options = [*narrowed, "--trials", plan.trials, "--seed", plan.seed + number]
    return _search(lines, plan, f"tunefold-{number}", options)


def _again(lines: Lines, plan: Plan, number: int) -> dict[str, Any]:
    """Train a configuration of the first round with another training seed."""
    first = lines.get("tunefold-0")
    assert first is not None  # rounds come first
    params = first["trials"][number]["params"]
    fixed = (f"{name}={_written(value)}" for name, value in params.items())
    options = list(chain.from_iterable(("--set", setting) for setting in fixed))
    seed = plan.seed + 1000
    return _search(
        lines, plan, f"again-{number}", [*options, "--trials", 1, "--seed", seed]
    )


def _search(
    lines: Lines, plan: Plan, name: str, options: list[object]
) -> dict[str, Any]:
    folder = lines.folder(name)
    own = plan.pipeline.endswith(":PIPELINE")
    seconds = tunefold(
        f"{HERE}/{plan.pipeline}" if own else plan.pipeline,
        *("--engine", "random", "--pruner", "none", "--epoch", "last", "--cv", plan.cv),
        *("--rows", plan.rows, "--epochs", plan.epochs, "--name", name),
        *options,
        folder=folder,
    )
    events = journal(folder, name)
    trials = []
    for asked in sorted(_of(events, "asked"), key=lambda event: event["number"]):
        folds = [f for f in _of(events, "fold") if f["number"] == asked["number"]]
        folds.sort(key=lambda event: event["fold"])
        trials.append(
            {
                "params": asked["params"],
                "val_accuracy": [fold["curves"]["val_accuracy"] for fold in folds],
                # measuring is spread over the epochs: the peer's hold validation too
                "epoch_seconds": [
                    [s + fold["measure_seconds"] / plan.epochs for s in seconds_of]
                    for fold in folds
                    for seconds_of in [fold["epoch_seconds"]]
                ],
            }
        )
    workers = events[0]["settings"]["workers"]
    return {"seconds": seconds, "workers": workers, "trials": trials}


def _peer(lines: Lines, plan: Plan, number: int) -> dict[str, Any]:
    ours = lines.get(f"tunefold-{number}")
    assert ours is not None  # it goes first
    folder = lines.folder(f"peer-{number}")
    configurations = [trial["params"] for trial in ours["trials"]]
    (folder / "configurations.json").write_text(json.dumps(configurations))
    seconds = peer(
        "keras_tuner_loop",
        *("--configurations", "configurations.json", "--out", "trials.jsonl"),
        *("--rows", plan.rows, "--cv", plan.cv, "--epochs", plan.epochs),
        folder=folder,
    )
    text = (folder / "trials.jsonl").read_text()
    trials = [json.loads(line) for line in text.splitlines()]
    return {"seconds": seconds, "workers": 1, "trials": trials}


def _of(events: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [event for event in events if event["event"] == kind]


def _written(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def report(size: str) -> str:
    """Return the figures as Markdown."""
    plans = PLANS[size]
    return "\n\n".join(filter(None, [_mixed(size, plans), _wide(size, plans)]))


def _rounds(lines: Lines, plan: Plan) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    pairs = [
        (lines.get(f"tunefold-{number}"), lines.get(f"peer-{number}"))
        for number in range(plan.rounds)
    ]
    return [(ours, theirs) for ours, theirs in pairs if ours and theirs]


def _table(rounds: list[tuple[dict[str, Any], dict[str, Any]]]) -> list[str]:
    """Return a row a round, and the medians."""
    rows = ["| round | tunefold | Keras Tuner loop | ratio |", "|---|---|---|---|"]
    rates = []
    for number, pair in enumerate(rounds, start=1):
        folds = [
            sum(len(trial["val_accuracy"]) for trial in side["trials"])
            / (side["seconds"] / 60)
            for side in pair
        ]
        rates.append((*folds, folds[0] / folds[1]))
        rows.append(f"| {number} | {_rate(folds[0])} | {_rate(folds[1])} | ")
        rows[-1] += f"{rates[-1][2]:.2f} |"
    ours, theirs, ratio = (
        statistics.median(column) for column in zip(*rates, strict=True)
    )
    rows.append(f"| median | {_rate(ours)} | {_rate(theirs)} | **{ratio:.2f}** |")
    return rows


def _rate(folds: float) -> str:
    return f"{folds:.2f} folds/min"


def _mixed(size: str, plans: dict[str, Plan]) -> str:
    plan = plans["folds"]
    lines = Lines(size, "folds", plan)
    rounds = _rounds(lines, plan)
    if not rounds:
        return ""
    ours, theirs = (
        [[curve[-1] for curve in trial["val_accuracy"]] for trial in trials]
        for trials in (
            [trial for pair in rounds for trial in pair[side]["trials"]]
            for side in (0, 1)
        )
    )
    again = [lines.get(f"again-{number}") for number in range(plan.again)]
    seeds = [
        [curve[-1] for curve in line["trials"][0]["val_accuracy"]]
        for line in again
        if line
    ]
    spread = difference(ours[: len(seeds)], seeds) if len(seeds) > 1 else None
    head = (
        f"**Folds per minute.** {len(ours)} random configurations of the space `dense` "
        f"with {plan.narrowed}, {plan.cv}, {plan.epochs} epochs, {plan.rows:,} rows, "
        f"{plan.trials} configurations a round, nothing pruned; whole commands."
    )
    table = "\n".join(_table(rounds))
    return f"{head}\n\n{table}\n\n{verdict(difference(ours, theirs), spread)}"


def _wide(size: str, plans: dict[str, Plan]) -> str:
    plan = plans["wide"]
    lines = Lines(size, "wide", plan)
    rounds = _rounds(lines, plan)
    if not rounds:
        return ""
    training = plan.rows * 4 // 5
    work = gflop(rounds[0][0]["trials"][0]["params"], training)
    epochs = [
        statistics.median(
            seconds / side["workers"]
            for pair in rounds
            for trial in pair[place]["trials"]
            for fold in trial["epoch_seconds"]
            for seconds in fold[1:]
        )
        for place, side in enumerate(rounds[0])
    ]
    head = (
        f"**1024-1024-1024.** One configuration, {plan.cv}, {plan.epochs} epochs, "
        f"{plan.rows:,} rows; whole commands."
    )
    tail = (
        f"An epoch of {training:,} rows takes {work:,.0f} GFLOP (forward and "
        "backward, 6 x weights x rows without the gradient by the inputs)"
    )
    peak = Lines(size, "machine", Nothing()).get("machine")
    if peak:
        least = work / peak["gflops"]
        tail += (
            f"; the processor multiplies matrices at {peak['gflops']:.0f} GFLOP/s "
            f"(NumPy, float32, all cores), so no less than {least:.2f} s. tunefold "
            f"needs {epochs[0]:.2f} s an epoch of throughput, measuring included "
            f"({least / epochs[0]:.0%} of the peak), the loop {epochs[1]:.2f} s with "
            f"validation ({least / epochs[1]:.0%}): a ratio of "
            f"{epochs[1] / epochs[0]:.2f}, and no more than {epochs[1] / least:.2f} "
            "were possible"
        )
    table = "\n".join(_table(rounds))
    return f"{head}\n\n{table}\n\n{tail}."


if __name__ == "__main__":
    measure(sys.argv[1])
    print(report(sys.argv[1]))
