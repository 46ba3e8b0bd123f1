"""Tables of what `folds.py` measured, and what the scores say."""

import statistics

from agreement import difference, verdict
from flops import gflop
from folds import PLANS
from machine import Nothing
from work import Lines, Rounds


def report(size: str) -> str:
    """Return the figures as Markdown."""
    return "\n\n".join(filter(None, [mixed(size), wide(size)]))


def _table(rounds: Rounds) -> list[str]:
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


def _epochs_alone(rounds: Rounds) -> str:
    """Say how much of the commands' time the epochs took."""
    wall = [sum(pair[place]["seconds"] for pair in rounds) for place in (0, 1)]
    epochs = [
        sum(
            sum(map(sum, trial["epoch_seconds"])) / pair[place]["workers"]
            for pair in rounds
            for trial in pair[place]["trials"]
        )
        for place in (0, 1)
    ]
    return (
        f"Epochs with their measuring, compilation included, take "
        f"{epochs[0] / wall[0]:.0%} of tunefold's time (workers side by side) and "
        f"{epochs[1] / wall[1]:.0%} of the loop's; the rest is start-up, data, "
        f"building and tracking. Epochs alone: a ratio of {epochs[1] / epochs[0]:.2f}."
    )


def _rate(folds: float) -> str:
    return f"{folds:.2f} folds/min"


def mixed(size: str) -> str:
    """Return folds per minute of random configurations; empty where not measured."""
    plan = PLANS[size]["folds"]
    lines = Lines(size, "folds", plan)
    rounds = lines.rounds(plan.rounds)
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
        f"{plan.trials} configurations a round, nothing pruned; whole commands; "
        f"{lines.dates}."
    )
    table = "\n".join(_table(rounds))
    agreement = verdict(difference(ours, theirs), spread)
    return "\n\n".join([head, table, _epochs_alone(rounds), agreement])


def wide(size: str) -> str:
    """Return the figures of the wide network; empty where not measured."""
    plan = PLANS[size]["wide"]
    lines = Lines(size, "wide", plan)
    rounds = lines.rounds(plan.rounds)
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
        f"{plan.rows:,} rows; whole commands; {lines.dates}."
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
