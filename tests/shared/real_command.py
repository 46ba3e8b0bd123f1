"""Run the real command in a real folder, and read what it left behind."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import psutil

COMMAND = Path(sys.executable).with_name("tunefold")
N_TRIALS, N_FOLDS, EPOCHS = 12, 3, 3  # samplers learn from the tenth on
FIXED = {
    "n_layers": "1..2",
    "width_1": "16",
    "width_2": "16",
    "activation": "relu",
    "batch_norm": "false",
    "dropout": "0.2",
    "l1": "off",
    "l2": "off",
    "label_smoothing": "0.1",
    "optimizer": "adam",
    "batch_size": "64",
}
SMALL = [word for item in FIXED.items() for word in ("--set", "=".join(item))]
ONE_WORKER = [
    *("--cv", "kfold:3", "--epochs", EPOCHS, "--workers", 1, "--pruner", "none"),
    *SMALL,
]
OF_A = [*ONE_WORKER, "--trials", N_TRIALS]
MAX_SECONDS = 1800  # of one command: only what hangs takes longer


def environment(**changes):
    """A user's environment; the compile cache of the tests is in it."""
    ours = ("MLFLOW_TRACKING_URI", "TUNEFOLD_DATA", "KERAS_BACKEND")
    kept = {name: value for name, value in os.environ.items() if name not in ours}
    return kept | {name: str(value) for name, value in changes.items()}


def tunefold(*words, cwd, status=0, **changes):
    done = subprocess.run(
        [COMMAND, *map(str, words)],
        cwd=cwd,
        env=environment(**changes),
        capture_output=True,
        text=True,
        timeout=MAX_SECONDS,
    )
    assert done.returncode == status, done.stderr
    assert "Traceback" not in done.stderr, done.stderr
    return done


def refused(*words, cwd, status, **changes):
    """Return the one line of a command that fails."""
    done = tunefold(*words, cwd=cwd, status=status, **changes)
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith("Error: ")
    return line


def search(name, *words, cwd, **options):
    return tunefold("search", "digits", "--name", name, *words, cwd=cwd, **options)


class Recorded:
    """A study as journal and tracking store have it, read by MLflow's own client."""

    def __init__(self, folder, name):
        from mlflow import MlflowClient

        self.folder, self.name = folder, name
        self.uri = f"sqlite:///{folder / 'mlflow.db'}"
        self.client = MlflowClient(self.uri)
        everything = self.client.search_runs(
            [e.experiment_id for e in self.client.search_experiments()],
            max_results=1000,
        )
        of_study = [
            run
            for run in everything
            if run.data.tags.get("tunefold.key", "").split("/")[0] == name
            and run.data.tags["tunefold.kind"] in ("study", "trial")
        ]
        # sorted: a run that is there twice is seen
        self.keys = sorted(run.data.tags["tunefold.key"] for run in of_study)
        self.runs = {run.data.tags["tunefold.key"]: run for run in of_study}
        self.study = self.runs.get(name)
        self.events = events_of(folder, name)
        self.folds = [
            (event["number"], event["fold"])
            for event in self.events
            if event["event"] == "fold"
        ]

    @property
    def outcome(self):
        """Parameters, score and common epoch by trial, as the journal has them."""
        asked, ended = (
            {e["number"]: e for e in self.events if e["event"] == kind}
            for kind in ("asked", "ended")
        )
        return [
            (asked[n]["params"], ended[n]["score"], ended[n]["epoch"])
            for n in sorted(ended)
        ]

    def trial(self, number):
        return self.runs[f"{self.name}/{number}"]

    def history(self, run, metric):
        """Values of a metric in the order of their steps."""
        values = self.client.get_metric_history(run.info.run_id, metric)
        return [v.value for v in sorted(values, key=lambda value: value.step)]

    def artifact(self, run, name):
        return Path(self.client.download_artifacts(run.info.run_id, name))

    def check_complete(self, n_trials=N_TRIALS, *, epochs=EPOCHS):
        """Nothing is missing, double or running, in the journal and in the store."""
        trials = range(n_trials)
        assert Counter(self.folds) == Counter(
            (n, fold) for n in trials for fold in range(N_FOLDS)
        )
        ended = [e["number"] for e in self.events if e["event"] == "ended"]
        assert sorted(ended) == list(trials)
        keys = [self.name, *(f"{self.name}/{number}" for number in trials)]
        assert self.keys == sorted(keys)
        for run in self.runs.values():
            assert run.info.status == "FINISHED", run.data.tags
        for event in self.events:
            if event["event"] != "fold":
                continue
            run = self.trial(event["number"])
            for curve, values in event["curves"].items():
                assert self.history(run, f"{curve}/fold_{event['fold']}") == values
        for number in trials:
            run = self.trial(number)
            assert run.data.tags["state"] == "complete"
            for metric in run.data.metrics:
                is_curve = metric.partition("/")[0].removeprefix("val_") in CURVES
                length = len(self.history(run, metric))
                assert length == (epochs if is_curve else 1), metric


CURVES = ("loss", "accuracy", "objective")


def events_of(folder, name):
    path = folder / "tunefold-studies" / name / "journal.jsonl"
    text = path.read_text() if path.is_file() else ""
    return [json.loads(line) for line in text[: text.rfind("\n") + 1].splitlines()]


def wait_until(condition, seconds=MAX_SECONDS):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.002)


@contextlib.contextmanager
def running(*words, cwd):
    """A command in a session of its own, as in a terminal; none of it stays."""
    with (cwd / "stderr.txt").open("w+") as stderr:
        process = subprocess.Popen(
            [COMMAND, *map(str, words)],
            cwd=cwd,
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
            start_new_session=True,
        )
        process.read_stderr = lambda: (cwd / "stderr.txt").read_text()
        try:
            yield process
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.communicate()


def is_alive(process):
    try:
        return process.status() != psutil.STATUS_ZOMBIE  # nobody may reap orphans
    except psutil.NoSuchProcess:
        return False


def n_folds_of(folder, name):
    return sum(event["event"] == "fold" for event in events_of(folder, name))


def kill_and_resume(name, words, *, n_folds, cwd):
    """Kill a search with SIGKILL after so many folds, check, and finish it."""
    journal = cwd / "tunefold-studies" / name / "journal.jsonl"
    with running("search", "digits", "--name", name, *words, cwd=cwd) as process:
        wait_until(
            lambda: (
                (n_folds > 0 or events_of(cwd, name))
                and n_folds_of(cwd, name) >= n_folds
            )
        )
        children = psutil.Process(process.pid).children(recursive=True)
        process.kill()
        process.wait()
        killed = time.monotonic()
        assert len(children) >= 2  # the fork server and a worker
        wait_until(lambda: not any(map(is_alive, children)), seconds=5)
        assert time.monotonic() - killed < 5
    before = journal.read_bytes()
    finished = n_folds_of(cwd, name)
    tunefold("resume", name, cwd=cwd)
    after = journal.read_bytes()
    # What was finished stays as it was, line by line, and is not trained again.
    assert after.startswith(before[: before.rfind(b"\n") + 1])
    assert finished < n_folds_of(cwd, name)
    return Recorded(cwd, name)
