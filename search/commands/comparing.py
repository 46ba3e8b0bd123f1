"""`tunefold compare`: studies and trials side by side, paired on the same folds."""

from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from search.commands.formats import FORMATS
from search.commands.options import format_option, store_option
from search.commands.output import note, print_json, stdout

if TYPE_CHECKING:
    from search.compare import Comparison
    from search.metrics import Metric
    from search.pairing import Entrant

MAX_PAIRS_OF = 4
"""Names up to which all pairs are compared: Holm's price grows with their number."""


@click.command("compare")
@click.argument("names", nargs=-1, metavar="STUDY[:TRIAL] STUDY[:TRIAL] ...")
@click.option("--metric", help="One that all studies followed [default: the searched].")
@click.option(
    "--all-trials",
    is_flag=True,
    help="Pair all configurations that the studies share, and average them.",
)
@click.option(
    "--figures",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="FOLDER",
    help="Draw each study's best score so far by folds trained and by time there, as "
    "anytime.svg and anytime.png.",
)
@format_option
@store_option
def compare_command(
    names: tuple[str, ...],
    metric: str | None,
    all_trials: bool,
    folder: Path | None,
    form: str,
    tracking_uri: str | None,
) -> None:
    """Compare studies or trials that were measured on the same folds.

    Of a study its best trial is taken. The first name is the reference; of up to
    four, all pairs are compared. Inputs, pipelines, spaces and engines may differ:
    what must agree are the rows of the folds and their targets. Below ten paired
    scores nothing is tested; p-values are corrected by Holm over all comparisons.

    \b
    tunefold compare digits-1 digits-2 --figures pictures
    tunefold compare digits-1:3 digits-1:7 --metric log_loss
    tunefold compare fashion fashion-noise fashion-zeros --all-trials
    """
    from search.compare import compare_pairs
    from search.fold_sizes import valid_over_train
    from search.pairing import check_whole, entrants
    from search.store import Store, choose_uri

    if folder is not None:
        check_whole("--figures", names)
    store = Store(choose_uri(tracking_uri))
    chosen, sides = entrants(store, names, metric=metric, every=all_trials)
    used = [trial.params for side in sides for trial in side.trials]
    if len(names) <= MAX_PAIRS_OF:
        pairs = list(combinations(names, 2))
    else:
        pairs = [(names[0], name) for name in names[1:]]
    compared = compare_pairs(
        pairs,
        {side.name: side.scores for side in sides},
        chosen,
        n_train=1,
        n_valid=valid_over_train(sides[0].settings, used),
    )
    drawn = None
    if folder is not None:
        from search.report.studies_figure import draw_studies

        drawn = draw_studies(store, names, folder)
    if form == "json":
        plain = _as_json(store.name, chosen, sides, compared)
        files = [] if drawn is None else [str(path) for path in drawn.files]
        print_json(plain | {"figures": files})
        return
    for line in (f"store: {store.name}", *_remarks(sides, compared)):
        note(line)
    if drawn is not None:
        note(f"{drawn.files[0]}, .png: {drawn.caption}")
    if form in FORMATS:
        rows = [_cells(c) for c in compared]
        click.echo(FORMATS[form](_COLUMNS, rows))
    else:
        _print(chosen, sides, compared)


_COLUMNS = (
    "compared",
    "difference",
    "95 % interval",
    "p (Holm)",
    "Wilcoxon (Holm)",
    "d_z",
    "smallest visible",
    "verdict",
)


def _cells(c: "Comparison") -> list[str]:
    from search.compare import decimals, write_interval, write_p

    d = c.difference
    places = decimals(d)
    return [
        f"{c.name} - {c.reference}",
        f"{d.mean:+.{places}f}",
        write_interval(d),
        "" if c.p_adjusted is None else write_p(c.p_adjusted),
        "" if c.wilcoxon_adjusted is None else write_p(c.wilcoxon_adjusted),
        "" if d.effect_size is None else f"{d.effect_size:+.2f}",
        "" if d.smallest_visible is None else f"{d.smallest_visible:.{places}f}",
        c.verdict,
    ]


