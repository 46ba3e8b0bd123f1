"""`tunefold best`, `rerun` and `ui`: what is done with finished work."""

import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from search.commands.formats import FORMATS
from search.commands.options import (
    check_members,
    format_option,
    json_option,
    pipeline_option,
    select_option,
    store_option,
)
from search.commands.output import note, print_json, stderr, stdout

if TYPE_CHECKING:
    from search.leaderboard import Row
    from search.store import Store
    from search.stored_study import RecordedStudy, RecordedTrial
    from search.winner import Winner


@click.command("best")
@click.argument("study", required=False)
@click.option("-n", "count", default=5, show_default=True, help="Trials to show.")
@select_option
@format_option
@json_option
@store_option
def best_command(
    study: str | None,
    count: int,
    rule: str,
    form: str,
    as_json: bool,
    tracking_uri: str | None,
) -> None:
    """Show the leaderboard of a study, the latest one when none is named.

    Below it stands what the winner's score is worth: corrected for its having been
    chosen as the best of many. Where several objectives were searched, the Pareto
    front is shown as well: the trials that no other one beats.

    \b
    tunefold best
    tunefold best digits-1 -n 20 --format latex
    tunefold best digits-1 --select one-se
    """
    from search.errors import SettingsError
    from search.leaderboard import leaderboard_cells, leaderboard_view
    from search.nested_score import recorded_nested
    from search.results import (
        best_trials,
        chosen_trial,
        front_trials,
        joined,
        load_study,
        rows_of,
    )
    from search.store import Store, choose_uri
    from search.stored_winner import stored_winner

    if count < 1:
        raise SettingsError(f"-n: must be at least 1, got {count}")
    store = Store(choose_uri(tracking_uri))
    recorded = load_study(store, study)
    best = best_trials(store, recorded, count)
    if len(recorded.settings.objectives) > 1:
        best = joined(best, front_trials(store, recorded))
    chosen = chosen_trial(store, recorded, rule)
    if chosen is not None and rule != "best":
        best = joined(best, [chosen])
    rows = rows_of(recorded, best)
    winner = stored_winner(store, recorded)
    if as_json or form == "json":
        print_json(_best_as_json(store, recorded, rows, best, winner, chosen))
        return
    note(f"store: {store.name}")
    if not rows:
        note(f"study '{recorded.settings.name}' has no complete trial yet")
        return
    words = "" if winner is None else winner.describe(recorded.settings)
    nested = recorded_nested(store.client.get_run(recorded.run_id))
    if nested is not None:
        words += "\n" + nested.describe()
    if form in FORMATS:
        click.echo(FORMATS[form](*leaderboard_cells(recorded.settings, rows)))
        note(words)
    else:
        console = stdout()
        console.print(leaderboard_view(recorded.settings, rows, width=console.width))
        click.echo(words)
    if chosen is not None and rule != "best":
        note(
            f"--select {rule}: trial {chosen.trial.number}, "
            f"{chosen.trial.folds[0].n_parameters:,} weights, the smallest within one "
            "standard error of the best; folds share training rows, so the true error "
            "is larger"
        )


def _best_as_json(
    store: "Store",
    study: "RecordedStudy",
    rows: "Sequence[Row]",
    best: "Sequence[RecordedTrial]",
    winner: "Winner | None",
    chosen: "RecordedTrial | None",
) -> dict[str, Any]:
    from search.leaderboard import row_as_json

    settings = study.settings
    return {
        "study": settings.name,
        "store": store.name,
        "run_id": study.run_id,
        "metric": settings.metrics[0],
        "cv": settings.cv,
        "epoch": settings.epoch,
        "objectives": settings.objectives,
        "dummy": settings.dummy,
        "winner": None if winner is None else asdict(winner),
        "selected": None if chosen is None else chosen.trial.number,
        "trials": [
            row_as_json(row, trial.run_id) | {"overconfidence": trial.overconfidence}
            for row, trial in zip(rows, best, strict=True)
        ],
    }


