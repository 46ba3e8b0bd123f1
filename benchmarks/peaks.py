"""How much memory the processes of a study take, looked at from outside."""

from contextlib import suppress

import psutil


class Peaks:
    """The most memory that each process below a study had, in MiB, oldest first.

    Attributes:
        own: Pages that the process has written, or its fork server before it.
        mapped: Pages of files, which are there once for all: libraries, data.
        cpu: Seconds of a core that the process used in all.
    """

    def __init__(self) -> None:
        self.own: dict[int, float] = {}
        self.mapped: dict[int, float] = {}
        self.cpu: dict[int, float] = {}

    def __call__(self, study: psutil.Process) -> None:
        for process in study.children(recursive=True):
            with suppress(psutil.Error):
                if process.children():  # the fork server
                    continue
                now, times = process.memory_info(), process.cpu_times()
                self.cpu[process.pid] = times.user + times.system
                for peaks, size in (
                    (self.own, now.rss - now.shared),
                    (self.mapped, now.shared),
                ):
                    peak = max(peaks.get(process.pid, 0.0), size / 2**20)
                    peaks[process.pid] = peak

    def busiest(self, n: int) -> list[int]:
        """Return the `n` processes that used most of a core, oldest first.

        Those that only waited for work are not among them.
        """
        chosen = set(sorted(self.cpu, key=lambda pid: -self.cpu[pid])[:n])
        return [pid for pid in self.cpu if pid in chosen]
