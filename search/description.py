"""The description of a study: what its page in the MLflow UI opens on."""

from collections.abc import Sequence

from search.configuration import describe
from search.leaderboard import leaderboard_markdown
from search.metrics import METRICS
from search.numbers import write_score
from search.scoring import best_trial
from search.types import Settings, Trial
from search.ui_view import View, run_address, runs_address

MAX_CHARACTERS = 8_000
"""Of a tag in MLflow: what is longer loses its end."""

MAX_ROWS = 20


def describe_study(
    settings: Settings,
    trials: Sequence[Trial],
    *,
    experiment_id: str,
    run_id: str,
    winner: str = "",
    views: bool = True,
) -> str:
    """Return links to a study's views and figures, and its leaderboard, as Markdown.

    The links are relative: they stay right whatever the server's address is.

    Args:
        settings: The study's.
        trials: All of them.
        experiment_id: The experiment that holds the study.
        run_id: The study's run.
        winner: What the winner is worth, in words.
        views: Whether the UI understands the study's saved views.
    """
    words = {
        View.TABLE: "all trials as a table",
        View.CURVES: "learning curves",
        View.PARAMETERS: "score by size and parameters",
    }
    greater = METRICS[settings.metrics[0]].greater_is_better
    links = [
        _link(
            text,
            runs_address(
                "",
                experiment_id,
                run_id,
                view=view,
                saved=views,
                greater_is_better=greater,
            ),
        )
        for view, text in words.items()
    ]
    figures = run_address("", experiment_id, run_id, "artifacts/figures")
    links.append(_link("figures", figures))
    # The UI shows the first lines and unfolds the rest.
    parts = ["**Open:** " + " · ".join(links), _best(settings, trials), winner]
    head = "\n\n".join(filter(None, parts))
    for n in range(MAX_ROWS, 0, -1):
        board = leaderboard_markdown(settings, trials, n=n)
        text = f"{head}\n\n{board}"
        if len(text) <= MAX_CHARACTERS:
            break
    return text


def _best(settings: Settings, trials: Sequence[Trial]) -> str:
    best = best_trial(METRICS[settings.metrics[0]], trials)
    if best is None or best.score is None:
        return ""
    score = f"{settings.metrics[0]} {write_score(best.score)}"
    return f"**Best:** trial {best.number}, {score}: {describe(best.params)}"


def _link(text: str, address: str) -> str:
    return f"[{text}]({address})"
