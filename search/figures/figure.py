"""What a figure is: data computed from a study, shown in print and in a browser."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from search.errors import SearchError
from search.figures.material import Material

Data = TypeVar("Data")

Plot = dict[str, Any]
"""One plot of Plotly: `data` and `layout`, lists and plain scalars only."""


class NothingToShowError(SearchError):
    """A figure makes no sense for this study; the message says why, in one line."""


@dataclass(frozen=True, kw_only=True)
class Figure(Generic[Data]):
    """One figure of a study.

    Attributes:
        name: Of its files, and of its place in a page.
        title: What is seen.
        compute: Gives what is shown; raises `NothingToShowError`.
        caption: Says in a sentence or two how to read it.
        draw: Gives a Matplotlib figure.
        plots: Gives the same for a browser, one plot a panel.
    """

    name: str
    title: str
    compute: Callable[[Material], Data]
    caption: Callable[[Data], str]
    draw: Callable[[Data], Any]
    plots: Callable[[Data], list[Plot]]
