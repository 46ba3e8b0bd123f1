"""Exported scripts: points to export, parts to run, what they import."""

import ast
import random

from search.script.export import export


def points(space, n, seed=0):
    """Return the point a space begins with and some drawn ones."""
    rng = random.Random(seed)
    return [space.initial(), *(space.sample(rng) for _ in range(n))]


def code_of(recorded, *titles, api="functional"):
    """Return the code of these parts of a script, behind its imports."""
    sections = {each.title: each.code for each in export(recorded, api=api).sections}
    _, imports = sections.pop("Environment").split("sched_getaffinity(0))})\n")
    return "\n".join(["import os", imports, *(sections[title] for title in titles)])


def run(code, **given):
    """Run code and return its names."""
    names = dict(given)
    exec(compile(code, "script", "exec"), names)
    return names


def imported(source):
    """Return the packages that code imports."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        if isinstance(node, ast.ImportFrom):
            found.add(node.module.partition(".")[0])
    return found
