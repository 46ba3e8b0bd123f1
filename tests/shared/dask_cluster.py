"""A real Dask cluster of processes that tests may kill."""

import json
import subprocess
import time
from pathlib import Path

from native_stack import kill_tree
from real_command import COMMAND, environment, wait_until

DASK = Path(COMMAND).with_name("dask")
MAY_START_PROCESSES = {"DASK_DISTRIBUTED__WORKER__DAEMON": "False"}


class DaskCluster:
    """A scheduler, and workers that are started and killed one by one.

    Args:
        folder: For its files and logs.
        options: Of the `dask` commands, for example for TLS.
    """

    def __init__(self, folder, *options):
        self._folder = folder
        self._options = options
        self._file = folder / "scheduler.json"
        self._processes = []
        self.workers = []
        self.address = self.start_scheduler(port=0)

    def start_scheduler(self, *, port=None):
        """Start it anew, where it was before; return its address."""
        port = int(self.address.rpartition(":")[2]) if port is None else port
        self._file.unlink(missing_ok=True)
        self.scheduler = self._start(
            "scheduler",
            *("--host", "127.0.0.1", "--port", port, "--no-dashboard"),
            *("--scheduler-file", self._file),
        )
        wait_until(self._file.is_file)
        time.sleep(0.1)  # written, not only there
        return json.loads(self._file.read_text())["address"]

    def start_worker(self, *options, wait=True, **changes):
        """Start a worker of one thread under its nanny; return the nanny."""
        before = self.n_workers() if wait else 0
        worker = self._start(
            "worker",
            self.address,
            *("--nthreads", 1, "--no-dashboard", "--memory-limit", 0, *options),
            **MAY_START_PROCESSES | changes,
        )
        self.workers.append(worker)
        if wait:
            wait_until(lambda: self.n_workers() > before)
        return worker

    def n_workers(self):
        """How many workers the scheduler knows of."""
        text = (self._folder / "scheduler.log").read_text()
        return text.count("Register worker") - text.count("Remove worker")

    def close(self):
        for process in self._processes:
            kill_tree(process.pid)
            process.wait(10)

    def _start(self, kind, *words, **changes):
        with (self._folder / f"{kind}.log").open("a") as log:
            process = subprocess.Popen(
                [DASK, kind, *map(str, words), *map(str, self._options)],
                cwd=self._folder,
                env=environment(**changes),
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._processes.append(process)
        return process
