"""`tunefold resume`."""

from functools import partial

import click

from search.commands.ending import leave_if_interrupted, show_outcome
from search.commands.on_cluster import opened_cluster
from search.commands.options import (
    budget_options,
    cluster_options,
    pipeline_option,
    store_option,
)
from search.commands.output import stderr


@click.command("resume")
@click.argument("study", required=False)
@budget_options
@click.option("--engine", help="Who proposes from now on [default: as before].")
@click.option("--sampler", help="Its sampler [default: its first].")
@click.option("--workers", type=int, help="Folds at the same time, now.")
@pipeline_option
@store_option
@cluster_options
def resume_command(
    study: str | None,
    trials: int | None,
    minutes: float | None,
    engine: str | None,
    sampler: str | None,
    workers: int | None,
    pipeline: str | None,
    tracking_uri: str | None,
    cluster: str | None,
    tls_ca_file: str | None,
    tls_cert: str | None,
    tls_key: str | None,
) -> None:
    """Go on with a study that was killed, interrupted, or should be larger.

    Without a budget it takes the one the study began with. Trials count in all,
    minutes from now. Another engine is told of all full trials and goes on from them.

    \b
    tunefold resume
    tunefold resume digits-1 --trials 50 --engine keras-tuner
    """
    from search.resume import latest_study, resume
    from search.store import choose_uri
    from search.types import Budget

    budget: Budget | None = None
    if trials is not None or minutes is not None:
        budget = Budget(trials=trials, minutes=minutes)
    uri = choose_uri(tracking_uri)
    with opened_cluster(
        cluster, tls_ca_file, tls_cert, tls_key, store_uri=uri
    ) as opened:
        outcome = resume(
            study or latest_study(),
            budget,
            store_uri=uri,
            console=stderr(),
            workers=workers,
            engine=engine,
            sampler=sampler,
            pipeline=pipeline,
            cluster=opened,
            on_end=partial(show_outcome, uri=uri),
        )
    leave_if_interrupted(outcome)
