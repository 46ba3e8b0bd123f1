"""A student's own text: counted, and kept when the notebook is written again."""

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

from search.homework.embedded import Plain
from search.homework.sheet import METADATA, PREFIX

_WORD = re.compile(r"\w+")


def written(part: Plain) -> Plain:
    """Return what tunefold wrote into the metadata of a notebook or cell."""
    metadata = part.get("metadata")
    found = metadata.get(METADATA) if isinstance(metadata, dict) else None
    return found if isinstance(found, dict) else {}


def role(cell: Plain) -> str:
    """Return what a cell is for; empty where tunefold did not write it."""
    return str(written(cell).get("role", ""))


def source(cell: Plain) -> str:
    """Return a cell's text: a notebook holds it as one string or as its lines."""
    text = cell.get("source", "")
    return "".join(map(str, text)) if isinstance(text, list) else str(text)


def n_own_words(cell: Plain) -> int:
    """Count words that a cell has more of than the blank that was handed out."""
    blank = str(written(cell).get("blank", ""))
    own = Counter(_WORD.findall(source(cell))) - Counter(_WORD.findall(blank))
    return own.total()


def keep_answers(notebook: Any, path: Path) -> None:
    """Take over the answers of an older notebook and keep a copy of it beside it.

    Nothing is done where there is none, or none with a word of the student's.

    Args:
        notebook: nbformat's node, changed in place.
        path: The older one; its copy has `.bak` behind its name.
    """
    try:
        older = json.loads(path.read_text("utf-8"))
        answers = {
            role(cell): source(cell)
            for cell in older["cells"]
            if role(cell).startswith(PREFIX) and n_own_words(cell)
        }
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return  # no notebook, or none that can be read
    if not answers:
        return
    path.with_name(path.name + ".bak").write_bytes(path.read_bytes())
    for cell in notebook.cells:
        cell.source = answers.get(role(cell), cell.source)
