"""Eight studies at once against one MLflow over PostgreSQL, 2,000 trials in all.

Folds are made up and take a second, so that the store is what is loaded; each trial
logs the curves of 5 folds of 20 epochs. Each process writes its own study; meanwhile
one more logs a trial once a second and takes the time. At the end every trial is looked
for, and the UI's page of runs is opened in a browser.

    python benchmarks/faults/load.py
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent.parent / "scripts")]

from browser import chromium  # noqa: E402
from made_up import EPOCHS, N_FOLDS  # noqa: E402
from native_stack import NativeStack  # noqa: E402
from service import Service  # noqa: E402
from work import Lines  # noqa: E402


@dataclass(frozen=True)
class Plan:
    """How many studies of how many trials."""

    studies: int = 8
    trials: int = 250
    fold_seconds: float = 1.0


def measure(plan: Plan) -> dict[str, Any]:
    """Run them all, and return what was seen.

    Raises:
        AssertionError: A trial is missing or double, or a command failed.
    """
    with tempfile.TemporaryDirectory() as folder:
        stack = NativeStack(Path(folder))
        try:
            stack.up(workers=0)
            service = Service(stack)
            began = time.monotonic()
            processes = [
                _start(service, f"load-{number}", plan)
                for number in range(plan.studies)
            ]
            over, logging = threading.Event(), Future[list[float]]()
            threading.Thread(
                target=_probe, args=(service, over, logging), daemon=True
            ).start()
            for process in processes:
                _, said = process.communicate()
                assert process.returncode == 0, said[-500:]
            seconds = time.monotonic() - began
            over.set()
            for number in range(plan.studies):
                name = f"load-{number}"
                service.check(
                    name,
                    n_trials=plan.trials,
                    n_folds=N_FOLDS,
                    epochs=EPOCHS,
                    whole_curves=25,
                )
            first, again = _open_page(service, Path(folder))
        finally:
            stack.down()
    probed = logging.result()
    return {
        "seconds": seconds,
        "trials": plan.studies * plan.trials,
        "probed": len(probed),
        "median_seconds": statistics.median(probed),
        "p95_seconds": statistics.quantiles(probed, n=20)[-1],
        "page_seconds": first,
        "page_again_seconds": again,
    }


def _start(service: Service, name: str, plan: Plan) -> subprocess.Popen[str]:
    words = (HERE / "made_up_study.py", name, plan.trials, plan.fold_seconds)
    return subprocess.Popen(
        [sys.executable, *map(str, words)],
        cwd=service.stack.folder / "studies",
        env=service.environment(cluster=False),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def _probe(
    service: Service, over: threading.Event, logging: "Future[list[float]]"
) -> None:
    while not over.is_set():
        if service.has_begun("load-0") and service.has_complete("load-0"):
            logging.set_result(service.probe_logging("load-0", over))
            return
        time.sleep(0.5)


def _open_page(service: Service, folder: Path) -> tuple[float, float]:
    """Return the seconds until the table of runs shows a trial.

    First in a browser that has never seen the UI, whose programs are most of what it
    must then load and compile; then the median of opening it again five times.
    """
    login = service.stack.uri.replace(
        "://", f"://admin:{service.stack.variables['MLFLOW_ADMIN_PASSWORD']}@"
    )
    with chromium(folder / "profile", size=(1600, 1000)) as browser:
        browser.get(f"{login}/version")
        seconds = []
        for _ in range(6):
            browser.get("about:blank")
            began = time.monotonic()
            browser.get(service.table_of("load-0"))
            while "load-0-" not in browser.page_source:
                assert time.monotonic() - began < 60
                time.sleep(0.05)
            seconds.append(time.monotonic() - began)
        return seconds[0], statistics.median(seconds[1:])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--trials", type=int, default=Plan.trials, help="a study's")
    plan = Plan(trials=parser.parse_args().trials)
    print(Lines("faults", "load", plan).once(lambda: measure(plan)))


if __name__ == "__main__":
    main()
