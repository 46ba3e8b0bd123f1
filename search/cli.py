"""The `tunefold` command: parse, call, print.

Libraries are imported inside the commands that need them: `tunefold --help` takes
under half a second. Results go to stdout, progress and notes to stderr.
"""

import json
import os
import sys
from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, TypeVar

import click

from spaces.errors import TunefoldError

if TYPE_CHECKING:
    from rich.console import Console

    from search.launch import Outcome
    from search.types import Budget

F = TypeVar("F", bound=Callable[..., Any])


class OneLineErrors(click.Group):
    """Shows an error of ours as one line; a traceback means a bug."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; exit with status 1 and one line on an expected error."""
        try:
            return super().invoke(ctx)
        except TunefoldError as error:
            click.echo(f"Error: {error}", err=True)
            ctx.exit(1)
        except BrokenPipeError:  # the reader of a pipe has seen enough
            sys.stderr.close()
            ctx.exit(1)


@click.group(
    cls=OneLineErrors, context_settings={"help_option_names": ["-h", "--help"]}
)
@click.version_option(package_name="tunefold")
def main() -> None:
    """Search Keras networks by cross-validation and log every trial to MLflow.

    \b
    tunefold search digits              a first search: seconds, no network
    tunefold search fashion_mnist       a good search of about ten minutes
    tunefold best                       the leaderboard of the latest study
    tunefold rerun                      train its winner, open the test set once
    tunefold ui                         look at all trials in MLflow
    """


def _store_option(command: F) -> F:
    return click.option(
        "--tracking-uri",
        metavar="URI",
        help="MLflow store [default: MLFLOW_TRACKING_URI, or ./mlflow.db].",
    )(command)


def _json_option(command: F) -> F:
    return click.option("--json", "as_json", is_flag=True, help="Print JSON.")(command)


@main.command("list")
@_json_option
def list_command(as_json: bool) -> None:
    """List pipelines, spaces, engines, samplers and splitters.

    \b
    tunefold list
    tunefold list --json
    """
    from pipelines.registry import MODULES, get_pipeline
    from search.engines.registry import SAMPLERS
    from search.metrics import METRICS
    from search.splitters import FORMS

    pipelines = [get_pipeline(name) for name in MODULES]
    if as_json:
        _print_json(
            {
                "pipelines": {
                    p.name: {"summary": p.summary, "spaces": list(p.spaces)}
                    for p in pipelines
                },
                "engines": {name: list(kinds) for name, kinds in SAMPLERS.items()},
                "splitters": FORMS,
                "metrics": {name: m.task for name, m in METRICS.items()},
            }
        )
        return
    sections = {
        "pipelines": [
            (p.name, f"{p.summary} (spaces: {', '.join(p.spaces)})") for p in pipelines
        ],
        "engines": [
            (name, f"samplers: {', '.join(kinds)}") for name, kinds in SAMPLERS.items()
        ],
        "splitters": list(FORMS.items()),
        "metrics": [(name, m.task) for name, m in METRICS.items()],
    }
    for title, rows in sections.items():
        click.echo(f"{title}")
        for name, text in rows:
            click.echo(f"  {name:<18} {text}")
    click.echo(
        "\nsampler gp needs PyTorch: "
        'pip install -c constraints.txt -e ".[gp]" (README: "The sampler gp")'
    )


@main.group("data")
def data_group() -> None:
    """Copy data sets for machines without network."""


@data_group.command("fetch")
@click.argument("names", nargs=-1)
@click.option(
    "--to", required=True, metavar="FOLDER", help="Where to; made when needed."
)
def data_fetch(names: tuple[str, ...], to: str) -> None:
    """Copy data sets, digest-checked, into a folder; all of them without NAMES.

    \b
    tunefold data fetch --to /media/stick/tunefold-data
    TUNEFOLD_DATA=/media/stick/tunefold-data tunefold search fashion_mnist
    """
    from pathlib import Path

    from pipelines.prepared import fetch
    from pipelines.registry import MODULES, get_pipeline

    loaders = {name: get_pipeline(name).load for name in MODULES}
    for file in fetch(list(names), Path(to), loaders):
        click.echo(
            f"{file.path}  {file.n_rows:,} rows  {file.n_bytes / 2**20:.1f} MiB  "
            f"from {file.source}"
        )


