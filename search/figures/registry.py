"""All figures, in the order in which a report shows them."""

from typing import Any

from search.figures import (
    confusion,
    engines,
    history,
    importance,
    learning_curves,
    parallel,
    residuals,
    saved,
    size,
    slices,
)
from search.figures.figure import Figure

FIGURES: tuple[Figure[Any], ...] = (
    learning_curves.FIGURE,
    history.FIGURE,
    importance.FIGURE,
    parallel.FIGURE,
    slices.FIGURE,
    engines.FIGURE,
    size.FIGURE,
    confusion.FIGURE,
    residuals.FIGURE,
    saved.FIGURE,
)
