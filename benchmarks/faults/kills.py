"""SIGKILL at random moments, to everything, one at a time; nothing may be lost.

A study on digits runs against the service (PostgreSQL, MLflow with logins, a Dask
scheduler and two workers, by the commands of docker-compose.yml). One of its processes
is killed at a random moment; what Docker would start again is started again, a study
that ended is resumed. When it has ended, journal and store are compared with those of a
study that nobody disturbed, and the next one begins. Every second study trains in
workers of its own instead of the cluster's.

    python benchmarks/faults/kills.py 200
"""

import argparse
import random
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent.parent / "scripts")]

from native_stack import NativeStack, kill_tree  # noqa: E402
from service import Service  # noqa: E402
from work import Lines  # noqa: E402

from search.ledger import MAX_LOST  # noqa: E402

TARGETS = ("study", "slot", "worker", "mlflow", "postgres", "scheduler")
HERE_TARGETS = ("study", "slot", "mlflow", "postgres")
"""Without the cluster."""

LOSSES = {"slot": "process", "worker": "place", "scheduler": "place"}
SURVIVED = {"process": 1, "place": MAX_LOST - 1}
"""So often a fold may lose its process, or its place on the cluster: by rule its trial
fails the next time, which is no loss and not what is looked for here."""

LEFT_SECONDS = 5.0
"""After so long none of a killed study's processes may be there, and none on a worker
may train for it: there one notices within a second that nobody waits for its fold."""

TRIALS, FOLDS, EPOCHS = 12, 3, 20
SEARCH = (
    *("--cv", f"kfold:{FOLDS}", "--epochs", EPOCHS, "--trials", TRIALS),
    *("--pruner", "none", "--workers", 2, "--set", "n_layers=1..2"),
    *("--set", "width_1=16..64", "--set", "width_2=16..64"),
)


@dataclass(frozen=True)
class Plan:
    """What is killed how often."""

    kills: int
    seed: int = 0


@dataclass
class Seen:
    """What was seen of one study.

    Attributes:
        kills: By target.
        trained: Trainings that began, as (trial, fold, time).
        running: Folds that were being trained at a kill that could stop them.
        hits: How often what each fold had was killed, by (`LOSSES`, trial, fold).
        left: Processes of a killed study that were there, or of a worker that trained
            for it, after `LEFT_SECONDS`.
    """

    kills: Counter[str] = field(default_factory=Counter)
    trained: set[tuple[int, int, float]] = field(default_factory=set)
    running: int = 0
    hits: Counter[tuple[str, int, int]] = field(default_factory=Counter)
    left: int = 0


def kill(
    service: Service, plan: Plan, done: Sequence[Mapping[str, Any]] = ()
) -> Iterator[dict[str, Any]]:
    """Kill as often as planned; yield what was seen of each study.

    Args:
        service: Nothing else runs against it.
        plan: How often.
        done: What was yielded before, of the same plan.

    Raises:
        AssertionError: Something was lost, double or left.
    """
    service.search("undisturbed", *SEARCH, cluster=False)
    whole = service.outcome("undisturbed")
    n_kills = sum(sum(study["kills"].values()) for study in done)
    number = len(done)
    while n_kills < plan.kills:
        name = f"killed-{number}"
        began = time.monotonic()
        seen = _disturb(
            service,
            name,
            random.Random(f"{plan.seed}-{number}"),
            n_kills=plan.kills - n_kills,
            cluster=number % 2 == 0,
        )
        service.check(name, n_trials=TRIALS, n_folds=FOLDS, epochs=EPOCHS)
        assert service.outcome(name) == whole, f"{name}: other scores"
        assert seen.left == 0, f"{name}: {seen.left} processes left"
        twice = max(0, len(seen.trained) - TRIALS * FOLDS)
        assert twice <= seen.running, (
            f"{name}: {twice} folds trained twice, {seen.running} ran"
        )
        yield {
            "seconds": time.monotonic() - began,
            "kills": dict(seen.kills),
            "trained_again": twice,
            "running_at_kills": seen.running,
        }
        n_kills += seen.kills.total()
        number += 1


