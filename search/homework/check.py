"""What hand-ins contain: their notebooks are read as JSON, nothing in them is run.

What a student types in, a student can change: the digests notice an edited number, they
prove nothing against somebody who computes them anew.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from search.homework.answers import role, source, written
from search.homework.embedded import Plain, read_table_code, table_digest
from search.homework.requirements import (
    Requirement,
    as_list,
    requirements,
)
from search.homework.seeds import student_seeds

LARGEST = 50 * 2**20
"""Bytes of a file that is read: a notebook with its figures has one or two million."""


@dataclass(frozen=True, kw_only=True)
class HandIn:
    """One notebook.

    Attributes:
        file: Its path.
        student: The name it carries; empty where it has none.
        homework: Name of the homework.
        requirements: What is asked of it.
        warnings: What a teacher should look at, a line each.
        looks: How often the test rows had been looked at.
        error: Why it could not be read; everything else is empty then.
    """

    file: str
    student: str = ""
    homework: str = ""
    requirements: Sequence[Requirement] = ()
    warnings: Sequence[str] = ()
    looks: int | None = None
    error: str = ""

    @property
    def complete(self) -> bool:
        """Whether all requirements are met and nothing is conspicuous."""
        return (
            not self.error
            and not self.warnings
            and all(requirement.met for requirement in self.requirements)
        )


def check_notebooks(path: Path) -> list[HandIn]:
    """Look at a notebook, or at all notebooks of a folder and the folders in it.

    A file that cannot be read is an entry with its error; the others are looked at.

    Args:
        path: A file, or a folder; what Jupyter keeps in `.ipynb_checkpoints` is
            passed over.

    Returns:
        In the order of their paths.
    """
    read: dict[Path, tuple[Plain, list[Plain]]] = {}
    errors: dict[Path, str] = {}
    for file in _files(path):
        try:
            read[file] = _read(file)
        except _UnreadableError as error:
            errors[file] = str(error)
    facts = {file: found for file, (found, _) in read.items()}
    return [
        HandIn(file=str(file), error=errors[file])
        if file in errors
        else _look_at(file, *read[file], facts)
        for file in sorted([*read, *errors])
    ]


class _UnreadableError(Exception):
    """Says why a file is not looked at."""


def _files(path: Path) -> Iterator[Path]:
    if not path.is_dir():
        yield path
        return
    for file in sorted(path.rglob("*.ipynb")):
        if ".ipynb_checkpoints" not in file.parts and file.is_file():
            yield file


def _read(file: Path) -> tuple[Plain, list[Plain]]:
    """Return what tunefold wrote about a notebook, and its cells."""
    try:
        size = file.stat().st_size
        if size > LARGEST:
            raise _UnreadableError(
                f"must have at most {LARGEST / 2**20:.0f} MiB, got "
                f"{size / 2**20:,.0f} MiB; clear the outputs of what prints much"
            )
        notebook = json.loads(file.read_text("utf-8"))
    except OSError as error:
        raise _UnreadableError(f"cannot be read ({error.strerror})") from None
    except (ValueError, RecursionError) as error:
        reason = str(error).splitlines()[0][:80]
        raise _UnreadableError(
            f"must be a notebook, which is JSON, got something else ({reason})"
        ) from None
    cells = notebook.get("cells") if isinstance(notebook, dict) else None
    if not isinstance(cells, list) or not all(isinstance(c, dict) for c in cells):
        raise _UnreadableError("must be a notebook, got JSON without a list of cells")
    facts = written(notebook)
    if "seal" not in facts:
        raise _UnreadableError(
            "must carry what `tunefold homework` writes into its notebooks, got "
            "nothing of it; hand in the notebook which that command has written"
        )
    return facts, cells


def _look_at(
    file: Path, facts: Plain, cells: list[Plain], others: Mapping[Path, Plain]
) -> HandIn:
    by_role = {role(cell): cell for cell in cells}
    looks = facts.get("look")
    return HandIn(
        file=str(file),
        student=str(facts.get("student", "")),
        homework=str(facts.get("homework", "")),
        requirements=requirements(facts, by_role),
        warnings=[*_edited(facts, by_role), *_names(facts), *_twice(file, others)],
        looks=looks if isinstance(looks, int) else None,
    )


def _edited(facts: Plain, cells: Mapping[str, Plain]) -> list[str]:
    """Compare the embedded table and what is said of it with their digests."""
    found = []
    unsealed = {name: value for name, value in facts.items() if name != "seal"}
    if table_digest(unsealed) != facts.get("seal"):
        found.append("what tunefold wrote into the file was changed: its seal is wrong")
    table = read_table_code(source(cells.get("cross-validated", {})))
    if table is None:
        return [*found, "the cell with the cross-validated results is gone or broken"]
    if table_digest(table) != facts.get("table"):
        found.append("the cross-validated results were edited: their digest is wrong")
    for name, word in (
        ("seeds", "seeds"),
        ("splits", "split digests"),
        ("data", "data digest"),
        ("student", "student"),
    ):
        if table.get(name) != facts.get(name):
            found.append(f"the {word} of table and notebook differ")
    return found


def _names(facts: Plain) -> list[str]:
    student = str(facts.get("student", ""))
    if as_list(facts.get("seeds")) == list(student_seeds(student)):
        return []
    whose = f"the name '{student}'" if student else "a homework without a name"
    return [f"the seeds do not belong to {whose}"]


def _twice(file: Path, others: Mapping[Path, Plain]) -> list[str]:
    """Compare a hand-in with the others of the folder."""
    mine, found = others[file], []
    for path, other in others.items():
        if path == file:
            continue
        same_name = student_seeds(str(other.get("student", ""))) == student_seeds(
            str(mine.get("student", ""))
        )
        if other.get("table") == mine.get("table"):
            found.append(f"the same study as {path}: equal cross-validated results")
        elif _same(mine, other, "splits") and not same_name:
            found.append(f"the same splits as {path}, which carries another name")
    of_pipeline = [
        other.get("data")
        for other in others.values()
        if other.get("pipeline") == mine.get("pipeline")
    ]
    usual, n = Counter(map(str, of_pipeline)).most_common(1)[0]
    if usual != str(mine.get("data")) and n > 1:
        found.append(
            f"other data than {n} hand-ins with this pipeline: digest "
            f"{str(mine.get('data'))[:16]}, theirs {usual[:16]}"
        )
    return found


def _same(one: Plain, other: Plain, name: str) -> bool:
    values = [
        sorted(map(str, each.values())) if isinstance(each, dict) else []
        for each in (one.get(name), other.get(name))
    ]
    return bool(values[0]) and values[0] == values[1]
