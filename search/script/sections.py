"""The parts of an exported script, each with a title: cells of a notebook, too."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from search.environment import plain_environment
from search.script.layout import WIDTH, Call, assign, write
from search.types import Curves


@dataclass(frozen=True, kw_only=True)
class Section:
    """One part of a script.

    Attributes:
        title: Two or three words.
        words: What it does and why, for a notebook.
        code: Python, ending with a line end.
    """

    title: str
    words: str
    code: str


@dataclass(frozen=True, kw_only=True)
class Exported:
    """A trial or an ensemble as code.

    Attributes:
        name: Study and trial, fit for a file's name.
        doc: What it is, in lines.
        sections: The code, part by part.
        classes: Names of the classes; empty for a regression.
        curves: Loss in cross-validation, a value per epoch: means over the folds;
            empty for an ensemble.
    """

    name: str
    doc: str
    sections: tuple[Section, ...]
    classes: tuple[str, ...]
    curves: Curves


def environment_code(backend: str) -> str:
    """Write the lines that must stand before any library is imported."""
    options = plain_environment(backend)
    return (
        "import os\n\n"
        "# One core and one thread: several add in another order, which gives other\n"
        "# last digits. So do other settings of JAX and XLA.\n"
        f"{write(Call('os.environ.update', (), options))}\n"
        'if hasattr(os, "sched_setaffinity"):  # Linux\n'
        "    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})\n"
    )


def imports_code(code: str) -> str:
    """Write the imports that code needs."""
    used = [name for name in _MODULES if re.search(rf"(?<![\w.]){name}[.(]", code)]
    standard = "".join(f"{_MODULES[n]}\n" for n in used if n in _STANDARD)
    others = "".join(f"{_MODULES[n]}\n" for n in used if n not in _STANDARD)
    for module, names in _NAMES.items():
        found = [name for name in names if re.search(rf"\b{name}\b", code)]
        if found:
            others += _from(module, found)
    return f"{standard}\n{others}" if standard else others


def used_constants(constants: Mapping[str, object], code: str) -> dict[str, object]:
    """Return the constants that code uses."""
    return {
        name: value
        for name, value in constants.items()
        if re.search(rf"\b{name}\b", code)
    }


def constants_code(constants: Mapping[str, object], code: str) -> str:
    """Write the constants that code uses."""
    used = used_constants(constants, code)
    return "".join(f"{assign(name, value)}\n" for name, value in used.items())


def beginning(
    backend: str, code: str, *, parameters: str, words: str
) -> tuple[Section, Section]:
    """Write what stands before code: environment, imports and parameters.

    Args:
        backend: Of Keras.
        code: All that follows.
        parameters: The constants, written.
        words: What they are.
    """
    return (
        Section(
            title="Environment",
            words="What decides about the last digits, before anything is imported.",
            code=f"{environment_code(backend)}\n{imports_code(code)}",
        ),
        Section(title="Parameters", words=words, code=parameters),
    )


def as_script(exported: Exported) -> str:
    """Join the sections to one file; the first one is written without its title."""
    first, *others = exported.sections
    code = first.code
    for section in others:
        rule = f"# {section.title} "
        code += f"\n{rule}{'-' * (WIDTH - len(rule))}\n\n{section.code}"
    return f'"""{exported.doc}"""\n\n{spaced(code)}'


def spaced(code: str, *, apart: int = 2) -> str:
    """Put blank lines around functions and classes, at most one elsewhere.

    Args:
        code: Not indented.
        apart: Blank lines, 1 within a function.
    """
    lines: list[str] = []
    inside = False  # a function or class
    for line in code.splitlines():
        top = bool(line) and line[0] not in " )]}"
        begins = line.startswith(("def ", "class "))
        if top and (begins or inside):
            while lines and not lines[-1]:
                lines.pop()
            lines += [""] * apart if lines else []
        if line or (lines and lines[-1]):
            lines.append(line)
        inside = begins or (inside and not top)
    return "\n".join(lines).rstrip() + "\n"


def _from(module: str, names: Sequence[str]) -> str:
    line = f"from {module} import {', '.join(names)}\n"
    if len(line) <= WIDTH + 1:
        return line
    listed = "".join(f"    {name},\n" for name in names)
    return f"from {module} import (\n{listed})\n"


_STANDARD = ("csv", "gzip", "hashlib", "importlib", "lzma", "math", "Path")
_MODULES = {
    "csv": "import csv",
    "gzip": "import gzip",
    "hashlib": "import hashlib",
    "importlib": "import importlib.util",
    "lzma": "import lzma",
    "math": "import math",
    "Path": "from pathlib import Path",
    "keras": "import keras",
    "np": "import numpy as np",
    "pd": "import pandas as pd",
    "plt": "import matplotlib.pyplot as plt",
    "Image": "from PIL import Image",
}
_NAMES = {
    "scipy.ndimage": ("affine_transform",),
    "scipy.sparse": ("csr_matrix",),
    "sklearn": ("metrics",),
    "sklearn.datasets": ("load_digits", "make_moons"),
    "sklearn.feature_extraction.text": ("TfidfTransformer",),
    "sklearn.impute": ("MissingIndicator", "SimpleImputer"),
    "sklearn.model_selection": (
        "GroupKFold",
        "StratifiedGroupKFold",
        "train_test_split",
    ),
    "sklearn.pipeline": ("make_pipeline", "make_union"),
    "sklearn.preprocessing": (
        "FunctionTransformer",
        "MinMaxScaler",
        "OneHotEncoder",
        "StandardScaler",
    ),
    "sklearn.utils.class_weight": ("compute_class_weight",),
}
