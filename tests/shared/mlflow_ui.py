"""The MLflow UI in a process of its own, and what a browser sees of it."""

import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil

SERVE = """
import sys
from search.ui import serve

def show(address, was_free):
    print(address, was_free, flush=True)

sys.exit(serve(sys.argv[1], port=int(sys.argv[2]), on_ready=show))
"""


class Viewer:
    """`serve` in a process of its own, as a user runs it."""

    def __init__(self, uri: str, folder: Path) -> None:
        self.taken = socket.create_server(("127.0.0.1", 0))
        self.asked = self.taken.getsockname()[1]
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-c", SERVE, uri, str(self.asked)],
            cwd=folder,
            env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        self.answer = self.process.stdout.readline().split()
        self.server = psutil.Process(self.process.pid).children(recursive=True)

    def wait(self) -> int:
        """Wait for all processes of the server to be gone, then for the viewer's."""
        _, alive = psutil.wait_procs(self.server, timeout=30)
        assert not alive
        return self.process.wait(30)

    def close(self) -> None:
        self.taken.close()
        for process in self.server:
            if process.is_running():
                process.kill()
        self.process.kill()
        self.process.communicate()


def ask(browser: Any, script: str, *, n_rows: int) -> list[Any]:
    """Repeat a script until it returns that many rows."""
    deadline = time.monotonic() + 60
    while True:
        rows: list[Any] = browser.execute_script(f"return {script.strip()}")
        if len(rows) == n_rows:
            return rows
        assert time.monotonic() < deadline, rows
        time.sleep(0.3)


HEADER = "[...document.querySelectorAll('.ag-header-cell')].map(c => c.innerText)"
COLUMN = """
    [...document.querySelectorAll('.ag-row [col-id="{}"]')]
    .sort((a, b) => a.getBoundingClientRect().top - b.getBoundingClientRect().top)
    .map(cell => cell.innerText.trim().split("\\n").at(-1))
"""
