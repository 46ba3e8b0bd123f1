"""Nested cross-validation: a whole search inside each outer fold.

The best score of a search flatters; here each search is scored by rows that it never
saw. That costs as many searches as there are outer folds, and estimates the search as a
procedure: each of them may choose another winner.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from pipelines.outer import Outer, read_outer
from pipelines.registry import complete
from search.cluster.cluster import Cluster
from search.errors import SettingsError
from search.journal import FOLDER, has_begun
from search.launch import begin
from search.nested_score import Nested
from search.request import Request
from search.rerun import rerun
from search.resume import resume
from search.session import Outcome
from search.store import FINISHED, Store
from search.types import Budget

OUTER_SCORE = "outer_score"
"""Metric of an outer fold's study: its winner's score on that fold."""


def check_outer(n_outer: int) -> None:
    """Refuse what is no number of outer folds.

    Raises:
        SettingsError: There are fewer than two.
    """
    if n_outer < 2:
        raise SettingsError(f"--nested: must be at least 2 folds, got {n_outer}")


def run_outer_folds(
    request: Request,
    budget: Budget,
    n_outer: int,
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
        n_outer: Outer folds, at least 2.
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
    whole = complete(request.pipeline)
    scores = []
    for fold in range(n_outer):
        study = f"{name}-outer-{fold + 1}"
        outer = Outer(fold=fold, of=n_outer, seed=request.split_seed, word=whole)
        inner = replace(request, pipeline=str(outer), name=study)
        console.print(
            f"\nouter fold {fold + 1} of {n_outer}", soft_wrap=True, highlight=False
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
    nested = Nested(metric=_metric(Store(store_uri), name), scores=tuple(scores))
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
        **{f"nested/fold_{k}": score for k, score in enumerate(nested.scores)},
    }
    for key, value in values.items():
        store.client.log_metric(run_id, key, value)
