"""Folds per minute of whole commands: `tunefold search` against a Keras Tuner loop.

Both train the same configurations on the same folds for the same epochs, in rounds:
tunefold, peer, tunefold, peer, ... A round is a whole command each: start-up, imports,
data, training, tracking into a new MLflow store, end. Finished rounds are kept.

    .venv/bin/python benchmarks/folds.py short
    .venv/bin/python benchmarks/folds.py full
"""

import json
import sys
from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import Any

from commands import HERE, journal, peer, tunefold
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
        "folds": Plan(rows=60_000, epochs=10, rounds=2, trials=6, again=4),
        "wide": Plan(60_000, 4, rounds=1, trials=2, pipeline=WIDE, narrowed=""),
    },
}


def measure(size: str) -> None:
    """Train what is not finished yet."""
    for part, plan in PLANS[size].items():
        lines = Lines(size, part, plan)
        sides = {"tunefold": partial(_tunefold, lines, plan)}
        sides["peer"] = partial(_peer, lines, plan)
        lines.measure_rounds(plan.rounds, sides)
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


if __name__ == "__main__":
    measure(sys.argv[1])
    from folds_report import report  # which imports this file

    print(report(sys.argv[1]))
