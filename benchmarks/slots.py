"""What slots do with their time: overhead, two against one, the processor's limit.

    .venv/bin/python benchmarks/slots.py overhead   # 20 trials, MLflow over HTTP
    .venv/bin/python benchmarks/slots.py workers    # --workers 2 against 1, 5 rounds
    .venv/bin/python benchmarks/slots.py peak       # share of the matrix-multiply peak
    .venv/bin/python benchmarks/slots.py memory     # of the workers over 100 trials

Searches by the command in `benchmarks/runs`; read from their journals.
"""

import argparse
import itertools
import json
import multiprocessing
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from peaks import Peaks
from wide import WIDTH
from work import WORK

BIN = Path(sys.executable).parent
COMMON = ["fashion_mnist", "--engine", "random", "--pruner", "none"]
SPACE = ["--set", "n_layers=1..4", "--cv", "kfold:5"]
FIXED = [
    *("activation=relu", "batch_norm=false", "dropout=0.2", "l1=off", "l2=on"),
    *("l2_strength=1e-5", "label_smoothing=0", "optimizer=adam", "batch_size=128"),
    "learning_rate=0.0005..0.001",
]
"""As in the one network of `wide.py`."""

CORES = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []


def search(
    name: str,
    words: Sequence[str],
    *,
    uri: str | None = None,
    look: Callable[[psutil.Process], None] = lambda process: None,
    cache: Path | None = None,
) -> dict:
    """Search in a new process; return its folds and the CPU time of the study.

    `look` is called with the process four times a second; `cache` stands in for the
    user's cache folder.
    """
    shutil.rmtree(WORK / "tunefold-studies" / name, ignore_errors=True)
    database = WORK / f"{name}.db"
    database.unlink(missing_ok=True)
    store = uri or f"sqlite:///{database.name}"
    WORK.mkdir(exist_ok=True)
    began = time.time()
    process = psutil.Popen(
        [BIN / "tunefold", "search", *words, "--name", name, "--tracking-uri", store],
        cwd=WORK,
        env=os.environ | ({"XDG_CACHE_HOME": str(cache)} if cache else {}),
        stdout=subprocess.DEVNULL,
        stderr=(WORK / f"{name}.log").open("w"),
    )
    cpu: list[tuple[float, float]] = []
    while process.poll() is None:
        try:
            times = process.cpu_times()
            look(process)
        except psutil.Error:
            break
        cpu.append((time.time(), times.user + times.system))
        time.sleep(0.25)
    if process.wait() != 0:
        raise SystemExit((WORK / f"{name}.log").read_text())
    return {"began": began, "ended": time.time(), "cpu": cpu, "folds": folds(name)}


def folds(name: str) -> list[dict]:
    journal = WORK / "tunefold-studies" / name / "journal.jsonl"
    events = [json.loads(line) for line in journal.read_text().splitlines()]
    return [event for event in events if event["event"] == "fold"]


def window(done: list[dict]) -> tuple[float, float]:
    """When the first fold began and the last one ended."""
    return min(f["ended"] - f["seconds"] for f in done), max(f["ended"] for f in done)