def _print(
    metric: "Metric", sides: "list[Entrant]", compared: "list[Comparison]"
) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    from search.configuration import describe
    from search.numbers import write_mean
    from search.scoring import mean_and_error

    s = sides[0].settings
    n_folds = len(sides[0].scores)
    better = "higher" if metric.greater_is_better else "lower"
    on = f"{n_folds} folds" if n_folds > 1 else "1 fold"
    spread = ", ± standard error over folds" if n_folds > 1 else ""
    heading = (
        f"{metric.name} ({better} is better) on the same {on}, {s.cv}{spread}; "
        "test rows not used"
    )
    style: dict[str, Any] = {"box": SIMPLE_HEAD, "padding": (0, 1, 0, 0)}
    table = Table(title=heading, title_justify="left", title_style="", **style)
    for column in ("name", "pipeline", "trial", "epoch", metric.name, "configuration"):
        table.add_column(column, overflow="fold", justify="left")
    for side in sides:
        one = len(side.trials) == 1
        table.add_row(
            side.name,
            side.settings.pipeline,
            str(side.trials[0].number) if one else f"{len(side.trials)} of them",
            f"{_epochs(side)} of {side.settings.epochs} ({side.settings.epoch})",
            write_mean(*mean_and_error(side.scores)),
            describe(side.trials[0].params)
            if one
            else "the same on all sides, averaged",
        )
    console = stdout()
    console.print(table)
    table = Table(**style)
    for column in _COLUMNS:
        table.add_column(column, justify="left" if column == "compared" else "right")
    for c in compared:
        table.add_row(*_cells(c))
    console.print(table)
    for c in compared:
        console.print(c.sentence)


def _epochs(side: "Entrant") -> str:
    epochs = sorted({trial.epoch or 0 for trial in side.trials})
    return str(epochs[0]) if len(epochs) == 1 else f"{epochs[0]}-{epochs[-1]}"


def _remarks(sides: "list[Entrant]", compared: "list[Comparison]") -> list[str]:
    from search.compare import NOT_DECIDED
    from search.paired import MIN_TESTED

    lines = []
    for side in sides:
        if side.n_considered > 1:
            lines.append(
                f"note: '{side.name}' stands for the best of its {side.n_considered} "
                "complete trials, chosen by these very scores, which flatters it; name "
                "a trial, or use --all-trials"
            )
        if side.n_left_out:
            lines.append(
                f"note: {side.n_left_out} configurations of '{side.name}' are left "
                "out, for another study lacks them"
            )
    if len(sides[0].scores) < MIN_TESTED:
        lines.append(
            f"note: below {MIN_TESTED} paired scores nothing is tested; --cv "
            "repeated:2:5 gives ten"
        )
    if any(c.verdict == "not decided" for c in compared):
        lines.append(f"note: {NOT_DECIDED}")
    if len(compared) > 1:
        lines.append(
            "note: each interval is for its difference alone; the smallest visible "
            f"ones are for all {len(compared)} together, by the strictest step of Holm"
        )
    return lines


def _as_json(
    store: str, metric: "Metric", sides: "list[Entrant]", compared: "list[Comparison]"
) -> dict[str, Any]:
    return {
        "store": store,
        "metric": metric.name,
        "greater_is_better": metric.greater_is_better,
        "cv": sides[0].settings.cv,
        "split_digest": sides[0].settings.split_digest,
        "compared": [
            {
                "name": side.name,
                "study": side.settings.name,
                "pipeline": side.settings.pipeline,
                "scores": side.scores,
                "n_considered": side.n_considered,
                "n_left_out": side.n_left_out,
                "trials": [
                    {"number": t.number, "epoch": t.epoch, "params": t.params}
                    for t in side.trials
                ],
            }
            for side in sides
        ],
        "comparisons": [
            {
                "name": c.name,
                "reference": c.reference,
                **c.plain,
            }
            for c in compared
        ],
        "notes": _remarks(sides, compared),
    }