@click.command("rerun")
@click.argument("study_or_run", required=False)
@click.option(
    "--seeds", type=int, help="Trainings whose scores are averaged.  [default: 3]"
)
@click.option(
    "--ensemble",
    "size",
    type=int,
    metavar="N",
    help="Train the mean of up to N trials instead, see 'tunefold ensemble'.",
)
@click.option(
    "--folds",
    is_flag=True,
    help="Train the networks of its cross-validation folds instead, for their mean.",
)
@click.option("--workers", type=int, help="Trainings at a time [default: cores].")
@select_option
@pipeline_option
@json_option
@store_option
def rerun_command(
    study_or_run: str | None,
    seeds: int | None,
    size: int | None,
    folds: bool,
    workers: int | None,
    rule: str,
    pipeline: str | None,
    as_json: bool,
    tracking_uri: str | None,
) -> None:
    """Train a study's best trial on all training rows and open the test set once.

    Takes a study or the MLflow run id of one trial; needs the tracking store and
    the data, nothing else. With --ensemble: several trials of a study, each once, and
    the score of their mean. With --folds: the mean of the networks of the trial's
    folds, each on its fold's training rows.

    \b
    tunefold rerun
    tunefold rerun digits-1 --seeds 5
    tunefold rerun digits-1 --select one-se
    tunefold rerun digits-1 --ensemble 5
    tunefold rerun digits-1 --folds
    """
    from search.ensemble_report import EnsembleReport
    from search.errors import SettingsError
    from search.folds_report import FoldsReport
    from search.rerun import rerun
    from search.rerun_ensemble import rerun_ensemble
    from search.rerun_folds import rerun_folds
    from search.rerun_report import RerunReport
    from search.store import Store, choose_uri

    if size is not None and seeds is not None:
        raise SettingsError(
            f"--ensemble: trains each member once, got --seeds {seeds}; leave one out"
        )
    if size is not None and rule != "best":
        raise SettingsError(
            f"--ensemble: chooses trials itself, got --select {rule}; leave one out"
        )
    check_members(size)
    for option, given in (("--seeds", seeds), ("--ensemble", size)):
        if folds and given is not None:
            raise SettingsError(
                f"--folds: trains the network of each fold once, got {option} {given}; "
                "leave one out"
            )
    store = Store(choose_uri(tracking_uri))
    report: RerunReport | EnsembleReport | FoldsReport
    if size is not None:
        report = rerun_ensemble(
            store,
            study_or_run,
            size=size,
            workers=workers,
            console=stderr(),
            pipeline=pipeline,
        )
    elif folds:
        report = rerun_folds(
            store,
            study_or_run,
            workers=workers,
            console=stderr(),
            pipeline=pipeline,
            rule=rule,
        )
    else:
        report = rerun(
            store,
            study_or_run,
            n_seeds=3 if seeds is None else seeds,
            workers=workers,
            console=stderr(),
            pipeline=pipeline,
            rule=rule,
        )
    if as_json:
        print_json(asdict(report))
    else:
        click.echo(report.describe())


@click.command("ui")
@click.argument("study", required=False)
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=5000, show_default=True)
@store_option
def ui_command(
    study: str | None, host: str, port: int, tracking_uri: str | None
) -> None:
    """Start the MLflow UI and print the addresses of a study's pages.

    The first is the study's own page; the others are its trials as a table, their
    learning curves, and their scores beside size and parameters.

    \b
    tunefold ui
    tunefold ui digits-1 --port 8080
    """
    from search.address import study_addresses
    from search.store import Store, choose_uri
    from search.ui import serve

    store = Store(choose_uri(tracking_uri))
    run = store.find_study(study)

    def show(base_url: str) -> None:
        addresses = study_addresses(store, run, base_url=base_url)
        lines = (f"{name:<10}  {url}" for name, url in asdict(addresses).items())
        click.echo("\n".join(lines))

    if not store.is_local:
        show(store.name)
        return

    def ready(base_url: str, asked_port_was_free: bool) -> None:
        if not asked_port_was_free:
            note(f"port {port} is taken, using the next free one")
        show(base_url)
        note("Ctrl-C ends the server")

    note("starting the MLflow server, some seconds ...")
    sys.exit(serve(store.uri, host=host, port=port, on_ready=ready))
