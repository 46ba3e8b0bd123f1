"""The page: one file, so that it can be mailed, handed in and opened offline."""

import base64
import gzip
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources
from typing import Any

from search.figures.drawing import Missing, Shown
from search.figures.material import Material
from search.leaderboard import (
    count_trials,
    heading,
    leaderboard_cells,
    make_rows,
)
from search.pruners.saved import describe_saved
from search.report.words import settings_in_words, space_in_words, without_score

MAX_ROWS = 20
"""Of the leaderboard."""

MAX_ENDED = 200
"""Trials without a score that are listed."""


def make_page(
    material: Material, figures: Sequence[Shown | Missing], facts: Mapping[str, str]
) -> str:
    """Return the page as HTML.

    Whatever came from users is escaped. A browser is forbidden to fetch anything, by
    the page's own policy.

    Args:
        material: The study.
        figures: As drawn, with SVG files.
        facts: Versions and machine at the time of the search.
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from markupsafe import Markup

    def as_script(text: str) -> Any:
        # JSON that no text in it can end
        return Markup(text.replace("<", "\\u003c"))

    environment = Environment(
        loader=PackageLoader("search.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["as_script"] = as_script
    settings, trials = material.settings, material.trials
    columns, rows = leaderboard_cells(settings, make_rows(settings, trials)[:MAX_ROWS])
    ended = without_score(trials)
    shown = [figure for figure in figures if isinstance(figure, Shown)]
    return environment.get_template("page.html").render(
        name=settings.name,
        heading=heading(settings),
        counts=count_trials(trials),
        saved=describe_saved(settings.pruner, trials),
        n_scored=len(material.scored),
        winner=material.winner.splitlines(),
        columns=columns,
        rows=rows,
        max_rows=MAX_ROWS,
        shown=[
            {
                "name": figure.name,
                "title": figure.title,
                "caption": figure.caption,
                "plots": figure.plots,
                "still": _as_base64(figure.files["svg"].read_bytes()),
            }
            for figure in shown
        ],
        missing=[figure for figure in figures if isinstance(figure, Missing)],
        ended=ended[:MAX_ENDED],
        n_more=len(ended[MAX_ENDED:]),
        settings=settings_in_words(settings),
        space=space_in_words(settings),
        facts=facts,
        plotly=packed_plotly() if shown else "",
    )


@cache
def packed_plotly() -> str:
    """Return Plotly's script, compressed; 4.7 MB are 1.8 MB then.

    It is taken as a file from Plotly's package, which need not be imported for it.
    """
    file = resources.files("plotly") / "package_data" / "plotly.min.js"
    return _as_base64(gzip.compress(file.read_bytes(), mtime=0))


def _as_base64(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")
