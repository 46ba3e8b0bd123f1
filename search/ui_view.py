"""Addresses and saved views of the MLflow UI.

Out of the box the UI opens in its GenAI workflow, with trials folded into their
study and no column that tells them apart. Each study leaves three views: the table of
its trials, their learning curves, and parameters beside scores. Everything here is pure
text; what the UI makes of it is pinned by a browser test.

Source: the MLflow UI 3.17.2, whose view state is internal: an address that names a
view has no filter of its own, so it is only given to versions that were looked at.
"""

import base64
import hashlib
import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol
from urllib.parse import quote, urlencode

from search.ui_charts import curve_charts, parameter_charts

SCORE = "metrics.`score`"
METRICS = ("score", "score_std", "gap", "n_parameters", "seconds")
TAGS = ("diagnosis",)
HOMEWORK_TAGS = ("technique", "setting", "step")
PINNED = ("attributes.`Run Name`", "runDateAndNestInfo")  # always shown, on the left
MAX_PARAMS = 10  # more columns than that do not fit beside the metrics on a screen
WORKFLOW = {"workflowType": "machine_learning"}  # else the UI may be that for GenAI
VIEW_VERSIONS = ("3.17", "3.18")  # 3.18.0 puts the duration before the scores
VIEW_TAG = "mlflow.sharedViewState."
KIND_TAG = "mlflow.experimentKind"


class View(StrEnum):
    """What a study's page of runs opens on."""

    TABLE = "table"
    CURVES = "curves"
    PARAMETERS = "parameters"


@dataclass(frozen=True, kw_only=True)
class Contents:
    """What the views of a study show.

    Attributes:
        greater_is_better: Whether the highest score comes first.
        varying_params: Names of the parameters that differ between trials, the most
            interesting first; the first ten become columns.
        common_params: Those of them that every trial has.
        curves: Names of the curves, the searched metric's first.
        techniques: Whether trials carry the tags of a homework: they become columns,
            and trials of one technique are shown as a group with its mean.
    """

    greater_is_better: bool
    varying_params: Sequence[str]
    common_params: Sequence[str]
    curves: Sequence[str]
    techniques: bool = False


class TagWriter(Protocol):
    """The one method of an MLflow client that saving a view needs."""

    def set_experiment_tag(self, experiment_id: str, key: str, value: Any) -> None:
        """Set a tag of an experiment, replacing its former value."""


def understands_views(version: str) -> bool:
    """Say whether the UI of an MLflow was seen to open on saved views.

    Example:
        >>> understands_views("3.17.2"), understands_views("3.1.0")
        (True, False)
    """
    return ".".join(version.split(".")[:2]) in VIEW_VERSIONS


def runs_address(
    base_url: str,
    experiment_id: str,
    study_run_id: str,
    *,
    view: View = View.TABLE,
    saved: bool = True,
    greater_is_better: bool = True,
) -> str:
    """Write the address of the UI's runs page that opens on one study's trials.

    Args:
        base_url: Address of the tracking server, as in `http://127.0.0.1:5000`; empty
            for an address relative to any page of the UI.
        experiment_id: The experiment that holds the study.
        study_run_id: The study's run; its trials are the runs directly below it.
        view: What it opens on.
        saved: Whether the view is in the store, see `save_views`, and the UI
            understands it. It brings filter and order with it.
        greater_is_better: Without a view: whether the highest score comes first.

    Returns:
        The address. Without a view the trials are listed, but without columns
        for their scores and parameters.
    """
    query = dict(WORKFLOW)
    if saved:
        # Any filter or order in the address makes the UI ignore the view.
        query["viewStateShareKey"] = view_key(study_run_id, view)
    else:
        search = _search(study_run_id, greater_is_better=greater_is_better)
        query |= {name: _text(value) for name, value in search.items()}
    if view is not View.TABLE:
        query["compareRunsMode"] = "CHART"
    page = _page(base_url, f"experiments/{experiment_id}/runs")
    return f"{page}?{urlencode(query, quote_via=quote)}"


def run_address(base_url: str, experiment_id: str, run_id: str, tab: str = "") -> str:
    """Write the address of a run's page.

    Args:
        base_url: As in `runs_address`.
        experiment_id: The experiment that holds it.
        run_id: The run.
        tab: As in `artifacts/figures`; the overview by default.

    Example:
        >>> run_address("", "1", "abc", "artifacts/figures").partition("?")[0]
        '#/experiments/1/runs/abc/artifacts/figures'
    """
    path = f"experiments/{experiment_id}/runs/{run_id}" + (f"/{tab}" if tab else "")
    return f"{_page(base_url, path)}?{urlencode(WORKFLOW)}"


def save_views(
    client: TagWriter, experiment_id: str, study_run_id: str, contents: Contents
) -> None:
    """Save how the UI shows one study's trials, in tags of the experiment.

    Saving again replaces the study's views, so that a resumed study may add columns.

    Args:
        client: An MLflow client.
        experiment_id: The experiment that holds the study.
        study_run_id: The study's run.
        contents: What they show.
    """
    table = _table(study_run_id, contents)
    curves = curve_charts(contents.curves)
    parameters = parameter_charts(
        [] if contents.techniques else contents.common_params[:MAX_PARAMS],
        curves=contents.curves,
    )
    states = {
        View.TABLE: table | curves,
        View.CURVES: table | curves,
        View.PARAMETERS: table | parameters,
    }
    for view, state in states.items():
        tag = VIEW_TAG + view_key(study_run_id, view)
        client.set_experiment_tag(experiment_id, tag, pack(state))
    client.set_experiment_tag(experiment_id, KIND_TAG, "custom_model_development")


def view_key(study_run_id: str, view: View = View.TABLE) -> str:
    """Return the key under which a view of a study is saved."""
    name = study_run_id if view is View.TABLE else f"{study_run_id}/{view}"
    return hashlib.sha256(name.encode()).hexdigest()[:12]


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


def _table(study_run_id: str, contents: Contents) -> dict[str, Any]:
    columns = [f"metrics.`{name}`" for name in METRICS]
    columns += [f"params.`{name}`" for name in contents.varying_params[:MAX_PARAMS]]
    tags = (*HOMEWORK_TAGS, *TAGS) if contents.techniques else TAGS
    columns += [f"tags.`{name}`" for name in tags]
    state = _search(study_run_id, greater_is_better=contents.greater_is_better) | {
        "selectedColumns": columns,
        # Without an order the UI sorts them by name, after its own `duration`, which
        # counts the time from a run's creation and not that of the training.
        "columnOrder": [*PINNED, *columns, "duration"],
        "columnWidths": dict.fromkeys(PINNED, 150) | dict.fromkeys(columns, 110),
    }
    if contents.techniques:
        state["groupBy"] = {
            "aggregateFunction": "average",
            "groupByKeys": [{"mode": "tag", "groupByData": "technique"}],
        }
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


def _page(base_url: str, path: str) -> str:
    return f"{base_url.rstrip('/')}/#/{path}" if base_url else f"#/{path}"


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
