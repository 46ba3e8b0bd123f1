"""What Ctrl-C does to a running search."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from rich.console import Console


@contextmanager
def on_interrupt(
    stop: Callable[[str], None], interrupted: threading.Event, console: Console
) -> Iterator[None]:
    """Let the first Ctrl-C finish the running folds, and the second one end.

    Args:
        stop: Called with the reason at the first.
        interrupted: Set at the first.
        console: Where it is said.
    """

    def handle(_signal: int, _frame: FrameType | None) -> None:
        if interrupted.is_set():
            raise KeyboardInterrupt
        interrupted.set()
        stop("interrupted by Ctrl-C")
        console.print("finishing the running folds; Ctrl-C again ends at once")

    previous = signal.signal(signal.SIGINT, handle)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, previous)
