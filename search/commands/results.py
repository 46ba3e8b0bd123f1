"""`tunefold best`, `rerun` and `ui`: what is done with finished work."""

import sys
from dataclasses import asdict

import click

from search.commands.options import json_option, pipeline_option, store_option
from search.commands.output import note, print_json, stderr, stdout


@click.command("best")
@click.argument("study", required=False)
@click.option("-n", "count", default=5, show_default=True, help="Trials to show.")
@json_option
@store_option
def best_command(
    study: str | None, count: int, as_json: bool, tracking_uri: str | None
) -> None:
    """Show the leaderboard of a study, the latest one when none is named.

    Where several objectives were searched, the Pareto front is shown as well: the
    trials that no other one beats.

    \b
    tunefold best
    tunefold best digits-1 -n 20 --json
    """
    from search.errors import SettingsError
    from search.leaderboard import leaderboard_view, row_as_json
    from search.results import best_trials, front_trials, joined, load_study, rows_of
    from search.store import Store, choose_uri

    if count < 1:
        raise SettingsError(f"-n: must be at least 1, got {count}")
    store = Store(choose_uri(tracking_uri))
    recorded = load_study(store, study)
    best = best_trials(store, recorded, count)
    if len(recorded.settings.objectives) > 1:
        best = joined(best, front_trials(store, recorded))
    rows = rows_of(recorded, best)
    if as_json:
        print_json(
            {
                "study": recorded.settings.name,
                "store": store.name,
                "run_id": recorded.run_id,
                "metric": recorded.settings.metrics[0],
                "cv": recorded.settings.cv,
                "epoch": recorded.settings.epoch,
                "objectives": recorded.settings.objectives,
                "dummy": recorded.settings.dummy,
                "trials": [
                    row_as_json(row, trial.run_id)
                    | {"overconfidence": trial.overconfidence}
                    for row, trial in zip(rows, best, strict=True)
                ],
            }
        )
        return
    note(f"store: {store.name}")
    if not rows:
        note(f"study '{recorded.settings.name}' has no complete trial yet")
        return
    console = stdout()
    console.print(leaderboard_view(recorded.settings, rows, width=console.width))


@click.command("rerun")
@click.argument("study_or_run", required=False)
@click.option("--seeds", default=3, show_default=True, help="Trainings to average.")
@click.option("--workers", type=int, help="Trainings at a time [default: cores].")
@pipeline_option
@json_option
@store_option
def rerun_command(
    study_or_run: str | None,
    seeds: int,
    workers: int | None,
    pipeline: str | None,
    as_json: bool,
    tracking_uri: str | None,
) -> None:
    """Train a study's best trial on all training rows and open the test set once.

    Takes a study or the MLflow run id of one trial; needs the tracking store and
    the data, nothing else.

    \b
    tunefold rerun
    tunefold rerun digits-1 --seeds 5
    """
    from search.rerun import rerun
    from search.store import Store, choose_uri

    store = Store(choose_uri(tracking_uri))
    report = rerun(
        store,
        study_or_run,
        n_seeds=seeds,
        workers=workers,
        console=stderr(),
        pipeline=pipeline,
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
    """Start the MLflow UI and print the address that opens on a study's trials.

    \b
    tunefold ui
    tunefold ui digits-1 --port 8080
    """
    from search.address import study_address
    from search.store import Store, choose_uri
    from search.ui import serve

    store = Store(choose_uri(tracking_uri))
    run = store.find_study(study)
    if not store.is_local:
        click.echo(study_address(store, run, base_url=store.name))
        return

    def ready(base_url: str, asked_port_was_free: bool) -> None:
        if not asked_port_was_free:
            note(f"port {port} is taken, using the next free one")
        click.echo(study_address(store, run, base_url=base_url))
        note("Ctrl-C ends the server")

    note("starting the MLflow server, some seconds ...")
    sys.exit(serve(store.uri, host=host, port=port, on_ready=ready))
