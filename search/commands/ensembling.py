"""`tunefold ensemble`: the mean of several trials, from predictions stored already."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from search.commands.formats import FORMATS
from search.commands.options import format_option, json_option, store_option
from search.commands.output import note, print_json, stdout

if TYPE_CHECKING:
    from search.ensemble import Scores
    from search.study_ensemble import StudyEnsemble


@click.command("ensemble")
@click.argument("study", required=False)
@click.option("--size", default=5, show_default=True, help="Different trials at most.")
@format_option
@json_option
@store_option
def ensemble_command(
    study: str | None,
    size: int,
    form: str,
    as_json: bool,
    tracking_uri: str | None,
) -> None:
    """Choose trials whose averaged predictions score better than the best alone.

    Nothing is trained: out-of-fold predictions are in the tracking store. Trials are
    taken one by one, each time the one that improves the mean most. The score to look
    at is cross-fitted: chosen on the other folds, scored on this one, for the ensemble
    and the single best alike.

    \b
    tunefold ensemble
    tunefold ensemble digits-1 --size 3 --format markdown
    """
    from search.results import load_study
    from search.store import Store, choose_uri
    from search.study_ensemble import find_ensemble

    store = Store(choose_uri(tracking_uri))
    found = find_ensemble(store, load_study(store, study), size=size)
    if as_json or form == "json":
        print_json(_as_json(store.name, found))
        return
    for line in (f"store: {store.name}", *_remarks(found)):
        note(line)
    if form in FORMATS:
        click.echo(FORMATS[form](_COLUMNS, _rows(found)))
    else:
        _print(found)


_COLUMNS = (
    "name",
    "weight",
    "epoch",
    "cross-fitted",
    "chosen on all folds",
    "configuration",
)


def _rows(found: "StudyEnsemble") -> list[list[str]]:
    """Return the three that are compared, then the members."""
    from search.configuration import describe

    rows = []
    for name, label in _names(found).items():
        cells = [
            "" if scores is None else _cell(getattr(scores, name))
            for scores in (found.cross_fitted, found.chosen_on)
        ]
        rows.append([label, "", "", *cells, ""])
    rows[1][-1] = f"trial {found.single.trial.number}, by all folds"
    for member in found.members:
        trial = member.trial
        rows.append(
            [
                f"trial {trial.number}",
                f"{member.weight:.2f}",
                str(trial.epoch),
                "",
                _cell(_fold_scores(found, trial)),
                describe(trial.params),
            ]
        )
    return rows


def _names(found: "StudyEnsemble") -> dict[str, str]:
    k = min(found.size, found.n_trials)
    return {
        "ensemble": "ensemble",
        "single": "single best",
        "top": f"plain mean of the {k} best",
    }


def _cell(scores: Sequence[float]) -> str:
    from search.numbers import write_mean
    from search.scoring import mean_and_error

    return write_mean(*mean_and_error(scores))


def _fold_scores(found: "StudyEnsemble", trial: Any) -> list[float]:
    from search.metrics import fold_scores

    return fold_scores(found.metric, [fold.curves for fold in trial.folds], trial.epoch)


def _print(found: "StudyEnsemble") -> None:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    s, metric = found.study.settings, found.metric
    better = "higher" if metric.greater_is_better else "lower"
    heading = (
        f"{s.name}: {len(found.members)} of the {found.n_trials} best trials, "
        f"{metric.name} ({better} is better), {s.cv}, ± standard error over "
        "folds; test rows not used"
    )
    style: dict[str, Any] = {"box": SIMPLE_HEAD, "padding": (0, 1, 0, 0)}
    table = Table(title=heading, title_justify="left", title_style="", **style)
    for column in _COLUMNS:
        words = column in ("name", "configuration")
        table.add_column(column, justify="left" if words else "right", overflow="fold")
    for number, row in enumerate(_rows(found)):
        table.add_row(*row, end_section=number == 2)
    console = stdout()
    console.print(table)
    if found.comparison is not None:
        console.print(found.comparison.sentence)
    console.print(found.conclusion)


def _remarks(found: "StudyEnsemble") -> list[str]:
    from search.compare import NOT_DECIDED
    from search.paired import MIN_TESTED

    lines = [
        *found.notes,
        "note: what was chosen on all folds was chosen by these very scores, which "
        "flatters it; compare what is cross-fitted",
    ]
    comparison = found.comparison
    if comparison is not None and comparison.difference.n < MIN_TESTED:
        lines.append(
            f"note: below {MIN_TESTED} paired scores nothing is tested; --cv "
            "repeated:2:5 gives ten"
        )
    if comparison is not None and comparison.verdict == "not decided":
        lines.append(f"note: {NOT_DECIDED}")
    return lines


def _as_json(store: str, found: "StudyEnsemble") -> dict[str, Any]:
    settings = found.study.settings
    return {
        "store": store,
        "study": settings.name,
        "run_id": found.study.run_id,
        "metric": found.metric.name,
        "greater_is_better": found.metric.greater_is_better,
        "cv": settings.cv,
        "size": found.size,
        "n_trials": found.n_trials,
        "n_complete": found.n_complete,
        "members": [
            {
                "trial": member.trial.number,
                "run_id": member.recorded.run_id,
                "weight": member.weight,
                "score": member.trial.score,
                "epoch": member.trial.epoch,
                "params": member.trial.params,
            }
            for member in found.members
        ],
        "single_best": {
            "trial": found.single.trial.number,
            "run_id": found.single.run_id,
        },
        "cross_fitted": _scores_as_json(found.cross_fitted),
        "chosen_on_all_folds": _scores_as_json(found.chosen_on),
        "difference": None if found.comparison is None else found.comparison.plain,
        "beats_single": found.beats_single,
        "conclusion": found.conclusion,
        "notes": _remarks(found),
    }


def _scores_as_json(scores: "Scores | None") -> dict[str, Any] | None:
    from search.scoring import mean_and_error

    if scores is None:
        return None
    return {
        name: {"score": mean_and_error(of_folds)[0], "folds": of_folds}
        for name, of_folds in vars(scores).items()
    }
