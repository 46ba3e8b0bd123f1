"""Keep TensorFlow's greetings off the user's terminal."""

import os
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def quiet_stderr() -> Iterator[None]:
    """Throw away what C libraries write to stderr meanwhile.

    TensorFlow greets on import, before it looks at its own log level. Exceptions
    are not affected.
    """
    kept = os.dup(2)
    try:
        silence_stderr()
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def silence_stderr() -> None:
    """Throw away what this process writes to stderr, from now on."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    os.close(nowhere)