@contextmanager
def tracking_server() -> Iterator[str]:
    """MLflow's server on SQLite, on a free port of this machine."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    WORK.mkdir(exist_ok=True)
    server = psutil.Popen(
        [
            *(BIN / "mlflow", "server", "--port", str(port), "--workers", "1"),
            *("--backend-store-uri", "sqlite:///overhead.db"),
        ],
        cwd=WORK,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    uri = f"http://127.0.0.1:{port}"
    try:
        for _ in range(240):
            try:
                urllib.request.urlopen(f"{uri}/health", timeout=1)
                break
            except OSError:
                time.sleep(0.5)
        yield uri
    finally:
        for child in server.children(recursive=True):
            child.terminate()
        server.terminate()


def overhead() -> None:
    (WORK / "overhead.db").unlink(missing_ok=True)
    words = [*COMMON, *SPACE, "--epochs", "10", "--trials", "20"]
    with tracking_server() as uri:
        found = search("overhead", words, uri=uri)
    done = found["folds"]
    first, last = window(done)
    n_slots = len(CORES)
    inside = sum(fold["seconds"] for fold in done)
    # what the first epoch takes longer than the others is compilation
    compiling = sum(
        max(0.0, f["epoch_seconds"][0] - statistics.median(f["epoch_seconds"][1:]))
        for f in done
    )
    measuring = sum(fold["measure_seconds"] for fold in done)
    training = sum(sum(fold["epoch_seconds"]) for fold in done) - compiling
    wall = n_slots * (last - first)
    before, after = (
        max(cpu for when, cpu in found["cpu"] if when <= first),
        max(cpu for when, cpu in found["cpu"] if when <= last),
    )
    print(f"folds: {len(done)} in {last - first:.0f} s on {n_slots} slots")
    print(f"inside run_fold: {inside / wall:.1%} of the slots' time")
    print(f"  training {training / wall:.1%}, compiling {compiling / wall:.1%}, ")
    print(f"  predicting and scoring {measuring / wall:.1%}")
    print(f"study process: {(after - before) / (last - first):.1%} of a core meanwhile")
    print(
        f"before the first fold {first - found['began']:.1f} s, after the last "
        f"{found['ended'] - last:.1f} s; CPU of the study process in all "
        f"{found['cpu'][-1][1]:.1f} s"
    )


def workers(rounds: int) -> None:
    # the work of `folds.py`; in a shorter study one worker waits long for the last fold
    words = [*COMMON, *SPACE, "--epochs", "10", "--trials", "12"]
    search("workers-2", words)  # compiles: the rounds find all in the cache
    ratios, limits = [], []
    for turn in range(rounds):
        per_minute, rates = {}, {}
        for n in (1, 2) if turn % 2 else (2, 1):
            rates[n] = n * matmul_rate(CORES[:n], seconds=3.0)
            done = search(f"workers-{n}", [*words, "--workers", str(n)])["folds"]
            first, last = window(done)
            per_minute[n] = 60 * len(done) / (last - first)
        ratios.append(per_minute[2] / per_minute[1])
        limits.append(rates[2] / rates[1])
        print(
            f"round {turn + 1}: {per_minute[1]:.1f} folds a minute with one worker, "
            f"{per_minute[2]:.1f} with two: {ratios[-1]:.2f}x; matrix products "
            f"{rates[1]:.0f} and {rates[2]:.0f} GFLOP/s: {limits[-1]:.2f}x",
            flush=True,
        )
    print(
        f"median of {rounds}: {statistics.median(ratios):.2f}x, of the matrix products "
        f"{statistics.median(limits):.2f}x"
    )


def multiply(core: int, seconds: float, answer: Any) -> None:
    """Multiply matrices on one core; answer with the best GFLOP/s of a call."""
    os.environ["OPENBLAS_NUM_THREADS"] = "1"
    os.sched_setaffinity(0, {core})
    import threadpoolctl

    rng = np.random.default_rng(0)
    n = 1536
    left, right = (rng.standard_normal((n, n), np.float32) for _ in range(2))
    rates = []
    with threadpoolctl.threadpool_limits(1):
        end = time.perf_counter() + seconds
        while time.perf_counter() < end:
            began = time.perf_counter()
            np.matmul(left, right)
            rates.append(2 * n**3 / (time.perf_counter() - began) / 1e9)
    answer.put(statistics.median(rates))


def matmul_rate(cores: Sequence[int], *, seconds: float) -> float:
    """GFLOP/s of a core in float32 while these cores multiply; the mean over them."""
    spawn = multiprocessing.get_context("spawn")
    answer = spawn.Queue()
    processes = [
        spawn.Process(target=multiply, args=(core, seconds, answer)) for core in cores
    ]
    for process in processes:
        process.start()
    rates = [answer.get() for _ in processes]
    for process in processes:
        process.join()
    return statistics.fmean(rates)


def peak() -> None:
    n_train = 48_000
    for widths in ((WIDTH,) * 3, (64,) * 3):
        sizes = [28 * 28, *widths, 10]
        weights = sum(a * b for a, b in itertools.pairwise(sizes))
        name = "peak-" + "-".join(map(str, widths))
        words = ["--engine", "random", "--pruner", "none", "--cv", "kfold:5"]
        words += ["--epochs", "3", "--trials", "2"]
        if widths[0] == WIDTH:
            words = [str(Path(__file__).with_name("wide.py")) + ":PIPELINE", *words]
        else:
            words = ["fashion_mnist", *words]
            fixed = [f"n_layers={len(widths)}", *FIXED]
            fixed += [f"width_{i}={w}" for i, w in enumerate(widths, start=1)]
            for setting in fixed:
                words += ["--set", setting]
        before = matmul_rate(CORES, seconds=5.0)
        done = search(name, words)["folds"]
        limit = (before + matmul_rate(CORES, seconds=5.0)) / 2
        epoch = statistics.median(s for f in done for s in f["epoch_seconds"][1:])
        rate = 6 * weights * n_train / epoch / 1e9  # forward, and backward twice that
        least = 6 * weights * n_train / limit / 1e9
        print(
            f"{widths}: {epoch:.2f} s an epoch of {n_train:,} rows on a core, "
            f"{rate:.0f} of {limit:.0f} GFLOP/s: {rate / limit:.0%}; the "
            f"multiplications alone would take {least:.2f} s"
        )


def memory(trials: int) -> None:
    size = ["--rows", "10000", "--epochs", "3", "--trials", str(trials)]
    peaks = Peaks()
    # what another run has compiled would cost its trials less
    with tempfile.TemporaryDirectory() as cache:
        words = [*COMMON, *SPACE, *size]
        done = search("memory", words, look=peaks, cache=Path(cache))["folds"]
    first = [f["peak_memory_mb"] for f in done if f["fold"] == 0]
    last = [f["peak_memory_mb"] for f in done if f["fold"] == 4]
    after_first, at_end = statistics.median(first), statistics.median(last)
    print(
        f"{len(last)} trials: median peak of a worker {at_end:.0f} MiB (after its "
        f"first fold {after_first:.0f}), largest {max(last):.0f}"
    )
    workers = peaks.busiest(len(last))  # one for each trial
    for what, sizes in (
        ("in all", last),
        ("its own pages", [peaks.own[pid] for pid in workers]),
        ("pages of files", [peaks.mapped[pid] for pid in workers]),
    ):
        n = len(sizes)
        told = ", ".join(
            f"{statistics.median(sizes[i * n // 6 : (i + 1) * n // 6]):.0f}"
            for i in range(6)
        )
        print(f"{what}, by sixths of the study: {told} MiB")


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    asked.add_argument("what", choices=["overhead", "workers", "peak", "memory"])
    asked.add_argument("--rounds", type=int, default=5)
    asked.add_argument("--trials", type=int, default=100, help="of the memory")
    words = asked.parse_args()
    match words.what:
        case "overhead":
            overhead()
        case "workers":
            workers(words.rounds)
        case "peak":
            peak()
        case "memory":
            memory(words.trials)


if __name__ == "__main__":
    main()
