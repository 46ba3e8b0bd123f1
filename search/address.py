"""The addresses at which a person sees a study in the MLflow UI."""

from dataclasses import dataclass
from typing import Any

from search.metrics import METRICS
from search.store import Store
from search.ui_view import (
    VIEW_TAG,
    View,
    run_address,
    runs_address,
    understands_views,
    view_key,
)

LOCAL_UI = "http://127.0.0.1:5000"
"""Where `tunefold ui` listens when the port is free."""


@dataclass(frozen=True, kw_only=True)
class Addresses:
    """Where the parts of a study are seen.

    Attributes:
        page: Its run: description with the leaderboard, settings, figures.
        table: Its trials, the best first.
        curves: Their learning curves.
        parameters: Their scores beside size and parameters.
        figures: The pictures that a search leaves when it ends.
    """

    page: str
    table: str
    curves: str
    parameters: str
    figures: str


def study_addresses(
    store: Store, study: Any, *, base_url: str | None = None
) -> Addresses:
    """Return the addresses of a study's page, its trials and their charts.

    Args:
        store: The store that holds it.
        study: The study's run.
        base_url: Address of the server, empty for relative ones; by default that of
            the store, or that of `tunefold ui` for a local file.
    """
    experiment_id, run_id = study.info.experiment_id, study.info.run_id
    tags = store.client.get_experiment(experiment_id).tags
    if base_url is None:
        base_url = LOCAL_UI if store.is_local else store.name
    metric = METRICS[study.data.tags["metric"]]
    understood = understands_views(store.version)
    table, curves, parameters = (
        runs_address(
            base_url,
            experiment_id,
            run_id,
            view=view,
            saved=understood and VIEW_TAG + view_key(run_id, view) in tags,
            greater_is_better=metric.greater_is_better,
        )
        for view in (View.TABLE, View.CURVES, View.PARAMETERS)
    )
    return Addresses(
        page=run_address(base_url, experiment_id, run_id),
        table=table,
        curves=curves,
        parameters=parameters,
        figures=run_address(base_url, experiment_id, run_id, "artifacts/figures"),
    )
