"""`tunefold search`."""

import os
import sys
from functools import partial
from typing import TYPE_CHECKING, Any, TypedDict

import click

from search.commands.ending import leave_if_interrupted, show_outcome
from search.commands.from_file import from_option
from search.commands.on_cluster import opened_cluster
from search.commands.options import (
    Advanced,
    WithAdvanced,
    budget_options,
    cluster_options,
    store_option,
)
from search.commands.output import note, stderr
from search.commands.own_data import own_data_options, say_beforehand, take_pipeline
from search.types import MAX_PARAMETERS

if TYPE_CHECKING:
    from search.cluster.cluster import Cluster
    from search.request import Request
    from search.types import Budget


class Place(TypedDict):
    """Where folds are trained."""

    in_process: bool
    cluster: "Cluster | None"


@click.command("search", cls=WithAdvanced)
@click.argument("pipeline")
@budget_options
@click.option(
    "--cv",
    metavar="SPLITTER",
    help="Splitter, see 'tunefold list' [default: kfold:5; group:5 for groups; "
    "time-series:5 for rows in order of time].",
)
@click.option("--epochs", type=int, help="Epochs of a fold [default: the pipeline's].")
@click.option(
    "--engine",
    default="optuna",
    show_default=True,
    help="Who proposes: optuna, keras-tuner, autokeras or random.",
)
@click.option("--sampler", help="The engine's sampler [default: its first].")
@click.option(
    "--set",
    "changes",
    multiple=True,
    metavar="NAME=VALUES",
    help="Narrow or fix a parameter: dropout=0..0.5, width_1=64,128, l2=off.",
)
@click.option(
    "--pruner",
    metavar="NAME[+NAME]",
    help="What is not finished: forgiving, aggressive, wilcoxon (by folds), median, "
    "asha (by epochs), forgiving+median, none [default: forgiving].",
    cls=Advanced,
)
@click.option("--rows", "n_rows", type=int, help="Use only so many training rows.")
@click.option("--seed", default=0, show_default=True, help="Of engine and training.")
@click.option("--name", help="The study's name [default: PIPELINE-NUMBER].")
@click.option(
    "--nested",
    "n_outer",
    type=int,
    metavar="K",
    help="Also search inside each of K outer folds: what a search is worth, K + 1 "
    "times the time in all.",
    cls=Advanced,
)
@store_option
@own_data_options
@click.option(
    "--space",
    help="A space of the pipeline [default: its first; nas for autokeras].",
    cls=Advanced,
)
@click.option(
    "--objectives",
    metavar="score,NAME",
    help="Search the score and n_parameters, seconds or gap at once [default: score].",
    cls=Advanced,
)
@click.option(
    "--max-parameters",
    type=int,
    default=MAX_PARAMETERS,
    show_default=True,
    help="Refuse networks with more weights; 0 refuses none.",
    cls=Advanced,
)
@click.option(
    "--max-seconds",
    type=float,
    help="A trial whose folds take longer together fails [default: no limit].",
    cls=Advanced,
)
@click.option(
    "--max-memory",
    type=int,
    metavar="MB",
    help="A trial whose worker takes more memory fails [default: no limit].",
    cls=Advanced,
)
@click.option(
    "--warm-start",
    metavar="STUDY",
    help="Tell the engine first what STUDY found on the same data and folds.",
    cls=Advanced,
)
@click.option(
    "--init-from",
    metavar="RUN",
    help="Begin with the weights of a rerun on other data: its run id, or a study.",
    cls=Advanced,
)
@click.option(
    "--groups",
    metavar="pipeline|duplicates|none|COLUMN",
    help="Rows that stay in one fold [default: the data's groups, if any].",
    cls=Advanced,
)
@click.option(
    "--metric",
    metavar="NAME[,NAME...]",
    help="The first is searched, all are logged [default: by task].",
    cls=Advanced,
)
@click.option(
    "--epoch",
    type=click.Choice(["best", "last"]),
    default="best",
    show_default=True,
    help="Score at the best epoch of the fold-mean curve, or the last.",
    cls=Advanced,
)
@click.option(
    "--split-seed",
    default=0,
    show_default=True,
    help="With the data, --cv, --rows and --groups it fixes the folds.",
    cls=Advanced,
)
@click.option(
    "--workers", type=int, help="Folds at the same time [default: cores].", cls=Advanced
)
@click.option(
    "--backend",
    type=click.Choice(["jax", "tensorflow"]),
    help="Keras backend [default: KERAS_BACKEND, or by space].",
    cls=Advanced,
)
@click.option(
    "--experiment", help="MLflow experiment [default: PIPELINE].", cls=Advanced
)
@click.option(
    "--tag", "tags", multiple=True, metavar="KEY=VALUE", help="Your tag.", cls=Advanced
)
@click.option(
    "--in-process", is_flag=True, help="Train in this process, to debug.", cls=Advanced
)
@cluster_options
@from_option
def search_command(
    pipeline: str,
    trials: int | None,
    minutes: float | None,
    tracking_uri: str | None,
    in_process: bool,
    tags: tuple[str, ...],
    backend: str | None,
    n_outer: int | None,
    cluster: str | None,
    tls_ca_file: str | None,
    tls_cert: str | None,
    tls_key: str | None,
    **options: Any,
) -> None:
    """Search a pipeline's networks by cross-validation.

    PIPELINE is a name that 'tunefold list' shows, or your own: table:FILE.csv,
    text:FILE.csv, images:FOLDER, or mymodule:PIPELINE in Python.

    Without a budget: 20 trials or ten minutes, whatever comes first.

    \b
    tunefold search digits --cv kfold:3 --trials 6 --epochs 5
    tunefold search fashion_mnist --minutes 30 --set n_layers=1..3 --set l1=off
    tunefold search table:penguins.csv --target species
    """
    from search.launch import begin
    from search.request import Request
    from search.store import choose_uri
    from search.types import Budget

    if trials is None and minutes is None:
        budget = Budget(trials=20, minutes=10)
    else:
        budget = Budget(trials=trials, minutes=minutes)
    word = take_pipeline(pipeline, options)
    if (line := say_beforehand(word)) is not None:
        note(line)
    request = Request(
        pipeline=word,
        tags=_read_tags(tags),
        backend=_choose_backend(backend),
        **options,
    )
    uri = choose_uri(tracking_uri)
    with opened_cluster(
        cluster, tls_ca_file, tls_cert, tls_key, store_uri=uri, in_process=in_process
    ) as opened:
        place: Place = {"in_process": in_process, "cluster": opened}
        if n_outer is not None:
            _search_nested(request, budget, n_outer, uri, place)
            return
        outcome = begin(
            request,
            budget,
            store_uri=uri,
            console=stderr(),
            on_end=partial(show_outcome, uri=uri),
            **place,
        )
    leave_if_interrupted(outcome)