@main.command("space")
@click.argument("pipeline")
@click.option("--space", "name", help="A space of the pipeline [default: its first].")
@click.option("--set", "changes", multiple=True, metavar="NAME=VALUES")
@_json_option
def space_command(
    pipeline: str, name: str | None, changes: tuple[str, ...], as_json: bool
) -> None:
    """Show a pipeline's search space as a table.

    \b
    tunefold space digits
    tunefold space digits --set n_layers=1..2 --set dropout=0
    """
    from pipelines.registry import get_pipeline
    from spaces.errors import SpaceError
    from spaces.narrow import narrow
    from spaces.params import write_scalar
    from spaces.space import unknown

    spaces = get_pipeline(pipeline).spaces
    name = name or next(iter(spaces))
    if name not in spaces:
        raise SpaceError(f"--space: {unknown('space', name, list(spaces))}")
    space = narrow(spaces[name], changes)
    if as_json:
        _print_json(
            {
                "name": name,
                "fingerprint": space.fingerprint(),
                "params": space.to_dict(),
            }
        )
        return
    for param_name, param in space.params.items():
        when = ""
        if param.when is not None:
            values = ", ".join(write_scalar(value) for value in param.when[1])
            when = f"  when {param.when[0]} is {values}"
        click.echo(f"{param_name:<16} {param.describe()}{when}")


def _budget_options(command: F) -> F:
    for option in (
        click.option("--minutes", type=float, help="Stop after so many minutes."),
        click.option("--trials", type=int, help="Stop after so many trials."),
    ):
        command = option(command)
    return command


@main.command("search")
@click.argument("pipeline")
@_budget_options
@click.option(
    "--cv", help="Splitter, see 'tunefold list' [default: kfold:5].", metavar="SPLITTER"
)
@click.option("--epochs", type=int, help="Epochs of a fold [default: the pipeline's].")
@click.option("--engine", default="optuna", show_default=True, help="Who proposes.")
@click.option("--sampler", help="The engine's sampler [default: its first].")
@click.option(
    "--set",
    "changes",
    multiple=True,
    metavar="NAME=VALUES",
    help="Narrow or fix a parameter: dropout=0..0.5, width_1=64,128, l2=off.",
)
@click.option("--rows", "n_rows", type=int, help="Use only so many training rows.")
@click.option("--seed", default=0, show_default=True, help="Of engine and training.")
@click.option("--name", help="The study's name [default: PIPELINE-NUMBER].")
@_store_option
@click.option(
    "--space", help="A space of the pipeline [advanced; default: its first]."
)
@click.option(
    "--metric",
    metavar="NAME[,NAME...]",
    help="The first is searched, all are logged [advanced; default: by task].",
)
@click.option(
    "--epoch",
    type=click.Choice(["best", "last"]),
    default="best",
    show_default=True,
    help="Score at the best epoch of the fold-mean curve, or the last [advanced].",
)
@click.option(
    "--split-seed",
    default=0,
    show_default=True,
    help="With the data alone it fixes the folds [advanced].",
)
@click.option(
    "--workers", type=int, help="Folds at the same time [advanced; default: cores]."
)
@click.option(
    "--backend",
    type=click.Choice(["jax", "tensorflow"]),
    help="Keras backend [advanced; default: KERAS_BACKEND, or jax].",
)
@click.option("--experiment", help="MLflow experiment [advanced; default: PIPELINE].")
@click.option(
    "--tag", "tags", multiple=True, metavar="KEY=VALUE", help="Your tag [advanced]."
)
@click.option(
    "--in-process", is_flag=True, help="Train in this process, to debug [advanced]."
)
def search_command(
    pipeline: str,
    trials: int | None,
    minutes: float | None,
    tracking_uri: str | None,
    in_process: bool,
    tags: tuple[str, ...],
    backend: str | None,
    **options: Any,
) -> None:
    """Search a pipeline's networks by cross-validation.

    Without a budget: 20 trials or ten minutes, whatever comes first.

    \b
    tunefold search digits --cv kfold:3 --trials 6 --epochs 5
    tunefold search fashion_mnist --minutes 30 --set n_layers=1..3 --set l1=off
    """
    from search.launch import Request, begin
    from search.store import choose_uri
    from search.types import Budget

    if trials is None and minutes is None:
        budget = Budget(trials=20, minutes=10)
    else:
        budget = Budget(trials=trials, minutes=minutes)
    request = Request(
        pipeline=pipeline,
        tags=_read_tags(tags),
        backend=_choose_backend(backend),
        **options,
    )
    uri = choose_uri(tracking_uri)
    outcome = begin(
        request, budget, store_uri=uri, console=_stderr(), in_process=in_process
    )
    _report(outcome, uri)


@main.command("resume")
@click.argument("study", required=False)
@_budget_options
@click.option("--workers", type=int, help="Folds at the same time, now.")
@_store_option
def resume_command(
    study: str | None,
    trials: int | None,
    minutes: float | None,
    workers: int | None,
    tracking_uri: str | None,
) -> None:
    """Go on with a study that was killed, interrupted, or should be larger.

    Without a budget it takes the one the study began with. Trials count in all,
    minutes from now.

    \b
    tunefold resume
    tunefold resume digits-1 --trials 50
    """
    from search.launch import latest_study, resume
    from search.store import choose_uri
    from search.types import Budget

    budget: Budget | None = None
    if trials is not None or minutes is not None:
        budget = Budget(trials=trials, minutes=minutes)
    uri = choose_uri(tracking_uri)
    outcome = resume(
        study or latest_study(),
        budget,
        store_uri=uri,
        console=_stderr(),
        workers=workers,
    )
    _report(outcome, uri)


