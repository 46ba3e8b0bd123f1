"""The address at which a person sees a study in the MLflow UI."""

from typing import Any

from search.metrics import METRICS
from search.store import Store
from search.ui_view import VIEW_TAG, runs_address, view_key

LOCAL_UI = "http://127.0.0.1:5000"
"""Where `tunefold ui` listens when the port is free."""


def study_address(store: Store, study: Any, *, base_url: str | None = None) -> str:
    """Return the address of the runs page that opens on the study's trials.

    Args:
        store: The store that holds it.
        study: The study's run.
        base_url: Address of the server; by default that of the store, or that of
            `tunefold ui` for a local file.
    """
    key = view_key(study.info.run_id)
    experiment = store.client.get_experiment(study.info.experiment_id)
    saved = VIEW_TAG + key in experiment.tags
    metric = METRICS[study.data.tags["metric"]]
    return runs_address(
        base_url or (LOCAL_UI if store.is_local else store.name),
        study.info.experiment_id,
        study.info.run_id,
        view_key=key if saved else None,
        greater_is_better=metric.greater_is_better,
    )
