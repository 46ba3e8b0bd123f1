"""Run the services of docker-compose.yml without Docker, by the file's own commands.

What `docker-compose config` prints is the only description: commands, environment and
order are read from it; host names, ports and paths of containers are replaced by those
of this machine. PostgreSQL and docker-compose come from Debian's packages. For tests
and for looking at the stack; what protects a container does not protect this.

    python scripts/native_stack.py FOLDER     runs until Ctrl-C
"""

import argparse
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import yaml
from native_postgres import (
    NotInstalledError,
    as_postgres,
    create_database,
    postgres_bin,
    takes_logins,
)

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
SECRETS = ("POSTGRES_PASSWORD", "MLFLOW_ADMIN_PASSWORD", "MLFLOW_SECRET_KEY")
PORTS = {"postgres": 5432, "mlflow": 5000, "scheduler": 8786}
HTTP_PORT = 8787
"""Of the scheduler, for health checks."""

START_SECONDS = 240


class NativeStack:
    """The services, each a process group of its own.

    Args:
        folder: Volumes and logs; made where it is not there.
        changes: Variables of `.env`; passwords are drawn where none are given.

    Attributes:
        services: As `docker-compose config` prints them.
        ports: Of the services that listen, on 127.0.0.1.
        variables: What stands in for `.env`.
    """

    def __init__(self, folder: Path, **changes: str) -> None:
        self.folder = folder.resolve()
        self.folder.mkdir(parents=True, exist_ok=True)
        passwords = {name: secrets.token_hex(16) for name in SECRETS}
        self.variables = passwords | changes
        self.services: Mapping[str, Any] = read_services(self.variables)
        self.ports = {name: _free_port() for name in PORTS}
        self._http_port = _free_port()
        self._running: dict[str, list[subprocess.Popen[bytes]]] = {}
        for volume in ("mlflow", "studies", "files", "cores", "cache"):
            (self.folder / volume).mkdir(exist_ok=True)

    # What a container sees, as it is here

    def here(self, text: str) -> str:
        """Replace host names, ports and paths of containers."""
        for name, port in PORTS.items():
            text = text.replace(f"{name}:{port}", f"127.0.0.1:{self.ports[name]}")
        http = f"127.0.0.1:{self._http_port}"
        text = text.replace(f"scheduler:{HTTP_PORT}", http)
        for there, here in self._paths().items():
            if text == there or f"{there}/" in text:
                text = text.replace(there, here)
        return text

    def command(self, service: str) -> list[str]:
        """Return the command of a service."""
        words = [self.here(word) for word in self.services[service]["command"]]
        listens = PORTS.get(service)
        words = [word.replace("--host=0.0.0.0", "--host=127.0.0.1") for word in words]
        return [
            word.replace(f"={listens}", f"={self.ports.get(service)}") for word in words
        ]

    def environment(self, service: str) -> dict[str, str]:
        """Return the environment of a service, without this process' own settings."""
        ours = ("MLFLOW_", "TUNEFOLD_", "PG", "DASK_", "KERAS_")
        outer = {k: v for k, v in os.environ.items() if not k.startswith(ours)}
        named = self.services[service].get("environment") or {}
        inner = {name: self.here(str(value)) for name, value in named.items()}
        if "PGHOST" in inner:
            inner |= {"PGHOST": "127.0.0.1", "PGPORT": str(self.ports["postgres"])}
        path = os.pathsep.join([str(BIN), str(postgres_bin()), outer.get("PATH", "")])
        return outer | inner | {"PATH": path}

    @property
    def uri(self) -> str:
        """Address of the tracking server."""
        return f"http://127.0.0.1:{self.ports['mlflow']}"

    @property
    def scheduler(self) -> str:
        """Address of the scheduler."""
        return f"tcp://127.0.0.1:{self.ports['scheduler']}"

    # Life

    def up(self, *, workers: int = 2) -> None:
        """Start everything that has no profile, in the order of `depends_on`."""
        self.check_passwords()
        for service in ("postgres", "mlflow", "scheduler"):
            self.start(service)
        for _ in range(workers):
            self.start("worker")

    def check_passwords(self) -> None:
        """Run the service that refuses passwords which nobody chose.

        Raises:
            SystemExit: It refused.
        """
        done = self.run("passwords", capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(done.stderr.strip())

    def start(self, service: str) -> None:
        """Start a service and wait until it answers."""
        words = self.command(service)
        if service == "postgres":
            data = self._paths()["/var/lib/postgresql/data"]
            named = self.services[service]["environment"]
            create_database(
                Path(data),
                user=named["POSTGRES_USER"],
                password=named["POSTGRES_PASSWORD"],
                database=named["POSTGRES_DB"],
            )
            words += ["-D", data, "-h", "127.0.0.1", "-p", str(self.ports[service])]
            words = as_postgres([*words, "-k", ""])  # no socket in a shared folder
        with (self.folder / f"{service}.log").open("ab") as log:
            process = subprocess.Popen(
                words,
                cwd=self.folder,
                env=self.environment(service),
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._running.setdefault(service, []).append(process)
        if service in PORTS:
            self._wait(service, process)

    def is_healthy(self, service: str) -> bool:
        """Run the health check of a service, once, where its command is `CMD ...`."""
        words = self.services[service]["healthcheck"]["test"][1:]
        return self.run(service, *map(self.here, words)).returncode == 0

    def processes(self, service: str) -> list[subprocess.Popen[bytes]]:
        """Return the processes of a service that have not ended."""
        running = self._running.get(service, [])
        return [process for process in running if process.poll() is None]

    def kill(self, service: str, number: int = -1) -> None:
        """Kill one process of a service with SIGKILL, and all below it."""
        process = self.processes(service)[number]
        kill_tree(process.pid)
        process.wait()

    def run(
        self, service: str, *words: str, **options: Any
    ) -> subprocess.CompletedProcess[Any]:
        """Run the command of a service, or another one in its place, to its end."""
        cwd = self._paths()["/studies"]
        env = self.environment(service) | options.pop("env", {})
        command = list(words) or self.command(service)
        return subprocess.run(command, cwd=cwd, env=env, check=False, **options)

    def down(self) -> None:
        """End everything; the folder keeps what was stored."""
        for service in ("worker", "scheduler", "mlflow", "postgres"):
            for process in self.processes(service):
                if service == "postgres":
                    with suppress(ProcessLookupError):
                        os.killpg(process.pid, signal.SIGINT)  # its fast way to end
                    with suppress(subprocess.TimeoutExpired):
                        process.wait(20)
                kill_tree(process.pid)
                process.wait()

    def _paths(self) -> dict[str, str]:
        volumes = {
            "/var/lib/postgresql/data": "postgres",
            "/home/tunefold/.cache": "cache",
            "/tmp/auth.ini": "auth.ini",
            "/mlflow": "mlflow",
            "/studies": "studies",
            "/files": "files",
            "/cores": "cores",
        }
        paths = {there: str(self.folder / here) for there, here in volumes.items()}
        return paths | {"/docker": str(ROOT / "docker")}

    def _wait(self, service: str, process: subprocess.Popen[bytes]) -> None:
        answers: Callable[[], bool] = lambda: _listens(self.ports[service])  # noqa: E731
        if service == "mlflow":
            answers = lambda: _is_healthy(self.uri)  # noqa: E731
        if service == "postgres":
            answers = lambda: takes_logins(self.ports[service])  # noqa: E731
        deadline = time.monotonic() + START_SECONDS
        while not answers():
            if process.poll() is not None or time.monotonic() > deadline:
                tail = (self.folder / f"{service}.log").read_text()[-2000:]
                raise SystemExit(f"{service}: did not start:\n{tail}")
            time.sleep(0.2)


def read_services(variables: Mapping[str, str]) -> Mapping[str, Any]:
    """Return the services as `docker-compose config` prints them.

    Raises:
        NotInstalledError: docker-compose is missing.
        SystemExit: The file, or what is to be filled in, is wrong.
    """
    compose = shutil.which("docker-compose")
    if compose is None:
        raise NotInstalledError("docker-compose")
    done = subprocess.run(
        [compose, "--file", str(ROOT / "docker-compose.yml"), "config"],
        cwd=ROOT / "docker",  # no .env lies there
        env={"PATH": os.environ["PATH"], **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(done.stderr.strip())
    services: Mapping[str, Any] = yaml.safe_load(done.stdout)["services"]
    return services


def kill_tree(pid: int) -> None:
    """Kill a process and all below it with SIGKILL."""
    with suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        for each in [process, *process.children(recursive=True)]:
            with suppress(psutil.NoSuchProcess):
                each.kill()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


def _is_healthy(uri: str) -> bool:
    from urllib.request import ProxyHandler, build_opener

    try:
        with build_opener(ProxyHandler({})).open(f"{uri}/health", timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def main() -> None:
    """Run the stack until Ctrl-C."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--workers", type=int, default=2)
    args = parser.parse_args()
    try:
        stack = NativeStack(args.folder)
    except NotInstalledError as error:
        raise SystemExit(f"install Debian's package {error}") from None
    try:
        stack.up(workers=args.workers)
        print(f"tracking server {stack.uri}, scheduler {stack.scheduler}")
        print(f"admin's password: {stack.variables['MLFLOW_ADMIN_PASSWORD']}")
        signal.pause()
    except KeyboardInterrupt:
        pass
    finally:
        stack.down()


if __name__ == "__main__":
    main()