@main.command("best")
@click.argument("study", required=False)
@click.option("-n", "count", default=5, show_default=True, help="Trials to show.")
@_json_option
@_store_option
def best_command(
    study: str | None, count: int, as_json: bool, tracking_uri: str | None
) -> None:
    """Show the leaderboard of a study, the latest one when none is named.

    \b
    tunefold best
    tunefold best digits-1 -n 20 --json
    """
    from search.errors import SettingsError
    from search.leaderboard import leaderboard_table, row_as_json
    from search.results import best_trials, load_study, rows_of
    from search.store import Store, choose_uri

    if count < 1:
        raise SettingsError(f"-n: must be at least 1, got {count}")
    store = Store(choose_uri(tracking_uri))
    recorded = load_study(store, study)
    best = best_trials(store, recorded, count)
    rows = rows_of(recorded, best)
    if as_json:
        _print_json(
            {
                "study": recorded.settings.name,
                "store": store.uri,
                "run_id": recorded.run_id,
                "metric": recorded.settings.metrics[0],
                "cv": recorded.settings.cv,
                "epoch": recorded.settings.epoch,
                "trials": [
                    row_as_json(row, trial.run_id)
                    for row, trial in zip(rows, best, strict=True)
                ],
            }
        )
        return
    _note(f"store: {store.uri}")
    if not rows:
        _note(f"study '{recorded.settings.name}' has no complete trial yet")
        return
    _stdout().print(leaderboard_table(recorded.settings, rows))


@main.command("rerun")
@click.argument("study_or_run", required=False)
@click.option("--seeds", default=3, show_default=True, help="Trainings to average.")
@click.option("--workers", type=int, help="Trainings at a time [default: cores].")
@_json_option
@_store_option
def rerun_command(
    study_or_run: str | None,
    seeds: int,
    workers: int | None,
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
        store, study_or_run, n_seeds=seeds, workers=workers, console=_stderr()
    )
    if as_json:
        _print_json(asdict(report))
    else:
        click.echo(report.describe())


@main.command("ui")
@click.argument("study", required=False)
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=5000, show_default=True)
@_store_option
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
        click.echo(study_address(store, run, base_url=store.uri))
        return

    def ready(base_url: str, asked_port_was_free: bool) -> None:
        if not asked_port_was_free:
            _note(f"port {port} is taken, using the next free one")
        click.echo(study_address(store, run, base_url=base_url))
        _note("Ctrl-C ends the server")

    _note("starting the MLflow server, some seconds ...")
    sys.exit(serve(store.uri, host=host, port=port, on_ready=ready))


def _report(outcome: "Outcome", uri: str) -> None:
    from search.address import study_address
    from search.leaderboard import leaderboard_table
    from search.results import best_trials, load_study, rows_of
    from search.store import Store

    name = outcome.study
    _note(outcome.reason)
    if outcome.unfinished or outcome.interrupted:
        _note(f"go on with it: tunefold resume {name}")
    if outcome.left_behind:
        _note(
            f"the tracking store missed {outcome.left_behind} records; "
            f"'tunefold resume {name}' sends them"
        )
        return
    store = Store(uri)
    study = load_study(store, name)
    rows = rows_of(study, best_trials(store, study, 5))
    if rows:
        _stdout().print(leaderboard_table(study.settings, rows))
    address = study_address(store, store.find_study(name))
    _note(
        f"look at the trials: tunefold ui {name}  ({address})"
        if store.is_local
        else f"look at the trials: {address}"
    )
    _note(f"train the winner and open the test set: tunefold rerun {name}")
    if outcome.interrupted:
        sys.exit(130)


def _read_tags(tags: tuple[str, ...]) -> dict[str, str]:
    from search.errors import SettingsError

    read = {}
    for tag in tags:
        key, equals, value = tag.partition("=")
        if not equals or not key:
            raise SettingsError(f"--tag: the form is KEY=VALUE, got {tag!r}")
        read[key] = value
    return read


def _choose_backend(asked: str | None) -> str:
    from search.errors import SettingsError
    from search.workers import BACKENDS

    backend = asked or os.environ.get("KERAS_BACKEND") or BACKENDS[0]
    if backend not in BACKENDS:
        raise SettingsError(
            f"KERAS_BACKEND: must be {' or '.join(BACKENDS)}, got {backend!r}; "
            "unset it or give --backend"
        )
    return backend


def _stdout() -> "Console":
    from rich.console import Console

    # A table in a file or pipe is not folded at 80 columns.
    wide = None if sys.stdout.isatty() else 200
    return Console(width=wide, highlight=False)


def _stderr() -> "Console":
    from rich.console import Console

    return Console(stderr=True)


def _note(text: str) -> None:
    click.echo(text, err=True)


def _print_json(value: Any) -> None:
    click.echo(json.dumps(value, indent=2, default=str))
