"""The service of docker-compose.yml, and studies that run against it."""

import os
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
from native_stack import NativeStack

COMMAND = Path(sys.executable).with_name("tunefold")
COMPUTES = 0.1
"""Seconds of processor time in one second; what waits for a fold takes none."""


class Service:
    """A user of the service.

    Args:
        stack: It is up.

    Attributes:
        stack: As given.
    """

    def __init__(self, stack: NativeStack) -> None:
        from mlflow import MlflowClient

        self.stack = stack
        self._login = {
            "MLFLOW_TRACKING_USERNAME": "admin",
            "MLFLOW_TRACKING_PASSWORD": stack.variables["MLFLOW_ADMIN_PASSWORD"],
        }
        os.environ.update(self._login)
        self._client: Any = MlflowClient(stack.uri)
        self._folder = stack.folder / "studies"

    def environment(self, *, cluster: bool) -> dict[str, str]:
        """Return the environment of a command."""
        named = self.stack.environment("search") | self._login
        if not cluster:
            del named["TUNEFOLD_CLUSTER"]
        return named

    def start(self, *words: object, cluster: bool) -> subprocess.Popen[bytes]:
        """Start a command; what it says is kept for `said`."""
        with (self._folder / "said.txt").open("wb") as said:
            return subprocess.Popen(
                [COMMAND, *map(str, words)],
                cwd=self._folder,
                env=self.environment(cluster=cluster),
                stdout=subprocess.DEVNULL,
                stderr=said,
                start_new_session=True,
            )

    def said(self, _process: Any) -> str:
        """Return the last line that the latest command said."""
        lines = (self._folder / "said.txt").read_text().strip().splitlines()
        return lines[-1] if lines else ""

    def search(self, name: str, *words: object, cluster: bool) -> None:
        """Run a search to its end."""
        process = self.start(
            "search", "digits", "--name", name, *words, cluster=cluster
        )
        assert process.wait(1200) == 0, self.said(process)

    def study(self, name: str) -> Path:
        """Return the folder of a study."""
        return self._folder / "tunefold-studies" / name

    def has_begun(self, name: str) -> bool:
        """Say whether a study has its first line."""
        from search.journal import has_begun

        return has_begun(self.study(name))

    def has_complete(self, name: str) -> bool:
        """Say whether a study has a complete trial."""
        ended = [e for e in self.events(name) if e["event"] == "ended"]
        return any(event["state"] == "complete" for event in ended)

    def running_folds(self, name: str) -> list[Any]:
        """Return what is trained now."""
        from search.live.slots import running_folds

        return running_folds(self.study(name))

    def fold_processes(self, process: Any) -> list[psutil.Process]:
        """Return the processes that train folds, here or below cluster workers."""
        return _with_keras([process, *self.stack.processes("worker")])

    def training_on_workers(self) -> list[psutil.Process]:
        """Return the processes below cluster workers that compute; takes a second."""
        before = {
            p: _cpu_seconds(p) for p in _with_keras(self.stack.processes("worker"))
        }
        time.sleep(1.0)
        return [p for p, spent in before.items() if _cpu_seconds(p) > spent + COMPUTES]

    def events(self, name: str) -> list[dict[str, Any]]:
        """Return a study's journal."""
        from search.journal import Journal

        return Journal(self.study(name)).events()

    def outcome(self, name: str) -> list[Any]:
        """Return parameters, and scores of each fold, by trial."""
        from search.events import read_trials

        return [
            (t.number, t.params, t.score, [f.curves["val_accuracy"] for f in t.folds])
            for t in read_trials(self.events(name)).values()
        ]

    def check(
        self,
        name: str,
        *,
        n_trials: int,
        n_folds: int,
        epochs: int,
        whole_curves: int = 1,
    ) -> None:
        """Nothing is missing, double or running, in the journal and in the store.

        Args:
            name: The study's.
            n_trials: All of them complete.
            n_folds: Of each.
            epochs: Of each fold.
            whole_curves: Look at each epoch of every so manieth run; it takes time.

        Raises:
            AssertionError: Something is.
        """
        events = self.events(name)
        for kind in ("asked", "ended"):
            numbers = [e["number"] for e in events if e["event"] == kind]
            assert sorted(numbers) == list(range(n_trials)), (name, kind, numbers)
        ended = [e for e in events if e["event"] == "ended"]
        failed = {e["number"]: e["reason"] for e in ended if e.get("reason")}
        assert not failed, (name, failed)
        folds = Counter(
            (e["number"], e["fold"]) for e in events if e["event"] == "fold"
        )
        assert folds == Counter(
            (n, fold) for n in range(n_trials) for fold in range(n_folds)
        ), (name, folds)
        runs = self._runs(name)
        keys = Counter(run.data.tags["tunefold.key"] for run in runs)
        wanted = [name, *(f"{name}/{number}" for number in range(n_trials))]
        assert keys == Counter(wanted), (name, keys)
        for place, run in enumerate(runs):
            assert run.info.status == "FINISHED", (name, run.data.tags)
            if run.data.tags["tunefold.kind"] == "trial":
                for fold in range(n_folds):
                    assert f"val_accuracy/fold_{fold}" in run.data.metrics
                    if place % whole_curves:
                        continue
                    history = self._client.get_metric_history(
                        run.info.run_id, f"val_accuracy/fold_{fold}"
                    )
                    steps = sorted(value.step for value in history)
                    assert steps == list(range(1, epochs + 1)), (name, steps)

    def table_of(self, name: str) -> str:
        """Return the address of a study's trials in the UI."""
        from search.address import study_addresses
        from search.store import Store

        store = Store(self.stack.uri)
        return study_addresses(store, store.find_study(name)).table

    def probe_logging(self, name: str, over: threading.Event) -> list[float]:
        """Log a trial of a study again and again; return how long each time took.

        Args:
            name: A study with a complete trial, which is logged under another study.
            over: Ends it.
        """
        from search.events import present_settings, read_trials
        from search.prediction_files import file_name
        from search.recorder import Recorder
        from search.store import Store

        events = self.events(name)
        trial = next(t for t in read_trials(events).values() if t.state == "complete")
        file = self.study(name) / "predictions" / file_name(trial.number)
        settings = replace(present_settings(events), name="probe", experiment="probe")
        recorder = Recorder(Store(self.stack.uri), settings, began=time.time())
        recorder.begin({})
        seconds: list[float] = []
        while not over.wait(1.0):
            began = time.monotonic()
            copy = replace(trial, number=len(seconds))
            recorder.trial_begun(copy, began=time.time())
            for result in copy.folds:
                recorder.fold(copy, result)
            recorder.trial(copy, file)
            seconds.append(time.monotonic() - began)
        return seconds

    def _runs(self, name: str) -> list[Any]:
        experiments = [e.experiment_id for e in self._client.search_experiments()]
        runs = self._client.search_runs(experiments, max_results=5000)
        return [
            run
            for run in runs
            if run.data.tags.get("tunefold.key", "").partition("/")[0] == name
        ]


def _with_keras(roots: Iterable[Any]) -> list[psutil.Process]:
    found = []
    for root in roots:
        with suppress(psutil.NoSuchProcess):
            below = psutil.Process(root.pid).children(recursive=True)
            # forked from a server: it has no children, and the most memory
            found += [
                p for p in below if not p.children() and p.memory_info().rss > 2**28
            ]
    return found


def _cpu_seconds(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return float(times.user + times.system)
