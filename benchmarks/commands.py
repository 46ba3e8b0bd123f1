"""Whole commands, each a process of its own, timed from its start to its end.

Every side starts cold, in an empty folder: a new MLflow store in SQLite, no mapped data
and no compiled programs in a cache. None sees variables of the environment that would
choose a backend, a number of threads or a cache.
"""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

HERE = Path(__file__).resolve().parent
COMMAND = Path(sys.executable).with_name("tunefold")
OURS = (
    "JAX_", "KERAS_", "MKL_", "MLFLOW_", "OMP_", "OPENBLAS_", "TF_", "TUNEFOLD_",
    "XLA_",
)  # fmt: skip
POLL_SECONDS = 0.2


@dataclass(frozen=True)
class Reached:
    """A search that was stopped when its journal held a score."""

    score: float
    """The first that was good enough, or the best one when none was."""
    reached: bool
    seconds: float
    """From the command's start to that score."""
    trials: int
    """Complete until then."""


def environment(folder: Path, **changes: str) -> dict[str, str]:
    """Return a user's environment, with caches of its own in `folder`."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(OURS)}
    # Folders with data are no setting of speed.
    if "TUNEFOLD_DATA" in os.environ:
        kept["TUNEFOLD_DATA"] = os.environ["TUNEFOLD_DATA"]
    root = str(HERE.parent)
    path = os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH")]))
    own = {
        "XDG_CACHE_HOME": str(folder / "cache"),
        "PYTHONPATH": path,
        "MLFLOW_DISABLE_TELEMETRY": "true",  # no side waits for a network
    }
    return kept | own | changes


def tunefold(*words: object, folder: Path) -> float:
    """Run `tunefold search WORDS` and return its seconds."""
    return _timed([COMMAND, "search", *words], folder)


def peer(script: str, *words: object, folder: Path) -> float:
    """Run `peers/SCRIPT.py WORDS` and return its seconds."""
    command = [sys.executable, HERE / "peers" / f"{script}.py", *words]
    return _timed(command, folder, KERAS_BACKEND="tensorflow")


def printed(folder: Path) -> dict[str, Any]:
    """Return the JSON of the last line that the command in `folder` printed."""
    last = (folder / "stdout.txt").read_text().splitlines()[-1]
    found: dict[str, Any] = json.loads(last)
    return found


def journal(folder: Path, name: str) -> list[dict[str, Any]]:
    """Return the whole lines of a study's journal."""
    path = folder / "tunefold-studies" / name / "journal.jsonl"
    text = path.read_text() if path.is_file() else ""
    return [json.loads(line) for line in text[: text.rfind("\n") + 1].splitlines()]


def tunefold_until(
    score: float, *words: object, name: str, folder: Path, max_seconds: float
) -> Reached:
    """Run `tunefold search WORDS --name NAME` until its journal holds a score."""
    begin = time.perf_counter()
    with _started([COMMAND, "search", *words, "--name", name], folder) as process:
        while True:
            over = process.poll() is not None
            seconds = time.perf_counter() - begin
            scores = _scores(folder, name)
            if over or _best(scores) >= score or seconds > max_seconds:
                break
            time.sleep(POLL_SECONDS)
        if not over:
            process.send_signal(signal.SIGINT)
            _end(process)
    best = _best(scores)
    return Reached(
        score=best, reached=best >= score, seconds=seconds, trials=len(scores)
    )


def _scores(folder: Path, name: str) -> list[float]:
    ended = [e for e in journal(folder, name) if e["event"] == "ended"]
    # a pruned trial's score is of some folds only
    return [event["score"] for event in ended if event["state"] == "complete"]


def _best(scores: list[float]) -> float:
    return max(scores, default=0.0)


def _timed(command: list[object], folder: Path, **changes: str) -> float:
    begin = time.perf_counter()
    with _started(command, folder, **changes) as process:
        status = process.wait()
    seconds = time.perf_counter() - begin
    if status:
        error = (folder / "stderr.txt").read_text()[-3000:]
        raise SystemExit(f"{' '.join(map(str, command))}: status {status}\n{error}")
    return seconds


def _started(
    command: list[object], folder: Path, **changes: str
) -> "subprocess.Popen[bytes]":
    out, err = folder / "stdout.txt", folder / "stderr.txt"
    with out.open("wb") as stdout, err.open("wb") as stderr:
        return subprocess.Popen(
            [str(word) for word in command],
            cwd=folder,
            env=environment(folder, **changes),
            stdout=stdout,
            stderr=stderr,
        )


def _end(process: "subprocess.Popen[bytes]") -> None:
    """Wait for a search that was asked to stop; its workers finish their folds."""
    try:
        process.wait(timeout=120)
    except subprocess.TimeoutExpired:
        children = psutil.Process(process.pid).children(recursive=True)
        for one in [*children, psutil.Process(process.pid)]:
            one.kill()
        process.wait()
