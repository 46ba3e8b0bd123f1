"""What the tuning chose, the table's rows, and who meets the test rows."""

import json
import time
from collections.abc import Sequence
from pathlib import Path

from pipelines.atomic_file import replacing
from search.errors import FatalError, SearchError
from search.homework.engines import choose
from search.homework.grid import BASELINE, COMBINED, ENSEMBLE, Setting
from search.homework.measured import make_entry
from search.homework.plan import Plan
from search.homework.results import Entry
from search.homework.studies import Measured
from search.types import Trial
from spaces.evaluation import MEMBERS
from spaces.space import Params

Chosen = Sequence[tuple[Setting, Trial]]
"""Each technique's setting and the trial that chose it."""

FILE = "choices.json"


class NothingOverfitsError(SearchError):
    """No network of the first step overfits visibly: there is nothing to regularise."""


def choose_settings(plan: Plan, tuned: Measured, *, metric: str) -> Chosen:
    """Return each technique's chosen setting and the trial that chose it."""
    settings = {n: _setting(trial) for n, trial in tuned.trials.items()}
    in_order = [settings[n] for n in sorted(settings)]
    found = []
    for technique in (BASELINE, *plan.techniques, COMBINED):
        best = choose(in_order, tuned.trials, technique, metric=metric)
        if best is None:
            if technique == BASELINE:
                raise NothingOverfitsError(
                    "homework: on the planned rows the network overfits visibly "
                    "at no learning rate; give more --epochs or fewer --rows"
                )
            continue
        setting = best[0]
        trial = next(t for n, t in tuned.trials.items() if settings[n] is setting)
        found.append((_with_ensemble(setting, plan), trial))
    return found


def make_entries(
    chosen: Chosen, tuned: Measured, fresh: Measured, *, metrics: Sequence[str]
) -> tuple[list[Entry], list[str]]:
    """Return the table's rows, and a line for each technique that failed.

    Args:
        chosen: In the order of the fresh study's trials.
        tuned: The tuning.
        fresh: The fresh splits.
        metrics: What is read.

    Raises:
        FatalError: The baseline failed.
    """
    entries, failed = [], []
    for number, (setting, trial) in enumerate(chosen):
        tried = [
            t for t in tuned.trials.values() if t.tags["technique"] == setting.technique
        ]
        measured = fresh.trials[number]
        if measured.score is None:
            failed.append(_left_out(setting, measured))
            continue
        trained = [*tried, measured]
        entries.append(
            make_entry(
                measured,
                tuned=trial,
                fits=sum(n_networks(t.params) * len(t.folds) for t in trained),
                seconds=sum(f.seconds for t in trained for f in t.folds),
                metrics=metrics,
            )
        )
    return entries, failed


def choose_finalists(entries: Sequence[Entry], *, metric: str) -> list[Entry]:
    """Return baseline, best single technique and combination."""
    singles = [e for e in entries if e.technique not in (BASELINE, COMBINED)]
    best = min(singles, key=lambda e: e.mean("best", metric))
    return [
        entry
        for entry in entries
        if entry.technique in (BASELINE, best.technique, COMBINED)
    ]


def write_choices(
    folder: Path, entries: Sequence[Entry], finalists: Sequence[Entry]
) -> None:
    """Write down what was chosen, once: before the test rows are opened."""
    path = folder / FILE
    if path.is_file():
        return
    choices = {
        "written": time.time(),
        "meet the test rows": [entry.technique for entry in finalists],
        "settings": [
            {
                "technique": entry.technique,
                "params": entry.params,
                "epoch": entry.epoch,
            }
            for entry in entries
        ],
    }
    with replacing(path) as file:
        file.write(json.dumps(choices, indent=2).encode() + b"\n")


def n_networks(params: Params) -> int:
    """Return how many networks a configuration is made of."""
    return int(params.get(MEMBERS, 1))


def _left_out(setting: Setting, trial: Trial) -> str:
    if setting.technique == BASELINE:
        raise FatalError(
            f"homework: the baseline failed on the fresh splits ({trial.reason}); "
            "without it nothing can be compared"
        )
    return (
        f"{setting.technique} is left out, it failed on the fresh splits: "
        f"{trial.reason}"
    )


def _setting(trial: Trial) -> Setting:
    return Setting(trial.tags["technique"], trial.params, trial.tags["setting"])


def _with_ensemble(setting: Setting, plan: Plan) -> Setting:
    if setting.technique != COMBINED or ENSEMBLE not in plan.techniques:
        return setting
    return Setting(
        COMBINED,
        {**setting.params, MEMBERS: plan.members},
        f"{setting.label} + {plan.members} networks",
    )
