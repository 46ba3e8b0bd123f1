"""Addresses and saved views of the MLflow UI.

Out of the box the UI opens in its GenAI workflow, with trials folded into their
study and no column that tells them apart. Everything here is pure text; what the
UI makes of it is pinned by a browser test.

Source: the MLflow UI 3.17.2, whose view state is internal: where another version
does not understand it, the address without a view still lists the trials.
"""

import base64
import hashlib
import json
import zlib
from collections.abc import Sequence
from typing import Any, Protocol
from urllib.parse import quote, urlencode

SCORE = "metrics.`score`"
METRICS = ("score", "score_std", "gap", "n_parameters", "seconds")
TAGS = ("diagnosis",)
HOMEWORK_TAGS = ("technique", "setting", "step")
PINNED = ("attributes.`Run Name`", "runDateAndNestInfo")  # always shown, on the left
SECTION = "Model metrics"  # the UI's own name: what a view leaves out comes after it
MAX_PARAMS = 10  # more columns than that do not fit beside the metrics on a screen
VIEW_TAG = "mlflow.sharedViewState."
KIND_TAG = "mlflow.experimentKind"


class TagWriter(Protocol):
    """The one method of an MLflow client that saving a view needs."""

    def set_experiment_tag(self, experiment_id: str, key: str, value: Any) -> None:
        """Set a tag of an experiment, replacing its former value."""


def runs_address(
    base_url: str,
    experiment_id: str,
    study_run_id: str,
    *,
    view_key: str | None,
    greater_is_better: bool = True,
    charts: bool = False,
) -> str:
    """Write the address of the UI's runs page that opens on one study's trials.

    Args:
        base_url: Address of the tracking server, as in `http://127.0.0.1:5000`.
        experiment_id: The experiment that holds the study.
        study_run_id: The study's run; its trials are the runs directly below it.
        view_key: What `save_view` returned. It brings filter and order with it.
        greater_is_better: Without a view: whether the highest score comes first.
        charts: Whether the page opens on the charts instead of the table.

    Returns:
        The address. Without a view the trials are listed, but without columns
        for their scores and parameters.
    """
    query = {"workflowType": "machine_learning"}
    if view_key is None:
        search = _search(study_run_id, greater_is_better=greater_is_better)
        query |= {name: _text(value) for name, value in search.items()}
    else:
        # Any filter or order in the address makes the UI ignore the view.
        query["viewStateShareKey"] = view_key
    if charts:
        query["compareRunsMode"] = "CHART"
    page = f"{base_url.rstrip('/')}/#/experiments/{experiment_id}/runs"
    return f"{page}?{urlencode(query, quote_via=quote)}"


def save_view(
    client: TagWriter,
    experiment_id: str,
    study_run_id: str,
    *,
    greater_is_better: bool,
    varying_params: Sequence[str],
    techniques: bool = False,
) -> str:
    """Save how the UI shows one study's trials, in tags of the experiment.

    Saving again replaces the study's view, so that a resumed study may add columns.

    Args:
        client: An MLflow client.
        experiment_id: The experiment that holds the study.
        study_run_id: The study's run.
        greater_is_better: Whether the highest score comes first.
        varying_params: Names of the parameters that differ between trials, the
            most interesting first; the first ten become columns.
        techniques: Whether trials carry the tags of a homework: they become columns,
            and trials of one technique are shown as a group with its mean.

    Returns:
        The key of the view, for `runs_address`.
    """
    columns = [f"metrics.`{name}`" for name in METRICS]
    columns += [f"params.`{name}`" for name in varying_params[:MAX_PARAMS]]
    tags = (*HOMEWORK_TAGS, *TAGS) if techniques else TAGS
    columns += [f"tags.`{name}`" for name in tags]
    state = _search(study_run_id, greater_is_better=greater_is_better) | {
        "selectedColumns": columns,
        # Without an order the UI sorts them by name, after its own `duration`, which
        # counts the time from a run's creation and not that of the training.
        "columnOrder": [*PINNED, *columns, "duration"],
        "columnWidths": dict.fromkeys(PINNED, 150) | dict.fromkeys(columns, 110),
        # Otherwise dozens of charts per fold come before those that tell most.
        "compareRunCharts": _charts(),
        "compareRunSections": [
            {"uuid": SECTION, "name": SECTION, "display": True, "isReordered": True}
        ],
        "isAccordionReordered": True,
    }
    if techniques:
        state["groupBy"] = {
            "aggregateFunction": "average",
            "groupByKeys": [{"mode": "tag", "groupByData": "technique"}],
        }
    key = view_key(study_run_id)
    client.set_experiment_tag(experiment_id, VIEW_TAG + key, pack(state))
    client.set_experiment_tag(experiment_id, KIND_TAG, "custom_model_development")
    return key


def view_key(study_run_id: str) -> str:
    """Return the key under which a study's view is saved."""
    return hashlib.sha256(study_run_id.encode()).hexdigest()[:12]


def pack(state: dict[str, Any]) -> str:
    """Write a view state the way the UI stores it in a tag.

    Example:
        >>> unpack(pack({"searchFilter": ""}))
        {'searchFilter': ''}
    """
    packed = zlib.compress(json.dumps(state, separators=(",", ":")).encode())
    return "deflate;" + base64.b64encode(packed).decode()


def unpack(text: str) -> dict[str, Any]:
    """Read what `pack` or the UI's own share button wrote."""
    packed = base64.b64decode(text.removeprefix("deflate;"))
    state: dict[str, Any] = json.loads(zlib.decompress(packed))
    return state


def _search(study_run_id: str, *, greater_is_better: bool) -> dict[str, Any]:
    return {
        "searchFilter": f'tags.mlflow.parentRunId = "{study_run_id}"',
        "orderByKey": SCORE,
        "orderByAsc": not greater_is_better,
        "startTime": "ALL",
        "lifecycleFilter": "Active",
        "modelVersionFilter": "All Runs",
    }


def _charts() -> list[dict[str, Any]]:
    # No parallel coordinates: they leave out every trial that lacks one of the
    # parameters, which a conditional parameter makes the rule.
    curves: list[dict[str, Any]] = [
        {
            "type": "LINE",
            "metricKey": name,
            "displayName": name,
            "xAxisKey": "step",
            "lineSmoothness": 0,  # left out, the UI draws smoothed curves
            "useGlobalLineSmoothing": True,
            "useGlobalXaxisKey": True,
        }
        for name in ("val_loss", "loss")
    ]
    size: dict[str, Any] = {
        "type": "SCATTER",
        "xaxis": {"key": "n_parameters", "type": "METRIC"},
        "yaxis": {"key": "score", "type": "METRIC"},
        "runsCountToCompare": 100,
    }
    common = {"metricSectionId": SECTION, "deleted": False, "isGenerated": False}
    return [
        {"uuid": f"tunefold-{place}"} | common | chart
        for place, chart in enumerate([*curves, size])
    ]


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
