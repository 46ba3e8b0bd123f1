"""Everything that can die is killed; in a file of its own, beside the other tests."""

import kills
import pytest
from native_stack import NativeStack
from service import Service
from service_packages import needs_service

pytestmark = [
    pytest.mark.slow,
    pytest.mark.ci,
    needs_service,
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
