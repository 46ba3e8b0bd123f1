import os
import sys
from pathlib import Path

import pytest

from search.quiet import quiet_stderr, silence_stderr


def test_what_is_written_below_python_is_thrown_away_meanwhile(capfd):
    os.write(2, b"before\n")
    with quiet_stderr():
        os.write(2, b"a greeting\n")
        os.write(1, b"a result\n")
    os.write(2, b"after\n")
    assert capfd.readouterr() == ("a result\n", "before\nafter\n")


def test_an_exception_passes_and_stderr_comes_back(capfd):
    with pytest.raises(RuntimeError, match="told"), quiet_stderr():
        raise RuntimeError("told")
    os.write(2, b"after\n")
    assert capfd.readouterr().err == "after\n"


@pytest.mark.skipif(sys.platform != "linux", reason="counts in /proc")
def test_no_file_stays_open(capfd):
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(5):
        with quiet_stderr():
            pass
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_silence_is_for_good(capfd):
    kept = os.dup(2)
    try:
        silence_stderr()
        os.write(2, b"a greeting\n")
    finally:
        os.dup2(kept, 2)
        os.close(kept)
    assert capfd.readouterr().err == ""
