"""Installed versions against the allowed ranges and the set that was tested.

A checkout says both itself: `pyproject.toml`, for the metadata of an editable install
is as old as that install, and `constraints.txt`. A wheel brings the ranges alone.
"""

import platform
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from search.doctor.check import Check, Status

SECTION = "versions"
ROOT = Path(__file__).parents[2]
FOR_DEVELOPERS = "dev"


@dataclass(frozen=True)
class Demands:
    """What tunefold asks of an environment."""

    python: SpecifierSet
    packages: tuple[Requirement, ...]
    """Needed on this system."""
    optional: Mapping[str, tuple[Requirement, ...]]
    """By extra; without those for developers."""
    pins: Mapping[str, str]
    """The tested version by normalised name; empty outside a checkout."""

    def install(self, *names: str) -> str:
        """Return the command that installs packages in versions that work.

        Args:
            names: Packages; those that tunefold does not ask for on this system are
                left out.

        Returns:
            The command; empty where none is left.
        """
        words = []
        for wanted in self.packages:
            if wanted.name in names:
                pin = self.pins.get(canonicalize_name(wanted.name))
                version = f"=={pin}" if pin else str(wanted.specifier)
                words.append(f'"{wanted.name}{version}"')
        return f"pip install {' '.join(words)}" if words else ""


def check_versions(demands: Demands) -> Iterator[Check]:
    """Compare Python and each package with what is asked for."""
    python = platform.python_version()
    fits = python in demands.python
    yield Check(
        section=SECTION,
        name="python",
        status=Status.OK if fits else Status.BROKEN,
        found=f"{python} (allowed {demands.python})",
        cure="" if fits else f"make an environment with Python {demands.python}",
    )
    for wanted in demands.packages:
        yield _check_package(wanted, demands)
        if wanted.name == "jax" and installed("jax"):  # its other half, as it asks
            for half in _needed(metadata.requires("jax") or []):
                if half.name == "jaxlib":
                    yield _check_package(half, demands)
    for extra, packages in demands.optional.items():
        for wanted in packages:
            if installed(wanted.name) is None:
                found = f'not installed; optional: extra "{extra}"'
                yield Check(
                    section=SECTION, name=wanted.name, status=Status.OK, found=found
                )
            else:
                yield _check_package(wanted, demands)
    yield from _check_each_other(demands)


@cache
def read_demands() -> Demands:
    """Return what this tunefold asks for."""
    file = ROOT / "pyproject.toml"
    project = tomllib.loads(file.read_text("utf-8"))["project"] if file.exists() else {}
    if project.get("name") == "tunefold":
        pins = (ROOT / "constraints.txt").read_text("utf-8").split()
        return Demands(
            SpecifierSet(project["requires-python"]),
            _needed(project["dependencies"]),
            {
                extra: _needed(texts)
                for extra, texts in project["optional-dependencies"].items()
                if extra != FOR_DEVELOPERS
            },
            {
                canonicalize_name(name): v
                for name, _, v in (p.partition("==") for p in pins)
            },
        )
    about = metadata.metadata("tunefold")
    texts = metadata.requires("tunefold") or []
    needed = _needed(texts)
    return Demands(
        SpecifierSet(about["Requires-Python"]),
        needed,
        {
            extra: tuple(r for r in _needed(texts, extra) if r not in needed)
            for extra in about.get_all("Provides-Extra") or ()
            if extra != FOR_DEVELOPERS
        },
        {},
    )


def installed(name: str) -> str | None:
    """Return a package's version, or None where it is not installed."""
    try:
        # None, against its type, where the metadata is damaged
        return metadata.version(name) or None
    except metadata.PackageNotFoundError:
        return None


def _needed(texts: Sequence[str], extra: str = "") -> tuple[Requirement, ...]:
    requirements = map(Requirement, texts)
    return tuple(
        r for r in requirements if not r.marker or r.marker.evaluate({"extra": extra})
    )


def _check_package(wanted: Requirement, demands: Demands) -> Check:
    version = installed(wanted.name)
    fits = _fits(wanted, version)
    pin = demands.pins.get(canonicalize_name(wanted.name))
    found = f"{version or 'not installed'} (allowed {wanted.specifier})"
    if fits and pin and pin != version:
        found += f", tested with {pin}"
    return Check(
        section=SECTION,
        name=wanted.name,
        status=Status.OK if fits else Status.BROKEN,
        found=found,
        cure="" if fits else _install(wanted, demands),
    )


def _install(wanted: Requirement, demands: Demands) -> str:
    own = f'pip install "{wanted.name}{wanted.specifier}"'
    return demands.install(wanted.name) or own


def _check_each_other(demands: Demands) -> Iterator[Check]:
    """What `pip check` does, for the packages tunefold needs."""
    n_packages, conflicts = _conflicts(demands.packages)
    for owner, wanted in conflicts:
        yield Check(
            section=SECTION,
            name="requirements",
            status=Status.BROKEN,
            found=f"{owner} {installed(owner)} needs {wanted.name}{wanted.specifier}, "
            f"{installed(wanted.name) or 'none'} is installed",
            # one of ours may be too new itself, as mlflow 3.18.0 is
            cure=demands.install(owner) or _install(wanted, demands),
        )
    if not conflicts:
        yield Check(
            section=SECTION,
            name="requirements",
            status=Status.OK,
            found=f"{n_packages} packages agree with each other",
        )
    if installed("tensorflow") and installed("tensorflow-cpu"):
        yield Check(
            section=SECTION,
            name="tensorflow",
            status=Status.WARNING,
            found="tensorflow and tensorflow-cpu are both installed, into one folder",
            cure="pip uninstall tensorflow tensorflow-cpu, then "
            + demands.install("tensorflow", "tensorflow-cpu"),
        )


def _conflicts(
    packages: Sequence[Requirement],
) -> tuple[int, list[tuple[str, Requirement]]]:
    """Follow the requirements; return how many packages, and who misses what."""
    waiting = [r for r in packages if installed(r.name)]
    seen: set[tuple[str, str]] = set()
    missed = []
    while waiting:
        wanted = waiting.pop()
        for extra in ("", *wanted.extras):
            if (key := (canonicalize_name(wanted.name), extra)) in seen:
                continue
            seen.add(key)
            for further in _needed(metadata.requires(wanted.name) or [], extra):
                if _fits(further, installed(further.name)):
                    waiting.append(further)
                else:
                    missed.append((wanted.name, further))
    return len({name for name, _ in seen}), missed


def _fits(wanted: Requirement, version: str | None) -> bool:
    return version is not None and wanted.specifier.contains(version, prereleases=True)
