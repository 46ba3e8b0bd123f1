"""What a worker has to know of the user's data, without reading it again.

The process that reads a file first writes its card to the user's cache folder. Workers
take classes, task and notes from there and map the rows (`pipelines/mapped.py`): the
machine holds a large table once.
"""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path

from pipelines import mapped
from pipelines.atomic_file import replacing
from pipelines.part import Part, PartName
from pipelines.pipeline import Task

Load = Callable[[PartName], Part]


@dataclass(frozen=True, kw_only=True)
class Card:
    """What was found out about the user's data.

    Attributes:
        task: As asked for, or guessed.
        classes: Names in the order of their numbers; empty for a regression.
        n_train: Training rows.
        words: What is learned, for one line.
        notes: What was decided, one line each.
    """

    task: Task
    classes: tuple[str, ...]
    n_train: int
    words: str
    notes: tuple[str, ...]


def write_card(card: Card, key: str) -> None:
    """Keep a card for the workers; where the cache cannot be written, they read."""
    if (file := _file(key)) is None:
        return
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with replacing(file) as opened:
            opened.write(json.dumps(asdict(card)).encode())
    except OSError:  # read-only or full: slower, not wrong
        pass


def find_card(key: str) -> Card | None:
    """Return the card that was written under that key, None where there is none.

    Args:
        key: Names the data and the state of its files.
    """
    if (file := _file(key)) is None:
        return None
    try:
        fields = json.loads(file.read_text("utf-8"))
        fields |= {name: tuple(fields[name]) for name in ("classes", "notes")}
        return Card(**fields)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _file(key: str) -> Path | None:
    cache = mapped.user_cache_folder()
    name = f"{sha256(key.encode()).hexdigest()[:32]}.json"
    return None if cache is None else cache / "own-data" / name
