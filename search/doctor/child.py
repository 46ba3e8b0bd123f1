"""Run an examination in a process of its own.

What is examined may crash the interpreter, hang, write to stdout or bring a backend
along: none of it reaches the doctor.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from importlib import import_module
from typing import IO

from search.doctor.check import Check, Status
from search.environment import BACKENDS

TIMEOUT_SECONDS = 180.0
"""The longest takes 12 s on idle cores; much more than that is a hang."""

Examination = Callable[[str], Iterator[Check]]


def examine_apart(
    examination: Examination,
    argument: str,
    *,
    section: str,
    cures: Mapping[str, str],
    timeout: float = TIMEOUT_SECONDS,
) -> list[Check]:
    """Run an examination in a new process and return what it found.

    Args:
        examination: A function of a module, by whose names the process finds it.
        argument: Passed to it.
        section: Of the checks.
        cures: The checks it is to yield, in order, and what to do where the process
            fails at one of them.
        timeout: Seconds until the process is ended.

    Returns:
        The checks in order. Where the process failed, crashed or hung, the first one
        that is missing is broken and says why, and the others are warnings.
    """
    target = [examination.__module__, examination.__qualname__, argument]
    # Files, for a pipe stays open as long as any grandchild lives.
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        process = subprocess.Popen(
            # -P: a file keras.py in the working folder is none of ours
            [sys.executable, "-P", "-m", "search.doctor.child", *target],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            env=os.environ | {"KERAS_BACKEND": BACKENDS[0]},
        )
        try:
            status: int | None = process.wait(timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            status = None
        checks = [Check(**json.loads(line)) for line in _lines(out)]
        failure = _failure(status, _lines(err), timeout)
    done = {check.name for check in checks}
    missing = [name for name in cures if name not in done]
    if status == 0 or not missing:
        return checks
    failed, *others = missing
    broken = Check(
        section=section,
        name=failed,
        status=Status.BROKEN,
        found=failure,
        cure=cures[failed],
    )
    unseen = [
        Check(
            section=section,
            name=name,
            status=Status.WARNING,
            found=f"not looked at, for {failed} failed",
        )
        for name in others
    ]
    return [*checks, broken, *unseen]


def error_text(error: BaseException) -> str:
    """Return an exception on one line with its kind."""
    text = " ".join(str(error).split())[:300]
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _lines(file: IO[bytes]) -> list[str]:
    file.seek(0)
    text = file.read().decode("utf-8", "replace")
    return [line for line in text.splitlines() if line.strip()]


def _failure(status: int | None, log: list[str], timeout: float) -> str:
    if status is None:
        return f"did not end within {timeout:g} s"
    last = log[-1].strip()[:300] if log else "it says nothing"
    if status < 0:
        return f"crashed with {signal.Signals(-status).name}: {last}"
    return last


def _main(module: str, function: str, argument: str) -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C ends it, also in an import
    # Libraries print where they like: stdout is for results only.
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as results:
        os.dup2(2, 1)
        examination: Examination = getattr(import_module(module), function)
        try:
            for check in examination(argument):
                results.write(json.dumps(asdict(check)) + "\n")
                results.flush()
        except Exception as error:  # noqa: BLE001  (whatever a broken library raises)
            print(error_text(error), file=sys.stderr)  # noqa: T201  (the log's last line)
            sys.stderr.flush()
            results.flush()
            os._exit(1)


if __name__ == "__main__":
    _main(*sys.argv[1:])
