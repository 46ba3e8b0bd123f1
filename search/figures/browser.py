"""Plots of Plotly as plain data, all in one look.

Plotly's Python package is not asked: it needs a second to load, and checks what the
tests check once (`plotly.graph_objects.Figure` takes every plot of ours).
"""

from collections.abc import Sequence
from typing import Any

from search.figures.figure import Plot
from search.figures.text import for_browser
from search.pictures.canvas import COLOURS

GREY = "#595959"

SYMBOLS = (
    *("circle", "triangle-up", "square", "diamond"),
    *("triangle-down", "cross", "x", "star"),
)
"""Plotly's words for `search.pictures.canvas.MARKERS`."""

DASHES = ("solid", "dash", "dot", "dashdot")


def plot(
    data: Sequence[dict[str, Any]],
    *,
    x: dict[str, Any],
    y: dict[str, Any],
    title: str = "",
    panel: int = 400,
    width: int = 0,
    **layout: Any,
) -> Plot:
    """Return a plot with a horizontal legend below it.

    Args:
        data: Traces.
        x: Plotly's fields of the axis; `title` is a plain text.
        y: Likewise.
        title: One line above; empty for none.
        panel: Width in pixels from which on another plot fits beside it.
        width: Width in pixels below which it is scrolled; 0 for none.
        **layout: Plotly's further fields.
    """
    return {
        "data": list(data),
        "layout": {
            "title": {"text": for_browser(title), "font": {"size": 14}},
            "font": {"family": "system-ui, sans-serif", "size": 12, "color": "#222"},
            "colorway": list(COLOURS),
            "plot_bgcolor": "#fff",
            "height": 360,
            "margin": {"l": 60, "r": 15, "t": 40 if title else 15, "b": 50},
            "legend": {"orientation": "h", "yanchor": "top", "y": -0.22, "x": 0},
            "hovermode": "closest",
            "xaxis": _axis(x),
            "yaxis": _axis(y),
            "meta": {"panel": panel, "width": width},
            **layout,
        },
    }


def vertical(x: float, ends: Sequence[float], *, name: str, dash: str) -> Plot:
    """Return a vertical line as a trace, so that the legend names it."""
    return {
        "x": [x] * len(ends),
        "y": list(ends),
        "mode": "lines",
        "name": for_browser(name),
        "line": {"color": "#000000", "width": 1.5, "dash": dash},
        "hoverinfo": "skip",
    }


def pale(colour: str, opacity: float) -> str:
    """Return a colour `#rrggbb` that lets what is below it shine through.

    Example:
        >>> pale("#0072B2", 0.2)
        'rgba(0, 114, 178, 0.2)'
    """
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red}, {green}, {blue}, {opacity})"


def _axis(fields: dict[str, Any]) -> dict[str, Any]:
    common = {
        "automargin": True,
        "gridcolor": "#ddd",
        "zeroline": False,
        "linecolor": "#888",
        "ticks": "outside",
    }
    if "title" in fields:
        title = {"text": for_browser(fields["title"]), "standoff": 8}
        fields = fields | {"title": title}
    return common | fields
