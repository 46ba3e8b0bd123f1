"""Everything that can die is killed; in a file of its own, beside the other tests."""

import shutil
from pathlib import Path

import kills
import pytest
from native_stack import NativeStack
from service import Service

pytestmark = [
    pytest.mark.slow,
    pytest.mark.ci,
    pytest.mark.skipif(
        shutil.which("docker-compose") is None
        or not list(Path("/usr/lib/postgresql").glob("*/bin")),
        reason="Debian's docker-compose and postgresql",
    ),
]


def test_ten_kills_lose_nothing(tmp_path, monkeypatch):
    for word in ("USERNAME", "PASSWORD"):  # put back what the service sets
        monkeypatch.setenv(f"MLFLOW_TRACKING_{word}", "")
    stack = NativeStack(tmp_path)
    try:
        stack.up()
        plan = kills.Plan(kills=10)
        seen = list(kills.kill(Service(stack), plan))  # raises where anything is lost
    finally:
        stack.down()
    assert sum(sum(study["kills"].values()) for study in seen) == 10
