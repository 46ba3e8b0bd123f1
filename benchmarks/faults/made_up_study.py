"""A study whose folds are made up: session, journal and tracker are the real ones.

    python benchmarks/faults/made_up_study.py NAME TRIALS SECONDS

Folds take so many seconds, of which nearly all are slept; the store is that of
MLFLOW_TRACKING_URI. The journal is written below the working folder.
"""

import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from made_up import MadeUpFold, SleepingSlot, engine_of, jobs_for
from rich.console import Console

from search.journal import FOLDER, Journal
from search.session import run_session
from search.store import Store, choose_uri
from search.types import Budget, FoldJob


class MadeUpSlot(SleepingSlot):
    """Makes a result up whatever it is to train."""

    def __init__(self, seconds: float, fold: MadeUpFold) -> None:
        super().__init__(seconds)
        self._fold = fold

    def run(self, _: Any, job: FoldJob, *, trial: int) -> Any:
        return super().run(self._fold, job, trial=trial)


def main() -> None:
    name, trials, seconds = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
    jobs = jobs_for(slots=1, rows=1_000, sampler="random", pruner="none", name=name)
    journal = Journal.create(
        Path(FOLDER) / name,
        jobs.settings,
        {"facts": {}, "began": time.time(), "budget": {"trials": trials}, "warm": []},
    )
    outcome = run_session(
        jobs,
        engine=engine_of(jobs),
        slots=[MadeUpSlot(seconds, MadeUpFold(jobs))],
        store=Store(choose_uri(None)),
        journal=journal,
        budget=Budget(trials=trials),
        console=Console(stderr=True),
    )
    if outcome.left_behind:
        raise SystemExit(f"{name}: {outcome.left_behind} records left behind")


if __name__ == "__main__":
    main()
