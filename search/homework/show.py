"""What a homework prints: the networks of step 1, the plan, the table."""

from collections.abc import Sequence
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table

from search.homework.grid import BASELINE
from search.homework.measured import make_capacity
from search.homework.plan import Plan, networks
from search.homework.results import READINGS, Entry, Results
from search.numbers import with_unit, write_score
from search.splitters import make_splitter
from search.types import Trial

WIDE = 140
"""Columns from which on the table holds settings and costs as well."""


def show_capacities(trials: Sequence[Trial], console: Console) -> None:
    """Print how far each network of step 1 overfits."""
    table = Table(
        box=box.SIMPLE_HEAD,
        title="step 1: a network that overfits (loss after the last epoch)",
    )
    for column in ("hidden layers", "weights", "training", "validation"):
        table.add_column(column, justify="right", no_wrap=True)
    table.add_column("lowest (epoch)", no_wrap=True)
    table.add_column("overfits from epoch")
    for trial in trials:
        found = make_capacity(trial)
        valid = found.curves["val_loss"]
        lowest = min(range(len(valid)), key=valid.__getitem__)
        since = found.overfit_since
        table.add_row(
            "-".join(map(str, found.widths)),
            f"{found.n_parameters:,}",
            write_score(found.curves["loss"][-1]),
            write_score(valid[-1]),
            f"{write_score(valid[lowest])} ({lowest + 1})",
            "no" if since is None else f"{since}" + ", visibly" * found.visible,
        )
    console.print(table)


def show_plan(plan: Plan, console: Console, path: Path) -> None:
    """Print what will be done and how long each step is estimated to take."""
    n_folds = make_splitter(plan.cv, seed=0, stratified=False).n_folds
    count = networks(plan, n_folds)
    rows = "all" if plan.n_rows is None else f"{plan.n_rows:,}"
    lines = [
        f"plan: {rows} rows, {plan.epochs} epochs, {plan.n_settings} settings per "
        f"technique on {plan.cv}, the chosen ones on {plan.n_splits} fresh splits, "
        f"then {plan.n_seeds} seed{'s' * (plan.n_seeds > 1)} before the test rows",
        *(
            f"  {step:<20} {minutes:5.1f} min"
            + (f"  {count[step]} networks" if step in count else "")
            for step, minutes in plan.minutes.items()
        ),
    ]
    total = f"  {'in all':<20} {plan.total_minutes:5.1f} min"
    if plan.asked_minutes is not None:
        total += f" of {plan.asked_minutes:g}"
    lines.append(total)
    if plan.cut:
        lines.append(f"cut for time: {'; '.join(plan.cut)}")
    if plan.asked_minutes is not None and plan.total_minutes > plan.asked_minutes:
        lines.append(
            f"{plan.asked_minutes:g} minutes are not enough: this is the smallest plan "
            f"and takes about {plan.total_minutes:.0f}"
        )
    lines.append(f"to repeat it: --plan {path}")
    console.print("\n".join(lines), soft_wrap=True, highlight=False)


def results_cells(results: Results) -> tuple[list[str], list[list[str]]]:
    """Return the table of techniques as column names and rows of as many cells."""
    main, beside = (with_unit(name, results.unit) for name in results.metrics)
    columns = [
        "technique",
        *(f"{main}, last epoch", "minus baseline, last", "verdict, last"),
        *(f"{main}, best epoch", "minus baseline, best", "verdict, best"),
        *(f"{beside}, best epoch", "fits", "seconds", "weights", "setting"),
    ]
    rows = [[*_scores(results, each), *_costs(each)] for each in results.entries]
    return columns, rows


def show_results(results: Results, out: Console) -> None:
    """Print the table of techniques, their effects in words, and the test scores.

    Where the terminal is narrow, settings and costs stand below the scores.
    """
    wide = out.width >= WIDE
    main, beside = (with_unit(name, results.unit) for name in results.metrics)
    table = Table(
        box=box.SIMPLE_HEAD,
        padding=(0, 1),
        title=f"{results.name}: means over {results.plan.n_splits} fresh splits",
        title_justify="left",
    )
    scores = [
        f"{main}\nlast epoch", "minus\nbaseline", "",
        f"{main}\nbest epoch", "minus\nbaseline", "",
        f"{beside}\nbest epoch",
    ]  # fmt: skip
    costs = ["fits", "seconds", "weights", "setting"] if wide else []
    for column in ("technique", *scores, *costs):
        left = column in ("technique", "", "setting")
        table.add_column(
            column, justify="left" if left else "right", no_wrap=column != "setting"
        )
    for entry in results.entries:
        table.add_row(*_scores(results, entry), *(_costs(entry) if wide else ()))
    out.print(table)
    if not wide:
        for entry in results.entries:
            fits, seconds, weights, setting = _costs(entry)
            out.print(
                f"  {entry.technique}: {setting}; {fits} fits, {seconds} s, {weights} "
                "weights",
                soft_wrap=True,
            )
    for reading in READINGS:
        out.print(f"{_HEADINGS[reading]}:")
        for effect in results.effects:
            if effect.reading == reading:
                out.print(f"  {effect.sentence}", soft_wrap=True)
    seeds = results.plan.n_seeds
    of_seeds = "one seed" if seeds == 1 else f"mean of {seeds} seeds"
    out.print(f"{results.n_test:,} test rows, {of_seeds}:")
    for score in results.test:
        values = ", ".join(
            f"{name} {write_score(sum(each) / len(each))}"
            for name, each in score.scores.items()
        )
        out.print(f"  {score.technique}, epoch {score.epoch}: {values}", soft_wrap=True)


def _scores(results: Results, entry: Entry) -> list[str]:
    main, beside = results.metrics
    cells = [entry.technique]
    for reading in READINGS:
        cells.append(write_score(entry.mean(reading, main)))
        if entry.technique == BASELINE:
            cells += ["", ""]
        else:
            effect = results.effect(entry.technique, reading)
            cells += [write_score(effect.difference, sign=True), effect.verdict]
    return [*cells, write_score(entry.mean("best", beside))]


def _costs(entry: Entry) -> tuple[str, str, str, str]:
    return (
        str(entry.fits),
        f"{entry.seconds:.0f}",
        f"{entry.n_parameters:,}",
        entry.setting,
    )


_HEADINGS = {
    "last": "after the last epoch (the technique alone)",
    "best": "at the best epoch that the tuning found (with early stopping)",
}