def _disturb(
    service: Service, name: str, rng: random.Random, *, n_kills: int, cluster: bool
) -> Seen:
    """Run a study to its end, killing something every few seconds."""
    seen = Seen()
    words: tuple[object, ...] = ("search", "digits", "--name", name, *SEARCH)
    with _watching(service, name, seen):
        while True:
            process = service.start(*words, cluster=cluster)
            killed = False
            while not killed and process.poll() is None:
                until = time.monotonic() + rng.uniform(0.0, 12.0)
                while time.monotonic() < until and process.poll() is None:
                    time.sleep(0.02)
                if process.poll() is not None or seen.kills.total() >= n_kills:
                    break
                target = rng.choice(TARGETS if cluster else HERE_TARGETS)
                if _kill(service, name, target, process, seen, rng):
                    seen.kills[target] += 1
                killed = target == "study"
            status, said = process.wait(600), service.said(process)
            if status == 0 and "the tracking store missed" not in said:
                return seen
            # a store that is away for long at the end: `resume` sends the rest
            assert status == 0 or killed or said.startswith("Error: "), said
            if service.has_begun(name):
                words = ("resume", name)


def _kill(
    service: Service,
    name: str,
    target: str,
    process: Any,
    seen: Seen,
    rng: random.Random,
) -> bool:
    stack = service.stack
    running = service.running_folds(name)
    folds = len(running)
    if loss := LOSSES.get(target):
        keys = [(loss, fold.trial, fold.fold) for fold in running]
        if any(seen.hits[key] >= SURVIVED[loss] for key in keys):
            return False
        seen.hits.update(keys)
    if target == "study":
        below = psutil.Process(process.pid).children(recursive=True)
        process.kill()
        seen.running += folds
        seen.left += len(_left(service, below))
        return True
    if target == "slot":
        fold_processes = service.fold_processes(process)
        if not fold_processes:
            return False
        with suppress(psutil.NoSuchProcess):
            rng.choice(fold_processes).kill()
        seen.running += 1
        return True
    if target in ("worker", "scheduler"):
        seen.running += folds
    stack.kill(target)
    time.sleep(rng.uniform(0.0, 3.0))
    if target == "scheduler":  # its workers end with it, and are started again
        for worker in stack.processes("worker"):
            kill_tree(worker.pid)
            worker.wait()
        stack.start("scheduler")
        stack.start("worker")
    stack.start("worker" if target == "scheduler" else target)
    return True


def _left(service: Service, below: Sequence[psutil.Process]) -> list[psutil.Process]:
    deadline = time.monotonic() + LEFT_SECONDS
    _gone, alive = psutil.wait_procs(below, timeout=LEFT_SECONDS)
    trains = service.training_on_workers()
    while trains and time.monotonic() < deadline:
        trains = service.training_on_workers()
    return [p for p in alive if p.status() != psutil.STATUS_ZOMBIE] + trains


class _watching:  # noqa: N801  (used like a function)
    """Notes which trainings begin, while it lasts."""

    def __init__(self, service: Service, name: str, seen: Seen) -> None:
        self._over = threading.Event()
        self._thread = threading.Thread(
            target=self._watch, args=(service, name, seen), daemon=True
        )

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self, service: Service, name: str, seen: Seen) -> None:
        while not self._over.wait(0.02):
            for fold in service.running_folds(name):
                seen.trained.add((fold.trial, fold.fold, fold.began))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("kills", type=int)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    plan = Plan(kills=args.kills, seed=args.seed)
    lines = Lines("faults", "kills", plan)
    with tempfile.TemporaryDirectory() as folder:
        stack = NativeStack(Path(folder))
        try:
            stack.up()
            for seen in kill(Service(stack), plan, lines.all()):
                line = lines.add(f"study-{len(lines.all())}", **seen)
                print({name: line[name] for name in seen}, flush=True)
        finally:
            stack.down()
    studies = lines.all()
    total = sum((Counter(study["kills"]) for study in studies), Counter[str]())
    for figure in ("seconds", "trained_again", "running_at_kills"):
        print(f"{figure}: {sum(study[figure] for study in studies):.0f}")
    print(f"{total.total()} kills in {len(studies)} studies: {dict(total)}")


if __name__ == "__main__":
    main()
