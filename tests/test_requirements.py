"""The requirements: pinned, in range, and installable on the three systems."""

import re
import tomllib
from pathlib import Path

import pins
import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
TOML = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PROJECT = TOML["project"]
PINS = pins.read_pins(pins.CONSTRAINTS.read_text(encoding="utf-8"))
DIRECT = [
    Requirement(line)
    for line in [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["dev"]]
]


def test_constraints_are_names_and_versions_only():
    lines = pins.CONSTRAINTS.read_text(encoding="utf-8").splitlines()
    names = [line.partition("==")[0] for line in lines]
    bad = [line for line in lines if not re.fullmatch(r"[a-z0-9-]+==[\w.]+", line)]
    assert not bad
    assert names == sorted(set(names))


@pytest.mark.parametrize(
    "requirement",
    [one for one in DIRECT if one.name != "tunefold"],  # its own extras
    ids=lambda one: one.name,
)
def test_every_direct_requirement_is_pinned_within_its_range(requirement):
    pin = PINS[canonicalize_name(requirement.name)]
    assert requirement.specifier.contains(pin)


def test_both_builds_of_tensorflow_are_pinned_alike():
    assert PINS["tensorflow"] == PINS["tensorflow-cpu"]


def test_changelog_starts_with_this_version():
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    top = re.search(r"^## \[([^]]+)\]", text, re.MULTILINE)
    assert top is not None
    assert top[1] == PROJECT["version"]


@pytest.mark.slow
@pytest.mark.ci
@pytest.mark.parametrize(
    ("system", "build", "other"),
    [
        ("linux", "tensorflow-cpu", "tensorflow"),
        ("windows", "tensorflow", "tensorflow-cpu"),
        ("macos", "tensorflow", "tensorflow-cpu"),
    ],
)
def test_pinned_wheels_exist_for_every_system(system, build, other):
    found = resolve_or_skip(system, ["dev"])
    assert build in found
    assert other not in found
    assert found == {name: PINS.get(name) for name in found}


@pytest.mark.slow
@pytest.mark.parametrize("system", pins.SYSTEMS)
def test_extra_gp_goes_with_the_pins(system):
    found = resolve_or_skip(system, ["gp"])
    assert "torch" in found
    pinned = {name: found[name] for name in found if name in PINS}
    assert pinned == {name: PINS[name] for name in pinned}


def resolve_or_skip(system, extras):
    try:
        return pins.resolve(system, constraints=pins.CONSTRAINTS, extras=extras)
    except pins.UnreachableError as error:
        pytest.skip(f"the package index cannot be reached: {str(error)[:200]}")
