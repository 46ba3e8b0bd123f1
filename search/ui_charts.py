"""The charts of a study's saved views in the MLflow UI; see `search.ui_view`."""

from collections.abc import Sequence
from typing import Any

SECTION = "Model metrics"
"""The UI's own name: charts of metrics without a slash that a view leaves out."""

OTHERS = ("objective", "seconds", "score")
"""Sections of further metrics with a slash."""

OWN = "tunefold"
"""Of the section in which the view's own charts lie."""


def curve_charts(curves: Sequence[str]) -> dict[str, Any]:
    """Return charts of learning curves, those of the best trials over one another.

    Means over folds come first, validation before training; below them a section for
    each curve on the validation rows with a chart for each fold. The UI makes these
    itself, of metrics as `val_loss/fold_0`.

    Args:
        curves: Names of the curves, the most important first.
    """
    names = [f"{part}{name}" for name in curves for part in ("val_", "")]
    charts = [
        {
            "type": "LINE",
            "metricKey": name,
            "displayName": name,
            "xAxisKey": "step",
            "lineSmoothness": 0,  # left out, the UI draws smoothed curves
            "useGlobalLineSmoothing": True,
            "useGlobalXaxisKey": True,
        }
        for name in names
    ]
    by_fold = [f"val_{name}" for name in curves]
    return _placed(charts, "Mean over folds", open_sections=by_fold, closed=curves)


def parameter_charts(params: Sequence[str], *, curves: Sequence[str]) -> dict[str, Any]:
    """Return charts of all trials' scores: against their size, and their parameters.

    Args:
        params: Names of parameters that every trial has: the UI leaves a trial out that
            lacks one. Fewer than two make no parallel coordinates.
        curves: Names of the curves, whose sections stay closed.
    """
    size: dict[str, Any] = {
        "type": "SCATTER",
        "xaxis": {"key": "n_parameters", "type": "METRIC"},
        "yaxis": {"key": "score", "type": "METRIC"},
        "runsCountToCompare": 100,
    }
    parallel: dict[str, Any] = {
        "type": "PARALLEL",
        "selectedParams": list(params),
        "selectedMetrics": ["score"],
        "showAllRuns": True,
    }
    charts = [size, parallel] if len(params) > 1 else [size]
    # The UI otherwise shows the first ten runs of the table only.
    closed = [f"{part}{name}" for name in curves for part in ("val_", "")]
    placed = _placed(charts, "Score", open_sections=(), closed=closed)
    return placed | {"runsHiddenMode": "SHOW_ALL"}


def _placed(
    charts: Sequence[dict[str, Any]],
    title: str,
    *,
    open_sections: Sequence[str],
    closed: Sequence[str],
) -> dict[str, Any]:
    """Return charts in a section of their own, before those that the UI makes."""
    common = {"metricSectionId": OWN, "deleted": False, "isGenerated": False}
    sections = [
        {"uuid": OWN, "name": title, "display": True, "isReordered": True},
        *(_section(name, display=True) for name in open_sections),
        *(_section(name, display=False) for name in (SECTION, *closed, *OTHERS)),
    ]
    return {
        "compareRunCharts": [
            {"uuid": f"{OWN}-{place}"} | common | chart
            for place, chart in enumerate(charts)
        ],
        # Otherwise dozens of charts per fold come before those that tell most.
        "compareRunSections": sections,
        "isAccordionReordered": True,
    }


def _section(name: str, *, display: bool) -> dict[str, Any]:
    return {"uuid": name, "name": name, "display": display, "isReordered": True}
