"""Does `tunefold compare` find differences where there are some, and none elsewhere?

    .venv/bin/python benchmarks/compared.py

Twenty pairs of searches of the same space on the same folds of digits, which differ in
their seeds alone: at 5 % about one of them may be called different. Where one is, both
winners are trained once more on other folds: there the difference should be again, if
the searches have found networks that differ. And a baseline beside a variant that is
prone to overfit, on the same folds, by log-loss after the last epoch: a difference, and
its sign, should be found.
"""

import argparse
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from honest import SPACE, narrowed, tunefold
from work import WORK, Lines

EQUAL = ("--epochs", 5, "--pruner", "none")
FIXED = {
    "activation": "relu", "batch_norm": "false", "l1": "off", "l2": "off",
    "label_smoothing": "0", "optimizer": "adam", "learning_rate": "0.001",
    "batch_size": "128",
}  # fmt: skip
BASELINE = {"n_layers": "1", "width_1": "64", "dropout": "0.3"}
OVERFIT = {
    "n_layers": "3", "width_1": "512", "width_2": "512", "width_3": "512",
    "dropout": "0",
}  # fmt: skip


@dataclass(frozen=True)
class Plan:
    """What is compared."""

    pairs: int = 20
    engine: str = "optuna"
    trials: int = 20
    cv: str = "repeated:2:5"
    space: Mapping[str, str] = field(default_factory=lambda: SPACE)


@dataclass(frozen=True)
class OverfitPlan:
    """A network beside one that overfits."""

    pipeline: str = "fashion_mnist"
    rows: int = 2000
    epochs: int = 40
    cv: str = "repeated:2:5"
    baseline: Mapping[str, str] = field(default_factory=lambda: FIXED | BASELINE)
    variant: Mapping[str, str] = field(default_factory=lambda: FIXED | OVERFIT)


def measure(plan: Plan) -> Lines:
    """Search and compare what is not finished yet."""
    lines = Lines("full", "compared", plan)
    WORK.mkdir(exist_ok=True)
    for number in range(plan.pairs):
        if lines.get(f"pair-{number}") is None:
            lines.add(f"pair-{number}", **_pair(plan, number))
    overfit = Lines("full", "compared-overfit", OverfitPlan())
    if overfit.get("all") is None:
        overfit.add("all", **_overfit(OverfitPlan()))
    return lines


def _pair(plan: Plan, number: int) -> dict[str, Any]:
    names = [f"pair-{os.getpid()}-{number}-{side}" for side in "ab"]
    for side, name in enumerate(names):
        tunefold(
            *("search", "digits", "--name", name, "--seed", 1 + 2 * number + side),
            *("--engine", plan.engine, "--cv", plan.cv, "--trials", plan.trials),
            *EQUAL,
            *narrowed(plan.space),
        )
    found = _compared(names)
    if found["verdict"] != "not decided":
        found["elsewhere"] = _elsewhere(plan, names)["mean"]
    return found


def _elsewhere(plan: Plan, names: Sequence[str]) -> dict[str, Any]:
    """Compare both winners on other folds."""
    for name in names:
        (best, *_) = json.loads(tunefold("best", name, "--json"))["trials"]
        params = {key: str(value).lower() for key, value in best["params"].items()}
        tunefold(
            *("search", "digits", "--name", f"{name}-elsewhere", "--trials", 1),
            *("--engine", "random", "--cv", plan.cv, "--split-seed", 1),
            *EQUAL,
            *narrowed(params),
        )
    return _compared([f"{name}-elsewhere" for name in names])


def _overfit(plan: OverfitPlan) -> dict[str, Any]:
    names = [f"{side}-{os.getpid()}" for side in ("baseline", "variant")]
    for name, params in zip(names, (plan.baseline, plan.variant), strict=True):
        tunefold(
            *("search", plan.pipeline, "--name", name, "--trials", 1),
            *("--engine", "random", "--metric", "log_loss", "--epoch", "last"),
            *("--pruner", "none", "--cv", plan.cv, "--epochs", plan.epochs),
            *("--rows", plan.rows, *narrowed(params)),
        )
    return _compared(names)


def _compared(names: Sequence[str]) -> dict[str, Any]:
    plain = json.loads(tunefold("compare", *names, "--format", "json"))
    (found,) = plain["comparisons"]
    return {key: found[key] for key in ("mean", "p_value", "verdict", "sentence")}


def report(plan: Plan) -> str:
    """Return what was found in sentences."""
    lines = Lines("full", "compared", plan)
    pairs = [line for n in range(plan.pairs) if (line := lines.get(f"pair-{n}"))]
    none = sum(line["verdict"] == "not decided" for line in pairs)
    told = f"Of {len(pairs)} pairs of equal searches {none} are not decided."
    decided = [line for line in pairs if "elsewhere" in line]
    if decided:
        differences = ", ".join(
            f"{line['mean']:+.4f} and {line['elsewhere']:+.4f}" for line in decided
        )
        told = f"{told} Decided, then on other folds: {differences}."
    overfit = Lines("full", "compared-overfit", OverfitPlan()).get("all")
    return told if overfit is None else f"{told} {overfit['sentence']}"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--pairs", type=int, default=20)
    asked = Plan(pairs=parser.parse_args().pairs)
    measure(asked)
    print(report(asked))