def _search_nested(
    request: "Request", budget: "Budget", n_outer: int, uri: str, place: "Place"
) -> None:
    from search.launch import begin
    from search.nested import outer_folds, run_outer_folds, search_or_resume

    with stderr().status("looking at the data of all outer folds"):
        folds = outer_folds(request, n_outer, in_process=place["in_process"])
    note(
        f"nested: one search on all training rows, then one in each of {n_outer} outer "
        "folds; the budget is for each of them"
    )
    start = begin if request.name is None else search_or_resume
    outcome = start(
        request,
        budget,
        store_uri=uri,
        console=stderr(),
        on_end=partial(show_outcome, uri=uri),
        **place,
    )
    if outcome is not None:
        leave_if_interrupted(outcome)
    name = outcome.study if outcome is not None else str(request.name)
    nested = run_outer_folds(
        request,
        budget,
        folds,
        name=name,
        store_uri=uri,
        console=stderr(),
        **place,
    )
    if nested is None:
        note(f"interrupted; the same command with --name {name} goes on")
        sys.exit(130)
    click.echo(nested.describe())


def _read_tags(tags: tuple[str, ...]) -> dict[str, str]:
    from search.errors import SettingsError

    read = {}
    for tag in tags:
        key, equals, value = tag.partition("=")
        if not equals or not key:
            raise SettingsError(f"--tag: the form is KEY=VALUE, got {tag!r}")
        read[key] = value
    return read


def _choose_backend(asked: str | None) -> str | None:
    from search.environment import BACKENDS
    from search.errors import SettingsError

    backend = asked or os.environ.get("KERAS_BACKEND") or None
    if backend is not None and backend not in BACKENDS:
        raise SettingsError(
            f"KERAS_BACKEND: must be {' or '.join(BACKENDS)}, got {backend!r}; "
            "unset it or give --backend"
        )
    return backend
