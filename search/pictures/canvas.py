"""An empty figure and the colours that all pictures share."""

from typing import Any

# Distinguishable for colour-blind readers and in grey (Okabe and Ito 2008).
TRAINING, VALIDATION = "#0072B2", "#D55E00"

COLOURS = (
    *(TRAINING, VALIDATION, "#009E73", "#CC79A7"),
    *("#E69F00", "#56B4E9", "#F0E442", "#000000"),
)
"""Of classes or lines; never without the marker of the same place."""

MARKERS = ("o", "^", "s", "D", "v", "P", "X", "*")


def new_figure(
    columns: int, *, size: float = 4.5, rows: int = 1, width: float | None = None
) -> tuple[Any, Any]:
    """Return a Matplotlib figure with panels side by side, and its axes.

    Args:
        columns: Panels of a row.
        size: Height of a panel in inches.
        rows: Rows of panels.
        width: Of a panel; None for at least 5 inches and no less than its height.

    Returns:
        The figure, and its axes as an array (rows, columns), (columns,) for one row.
    """
    # No pyplot: it would open a window system and keep every figure in memory.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    width = max(size, 5.0) if width is None else width
    figure = Figure(figsize=(width * columns, size * rows), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(rows, columns, squeeze=False)
    return figure, axes[0] if rows == 1 else axes
