"""How a process in which folds are trained starts, and what it does first."""

import multiprocessing
import os
import signal
import sys
import threading
from multiprocessing import forkserver
from multiprocessing.context import BaseContext

from search.environment import set_environment
from search.quiet import quiet_stderr, silence_stderr

START_METHOD = "forkserver" if sys.platform == "linux" else "spawn"
"""How processes start here: a fork of a process that has imported Keras but run nothing
costs a tenth of a second, where a new interpreter pays the imports: seconds."""


def start_imports(backend: str) -> None:
    """Let the fork server import what workers need while the caller does other work.

    The first worker otherwise waits for it, seconds in which this process does nothing.
    Of no effect where processes are spawned.
    """
    set_environment(backend)
    if START_METHOD == "forkserver":
        start_context(START_METHOD)


def start_context(start: str) -> BaseContext:
    """Return the way to start processes; a fork server that is needed runs then."""
    if start != "forkserver":
        return multiprocessing.get_context(start)
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["search.preload"])
    if threading.current_thread() is threading.main_thread():
        # It ignores Ctrl-C only once its imports are done, and complains when a study
        # ends while a worker starts. What is ignored at its start stays ignored.
        previous = signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            with quiet_stderr():
                forkserver.ensure_running()
        finally:
            signal.signal(signal.SIGINT, previous)
    return context


def start_worker(backend: str, core: int | None) -> None:
    """Prepare a new process for training; the first that it does."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the study decides what Ctrl-C means
    silence_stderr()  # errors come back as exceptions; the rest is greetings
    threading.Thread(target=_exit_with_parent, daemon=True).start()
    set_environment(backend)
    pin(core)


def _exit_with_parent() -> None:
    # A worker holds the writing end of its own queue and so would wait for ever
    # when the study is killed.
    parent = multiprocessing.parent_process()
    assert parent is not None  # only called in workers
    parent.join()
    os._exit(1)


def pin(core: int | None) -> None:
    """Run on one core from now on; None leaves it free."""
    if core is not None:
        os.sched_setaffinity(0, {core})


def warm_up() -> None:
    """Import what training needs."""
    import search.preload  # noqa: F401
