"""An MLflow server that tests may kill."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import suppress

from search.store import DATABASE


class Server:
    """`mlflow server` in a process group of its own, over SQLite in a folder.

    Args:
        folder: For database, artifacts and log.
        python: Its interpreter, with an MLflow of its own.
    """

    def __init__(self, folder, *, python=sys.executable):
        self._folder = folder
        self._python = python
        with socket.create_server(("127.0.0.1", 0)) as free:
            self._port = free.getsockname()[1]
        self.uri = f"http://127.0.0.1:{self._port}"
        self.process = None

    def start(self, *, max_file_bytes=None):
        """Start it and wait until it answers.

        Args:
            max_file_bytes: No file may become larger, as on a full disk.
        """
        command = [self._python, "-m", "mlflow", "server", "--workers", "1"]
        command += ["--host", "127.0.0.1", "--port", str(self._port)]
        command += ["--backend-store-uri", f"sqlite:///{self._folder / DATABASE}"]
        command += ["--artifacts-destination", str(self._folder / "artifacts")]
        if max_file_bytes is not None:
            command = ["prlimit", f"--fsize={max_file_bytes}", *command]
        with (self._folder / "server.log").open("a") as log:
            self.process = subprocess.Popen(
                command,
                cwd=self._folder,
                env=os.environ
                | {
                    "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
                    "MLFLOW_DISABLE_TELEMETRY": "true",
                },
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        for _ in range(180):  # seconds; a busy machine needs 45
            try:
                urllib.request.urlopen(f"{self.uri}/health", timeout=5).close()
            except OSError:
                assert self.process.poll() is None, self.log[-2000:]
                time.sleep(1.0)
            else:
                return
        raise AssertionError("the server did not start")

    @property
    def log(self):
        return (self._folder / "server.log").read_text()

    def kill(self):
        if self.process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = None
