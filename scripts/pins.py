"""Write constraints.txt: exact versions of all packages, for the three systems.

A fresh environment on this machine decides the versions; the other systems are
resolved with these as given and add what only they need. torch, of the extra gp, is
left out: which build fits (CPU, CUDA) is the user's choice. tests/test_requirements.py
resolves the finished file in the same way. Run by `make pins`.
"""

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
CONSTRAINTS = ROOT / "constraints.txt"
SYSTEMS = {
    "linux": "x86_64-manylinux_2_28",
    "windows": "x86_64-pc-windows-msvc",
    "macos": "aarch64-apple-darwin",
}


class UnreachableError(Exception):
    """The package index does not answer."""


def pip_settings() -> dict[str, str]:
    """Return pip's index settings as the environment variables that uv reads."""
    lines = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.splitlines()
    found: dict[str, str] = {}
    for line in lines:  # global.index-url='...', later lines win as in pip
        key, _, value = line.partition("=")
        found[key.rpartition(".")[2]] = value.strip("'\"").replace("\\n", " ")
    settings = {"UV_INDEX_STRATEGY": "unsafe-best-match"}  # all indexes alike, as pip
    for key, variable, separator in [
        ("index-url", "UV_DEFAULT_INDEX", " "),
        ("extra-index-url", "UV_INDEX", " "),
        ("find-links", "UV_FIND_LINKS", ","),
        ("cert", "SSL_CERT_FILE", " "),
    ]:
        if key in found:
            settings[variable] = separator.join(found[key].split())
    return settings


def resolve(
    system: str,
    *,
    constraints: Path,
    extras: Iterable[str] = (),
    python: str = "3.11",
) -> dict[str, str]:
    """Return name and version of every package that one system would install.

    Args:
        system: A key of SYSTEMS; wheels for this system must exist.
        constraints: A file of pins to respect.
        extras: Extras of tunefold to add.
        python: Version of Python, as in "3.11".

    Raises:
        UnreachableError: The package index does not answer.
        RuntimeError: No set of versions fits; the message says why.
    """
    import uv

    command = [
        *(uv.find_uv_bin(), "pip", "compile", "--quiet", str(ROOT / "pyproject.toml")),
        *("--no-header", "--no-annotate", "--only-binary", ":all:"),
        *("--python-version", python, "--python-platform", SYSTEMS[system]),
        *("--constraints", str(constraints)),
        *(word for extra in extras for word in ("--extra", extra)),
    ]
    # torch, of the extra gp, has wheels for macOS 14 and newer.
    environment = {**os.environ, "MACOSX_DEPLOYMENT_TARGET": "14.0", **pip_settings()}
    done = subprocess.run(
        command, capture_output=True, text=True, env=environment, check=False
    )
    if done.returncode and "Failed to fetch" in done.stderr:
        raise UnreachableError(done.stderr.strip())
    if done.returncode:
        raise RuntimeError(f"{system}: {done.stderr.strip()}")
    return read_pins(done.stdout)


def read_pins(text: str) -> dict[str, str]:
    """Return normalised name and version of every `name==version` line.

    The local part of a version (2.13.0+cpu) is dropped: a pin without it allows every
    build of that version.

    Raises:
        ValueError: A line is something else.
    """
    pins = {}
    for line in text.splitlines():
        name, equals, version = line.partition("==")
        if not equals or not re.fullmatch(r"[\w.-]+", name):
            raise ValueError(f"pins are lines of the form name==version, got {line!r}")
        pins[canonicalize_name(name)] = version.partition("+")[0]
    return pins


def install_fresh(folder: Path) -> str:
    """Install tunefold with the extra dev in a new environment; return its freeze."""
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    python = folder / ("Scripts" if os.name == "nt" else "bin") / "python"
    pip = [str(python), "-m", "pip"]
    subprocess.run([*pip, "install", "--quiet", "-e", f"{ROOT}[dev]"], check=True)
    return subprocess.run(
        [*pip, "freeze", "--exclude-editable"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout


def main() -> None:
    """Rewrite constraints.txt."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        print("installing a fresh environment: minutes", flush=True)
        frozen = folder / "frozen.txt"
        frozen.write_text(install_fresh(folder / "venv"), encoding="utf-8")
        pins = read_pins(frozen.read_text(encoding="utf-8"))
        for system in SYSTEMS:
            print(f"resolving for {system}", flush=True)
            found = resolve(system, constraints=frozen, extras=["dev"])
            for package, version in found.items():
                if pins.setdefault(package, version) != version:
                    sys.exit(
                        f"{package}: {version} on {system}, {pins[package]} elsewhere; "
                        "narrow its range in pyproject.toml"
                    )
    lines = [f"{package}=={version}\n" for package, version in sorted(pins.items())]
    CONSTRAINTS.write_text("".join(lines), encoding="utf-8", newline="\n")
    print(f"{CONSTRAINTS.name}: {len(lines)} pins")


if __name__ == "__main__":
    main()
