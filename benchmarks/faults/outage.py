"""The tracking server is away for two minutes of a search: nothing lost, no time lost.

The same study runs undisturbed and disturbed in turn, and once before, to compile. In a
disturbed run MLflow is killed after the first fold and started again after two minutes.
Compared are journal and store, and the time from the first fold's end to the last
one's: training must not have waited.

    python benchmarks/faults/outage.py
"""

import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent.parent / "scripts")]

from native_stack import NativeStack  # noqa: E402
from service import Service  # noqa: E402
from work import Lines  # noqa: E402


@dataclass(frozen=True)
class Plan:
    """How long the server is away of a search of so many trials."""

    away_seconds: float = 120.0
    trials: int = 90
    folds: int = 5
    epochs: int = 200
    rounds: int = 2

    @property
    def search(self) -> tuple[object, ...]:
        """Words of the search; four minutes on 2 fast cores, twelve on slow ones."""
        return (
            *("--cv", f"kfold:{self.folds}", "--epochs", self.epochs),
            *("--trials", self.trials, "--pruner", "none", "--workers", 2),
            *("--set", "n_layers=1..2", "--set", "width_1=16..64"),
            *("--set", "width_2=16..64"),
        )


def measure(plan: Plan) -> dict[str, Any]:
    """Run the study undisturbed and disturbed, in turn.

    Raises:
        AssertionError: Something was lost or double.
    """
    seconds: dict[str, list[float]] = {"undisturbed": [], "outage": []}
    with tempfile.TemporaryDirectory() as folder:
        stack = NativeStack(Path(folder))
        try:
            stack.up(workers=0)
            service = Service(stack)
            # the rounds find all its networks compiled
            service.search("warm", *plan.search, cluster=False)
            for number in range(plan.rounds):
                for kind, times in seconds.items():
                    name = f"{kind}-{number}"
                    if kind == "outage":
                        _start_outage(service, name, plan.away_seconds)
                    service.search(name, *plan.search, cluster=False)
                    service.check(
                        name,
                        n_trials=plan.trials,
                        n_folds=plan.folds,
                        epochs=plan.epochs,
                    )
                    times.append(_training_seconds(service, name))
                    print(f"{name}: {times[-1]:.1f} s", flush=True)
                assert service.outcome(name) == service.outcome("undisturbed-0")
        finally:
            stack.down()
    return {"seconds": sum(map(sum, seconds.values())), **seconds}


def _start_outage(service: Service, name: str, away: float) -> None:
    def outage() -> None:
        while not (service.has_begun(name) and _folds(service, name)):
            time.sleep(0.1)
        service.stack.kill("mlflow")
        time.sleep(away)
        service.stack.start("mlflow")

    threading.Thread(target=outage, daemon=True).start()


def _folds(service: Service, name: str) -> list[dict[str, Any]]:
    return [e for e in service.events(name) if e["event"] == "fold"]


def _training_seconds(service: Service, name: str) -> float:
    ends = [event["ended"] for event in _folds(service, name)]
    return float(max(ends) - min(ends))


if __name__ == "__main__":
    print(Lines("faults", "outage", Plan()).once(lambda: measure(Plan())))
