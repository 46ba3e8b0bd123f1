"""The MLflow UI over a local store, in the foreground.

MLflow's own server is started as a child, stripped to what a viewer needs: one
worker, no job processes, no telemetry (500 MB instead of 1.3 GB, 17 s to start
instead of 43). It ends with its parent, whatever ends that one.
"""

import ctypes
import errno
import http.client
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import IO

import psutil

from search.errors import SettingsError

MAX_PORTS = 20
MAX_START_SECONDS = 180  # a busy two-core machine needs 45
MAX_END_SECONDS = 5  # an open browser tab may hold its connection longer
PR_SET_PDEATHSIG = 1


def serve(
    tracking_uri: str,
    *,
    host: str = "127.0.0.1",
    port: int = 5000,
    on_ready: Callable[[str, bool], None],
) -> int:
    """Run the MLflow UI until Ctrl-C or SIGTERM.

    Args:
        tracking_uri: A store in an existing file, as in `sqlite:///tunefold.db`.
        host: The network interface to listen on.
        port: The port to listen on; when it is taken, the next free one of twenty.
        on_ready: Called once with the server's address and whether the asked port
            was free, as soon as the server answers.

    Returns:
        0 after Ctrl-C or SIGTERM, otherwise the exit status of the server.

    Raises:
        SettingsError: The store, the host or the ports cannot be used, or the
            server did not start.
    """
    command = [sys.executable, "-m", "mlflow", "server", "--workers", "1"]
    command += ["--uvicorn-opts", "--log-level warning"]
    command += _store_options(tracking_uri)
    free_port = find_port(host, port)
    command += ["--host", host, "--port", str(free_port)]
    with tempfile.TemporaryFile() as log, _signals_raise():
        server = _start(command, log)
        try:
            _wait_until_ready(server, host, free_port, log)
            on_ready(_address(host, free_port), free_port == port)
            return server.wait()
        except KeyboardInterrupt:
            return 0
        finally:
            _end(server)


def find_port(host: str, port: int) -> int:
    """Find the first free port of twenty, beginning with the asked one.

    Raises:
        SettingsError: None of them is free, there is no such port, or the host is
            not of this machine.
    """
    if not 1 <= port < 2**16:
        raise SettingsError(f"ui: the port must lie in 1 to 65535, got {port}")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    last = min(port + MAX_PORTS, 2**16) - 1
    for candidate in range(port, last + 1):
        try:
            socket.create_server((host, candidate), family=family).close()
        except OSError as error:
            if error.errno in {errno.EADDRINUSE, errno.EACCES}:
                continue
            message = f"ui: cannot listen on host {host!r} ({error}); try 127.0.0.1"
            raise SettingsError(message) from error
        return candidate
    raise SettingsError(
        f"ui: the port must be free, but {port} to {last} are taken; choose another"
    )


def _store_options(tracking_uri: str) -> list[str]:
    if not tracking_uri.startswith("sqlite:///"):
        raise SettingsError(
            f"ui: the store must be a SQLite file, got {tracking_uri!r}; "
            "a tracking server shows its UI at its own address"
        )
    # MLflow would make an empty store of a mistyped name.
    database = Path(tracking_uri.removeprefix("sqlite:///").partition("?")[0])
    if not database.is_file():
        raise SettingsError(
            f"ui: there must be a store to look at, got {str(database)!r}, which is "
            "not a file; run a search first or choose another store"
        )
    # Runs written without a server keep their artifacts in a local folder, which
    # the server reads by itself. A server's default would be another place for new
    # experiments, and one that depends on the working folder.
    artifacts = database.resolve().parent / "mlruns"
    return [
        *("--backend-store-uri", tracking_uri),
        *("--default-artifact-root", artifacts.as_uri()),
    ]


def _start(command: list[str], log: IO[bytes]) -> subprocess.Popen[bytes]:
    environment = os.environ | {
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "PYTHONSAFEPATH": "1",  # a user's random.py is not Python's random
    }
    return subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=subprocess.STDOUT,
        env=environment,
        start_new_session=True,  # a group of its own, to be ended as a whole
        preexec_fn=_end_with_parent(),
    )


def _end_with_parent() -> Callable[[], None] | None:
    """Have Linux end the server when this process dies without a chance to do so.

    Elsewhere there is no such request: a killed parent leaves the server running.
    """
    if sys.platform != "linux":
        return None
    libc = ctypes.CDLL(None)  # loaded here: little is safe between fork and exec
    parent = os.getpid()

    def request() -> None:
        # SIGTERM, not SIGKILL: MLflow passes it on to its own child.
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:  # it died before the request was made
            os._exit(1)

    return request


def _wait_until_ready(
    server: subprocess.Popen[bytes], host: str, port: int, log: IO[bytes]
) -> None:
    deadline = time.monotonic() + MAX_START_SECONDS
    # Another server may have taken the port since: its health is not ours.
    while not (_is_listening(server, port) and _is_healthy(host, port)):
        if server.poll() is not None or time.monotonic() > deadline:
            log.seek(0)
            lines = log.read().decode(errors="replace").strip().splitlines()
            reason = lines[-1].strip() if lines else "it said nothing"
            raise SettingsError(f"ui: the MLflow server did not start: {reason}")
        time.sleep(0.2)


def _is_listening(server: subprocess.Popen[bytes], port: int) -> bool:
    try:
        leader = psutil.Process(server.pid)
        return any(
            place.status == psutil.CONN_LISTEN and place.laddr.port == port
            for process in [leader, *leader.children(recursive=True)]
            for place in process.net_connections("tcp")
        )
    except psutil.Error:  # a process ended meanwhile
        return False


def _is_healthy(host: str, port: int) -> bool:
    # Not urllib, which would ask a proxy for the local machine.
    connection = http.client.HTTPConnection(_reachable(host), port, timeout=5)
    try:
        connection.request("GET", "/health")
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _reachable(host: str) -> str:
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)


def _address(host: str, port: int) -> str:
    name = _reachable(host)
    return f"http://[{name}]:{port}" if ":" in name else f"http://{name}:{port}"


@contextmanager
def _signals_raise() -> Iterator[None]:
    """Let the first polite request to end arrive as KeyboardInterrupt.

    Further ones are ignored: ending takes seconds and must not be broken off.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may set handlers
        return
    names = ("SIGINT", "SIGTERM", "SIGHUP")  # Windows has no SIGHUP
    asked = [getattr(signal, name) for name in names if hasattr(signal, name)]
    former = {number: signal.getsignal(number) for number in asked}

    def stop(_number: int, _frame: FrameType | None) -> None:
        for number in former:
            signal.signal(number, signal.SIG_IGN)
        raise KeyboardInterrupt

    for number, handler in former.items():
        if handler is not signal.SIG_IGN:  # nohup stays nohup
            signal.signal(number, stop)
    try:
        yield
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)


def _end(server: subprocess.Popen[bytes]) -> None:
    if sys.platform == "win32":
        tree = ["taskkill", "/T", "/F", "/PID", str(server.pid)]
        subprocess.run(tree, capture_output=True, check=False)
        server.wait()
        return
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(server.pid, number)
            server.wait(MAX_END_SECONDS)
        except subprocess.TimeoutExpired:
            continue
        except (ProcessLookupError, PermissionError):  # the whole group is gone
            break
    server.wait()
