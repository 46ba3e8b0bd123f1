"""Nested cross-validation: a whole search inside each outer fold.

The best score of a search flatters; here each search is scored by rows that it never
saw. That costs as many searches as there are outer folds, and estimates the search as a
procedure: each of them may choose another winner.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from rich.console import Console

from pipelines.outer import ROWS, TIME, Outer, read_outer
from pipelines.registry import get_pipeline
from search.cluster.cluster import Cluster
from search.errors import SettingsError
from search.journal import FOLDER, has_begun
from search.launch import begin
from search.nested_score import VALID_OVER_TRAIN, Nested
from search.request import Request, make_draft
from search.rerun import rerun
from search.resume import resume
from search.session import Outcome
from search.splitters import make_splitter
from search.store import FINISHED, Store
from search.types import Budget

OUTER_SCORE = "outer_score"
"""Metric of an outer fold's study: its winner's score on that fold."""


def outer_folds(
    request: Request, n_outer: int, *, in_process: bool = False
) -> tuple[Outer, ...]:
    """Cut the outer folds and check all searches, before the first is paid for.

    Outer folds keep together what the inner ones do, and the order of time where it
    counts: a twin, or the future, would tell of the rows that score a winner.

    Args:
        request: What to search.
        n_outer: Outer folds.
        in_process: As for the searches.

    Raises:
        TunefoldError: There are fewer than two folds, or a search cannot begin on all
            training rows or on those of an outer fold.
    """
    if n_outer < 2:
        raise SettingsError(f"--nested: must be at least 2 folds, got {n_outer}")
    if request.warm_start is not None:
        raise SettingsError(
            "--warm-start: what another study found on all training rows tells of "
            "those that --nested keeps from its searches; leave out one of the two"
        )
    settings = make_draft(request, in_process=in_process, trains_here=False).settings
    splitter = make_splitter(settings.cv, seed=0, stratified=False)
    in_order = splitter.in_order or get_pipeline(settings.pipeline).in_order
    folds = tuple(
        Outer(
            fold=fold,
            of=n_outer,
            seed=settings.split_seed,
            word=settings.pipeline,
            by=TIME if in_order else settings.groups or ROWS,
        )
        for fold in range(n_outer)
    )
    for number, fold in enumerate(folds, start=1):
        inner = replace(request, pipeline=str(fold))
        try:
            make_draft(inner, in_process=in_process, trains_here=False)
        except SettingsError as error:
            where = f"--nested: outer fold {number} of {n_outer}"
            raise SettingsError(f"{where}: {error}") from None
    return folds


def mean_valid_over_train(folds: Sequence[Outer]) -> float:
    """Return rows kept from an outer fold over its training rows, mean over folds."""
    pipelines = [get_pipeline(str(fold)) for fold in folds]
    sizes = [[len(p.load(part).y) for part in ("test", "train")] for p in pipelines]
    return float(np.mean([n_valid / n_train for n_valid, n_train in sizes]))


def run_outer_folds(
    request: Request,
    budget: Budget,
    folds: Sequence[Outer],
    *,
    name: str,
    store_uri: str,
    console: Console,
    in_process: bool = False,
    cluster: Cluster | None = None,
) -> Nested | None:
    """Search inside each outer fold, and score each winner on the fold.

    A fold's study is an ordinary one, `NAME-outer-1` and so on. What has ended is not
    done again, so that the same call goes on after an interruption.

    Args:
        request: What to search; of an ended study of the whole training part.
        budget: Of each search.
        folds: All outer folds, see `outer_folds`.
        name: The study of the whole training part; the result is written to its run.
        store_uri: The tracking store.
        console: For progress; stderr.
        in_process: Train in this process, for a debugger.
        cluster: Trains the folds; None trains them here.

    Returns:
        None where Ctrl-C interrupted it.

    Raises:
        TunefoldError: A search or a rerun failed.

    Source: Varma and Simon 2006, BMC Bioinformatics 7:91.
    """
    scores = []
    for number, fold in enumerate(folds, start=1):
        study = f"{name}-outer-{number}"
        inner = replace(request, pipeline=str(fold), name=study)
        console.print(
            f"\nouter fold {number} of {len(folds)}", soft_wrap=True, highlight=False
        )
        outcome = search_or_resume(
            inner,
            budget,
            store_uri=store_uri,
            console=console,
            in_process=in_process,
            cluster=cluster,
        )
        if outcome is not None and outcome.interrupted:
            return None
        scores.append(_scored(study, inner, store_uri, console))
    nested = Nested(
        metric=_metric(Store(store_uri), name),
        scores=tuple(scores),
        valid_over_train=mean_valid_over_train(folds),
    )
    _record(Store(store_uri), name, nested)
    return nested


def search_or_resume(
    request: Request,
    budget: Budget,
    *,
    store_uri: str,
    console: Console,
    in_process: bool = False,
    cluster: Cluster | None = None,
    on_end: Callable[[Outcome], None] | None = None,
) -> Outcome | None:
    """Begin a named study, or go on with it; None where it has come to its end.

    `on_end` is called with how it ended, seconds before its report is drawn.

    Raises:
        TunefoldError: A setting is wrong, or the study could not go on.
    """
    name = request.name or ""
    if not has_begun(Path(FOLDER) / name):
        return begin(
            request,
            budget,
            store_uri=store_uri,
            console=console,
            in_process=in_process,
            cluster=cluster,
            on_end=on_end,
        )
    run = Store(store_uri, create=True).find(name)
    if run is not None and run.info.status == FINISHED:
        return None
    return resume(
        name,
        budget,
        store_uri=store_uri,
        console=console,
        workers=request.workers,
        pipeline=_whole(request.pipeline),
        cluster=cluster,
        on_end=on_end,
    )


def _scored(study: str, inner: Request, store_uri: str, console: Console) -> float:
    store = Store(store_uri)
    run = store.find_study(study)
    known = run.data.metrics.get(OUTER_SCORE)
    if known is None:
        report = rerun(
            store,
            study,
            n_seeds=1,
            workers=inner.workers,
            console=console,
            pipeline=_whole(inner.pipeline),
        )
        known = report.metrics[_metric(store, study)].mean
        store.client.log_metric(run.info.run_id, OUTER_SCORE, known)
    return float(known)


def _whole(word: str) -> str:
    """Return the pipeline that the user can name."""
    outer = read_outer(word)
    return word if outer is None else outer.word


def _metric(store: Store, study: str) -> str:
    return str(store.find_study(study).data.tags["metric"])


def _record(store: Store, name: str, nested: Nested) -> None:
    run_id = store.find_study(name).info.run_id
    low, high = nested.interval
    values = {
        "nested_score": nested.mean,
        "nested_score_low": low,
        "nested_score_high": high,
        "nested_folds": len(nested.scores),
        VALID_OVER_TRAIN: nested.valid_over_train,
        **{f"nested/fold_{k}": score for k, score in enumerate(nested.scores)},
    }
    for key, value in values.items():
        store.client.log_metric(run_id, key, value)
