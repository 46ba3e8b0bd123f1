"""What finished measurements leave behind, so that a rerun goes on where it was.

Each part of the benchmark appends a JSON line for everything it finishes to
`benchmarks/lines/SIZE/PART.jsonl`. A line holds the plan it was measured under and the
machine with its versions; lines of others are passed over, so that changed settings and
another machine are measured anew. Those of full size take hours and are kept in the
repository.
"""

import datetime
import hashlib
import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from facts import facts

Rounds = list[tuple[dict[str, Any], dict[str, Any]]]
"""Finished rounds: what tunefold did, what the peer did."""

WORK = Path(__file__).resolve().parent / "runs"
"""Folders to measure in."""

LINES = WORK.with_name("lines")


@dataclass(frozen=True)
class Lines:
    """The finished lines of one part under one plan.

    Args:
        size: `short` or `full`.
        part: What is measured.
        plan: A dataclass of settings.
    """

    size: str
    part: str
    plan: Any
    _settings: dict[str, Any] = field(init=False)

    def __post_init__(self) -> None:
        plain = json.loads(json.dumps(asdict(self.plan)))
        object.__setattr__(self, "_settings", plain)

    @property
    def _path(self) -> Path:
        return LINES / self.size / f"{self.part}.jsonl"

    def all(self) -> list[dict[str, Any]]:
        """Return what is finished, in order; a torn last line is passed over."""
        if not self._path.is_file():
            return []
        text = self._path.read_text()
        whole = text[: text.rfind("\n") + 1].splitlines()
        lines = [json.loads(line) for line in whole]
        return [
            line
            for line in lines
            if line["plan"] == self._settings and line["machine"] == facts()
        ]

    def get(self, key: str) -> dict[str, Any] | None:
        """Return the line of a key, None when it is not finished."""
        return next((line for line in self.all() if line["key"] == key), None)

    def add(self, key: str, **figures: Any) -> dict[str, Any]:
        """Store what was finished and return it."""
        line = {
            "key": key,
            "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
            "plan": self._settings,
            "machine": facts(),
            **figures,
        }
        self._path.parent.mkdir(parents=True, exist_ok=True)
        text = self._path.read_text() if self._path.is_file() else ""
        whole = text[: text.rfind("\n") + 1]
        if whole != text:  # a line was torn when the machine stopped
            self._path.write_text(whole)
        with self._path.open("a") as file:
            file.write(json.dumps(line) + "\n")
        return line

    def once(self, measure: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """Return the figures of a part that is one measurement; done where it is not.

        Args:
            measure: Returns them.
        """
        line = self.get("all") or self.add("all", **measure())
        return {name: line[name] for name in line if name not in ("plan", "machine")}

    @property
    def dates(self) -> str:
        """When it was measured, in words; empty for nothing."""
        days = sorted({line["date"] for line in self.all()})
        return " to ".join(dict.fromkeys([*days[:1], *days[-1:]]))

    def measure_rounds(
        self, n: int, sides: Mapping[str, Callable[[int], dict[str, Any]]]
    ) -> None:
        """Run the sides of `n` rounds in turn, those that are not finished.

        Args:
            n: Number of rounds.
            sides: By name what runs a side of a round and returns its figures.
        """
        for number in range(n):
            for side, run in sides.items():
                key = f"{side}-{number}"
                if self.get(key) is None:
                    line = self.add(key, **run(number))
                    print(f"{self.part}: {key}: {line['seconds']:.0f} s", flush=True)

    def rounds(self, n: int) -> Rounds:
        """Return those of `n` rounds in which both sides are finished."""
        pairs = [
            (self.get(f"tunefold-{number}"), self.get(f"peer-{number}"))
            for number in range(n)
        ]
        return [(ours, theirs) for ours, theirs in pairs if ours and theirs]

    def unfinished(self) -> Path:
        """Return a file for what is done of a measurement that takes an hour."""
        same = json.dumps([self._settings, facts()])
        digest = hashlib.sha256(same.encode()).hexdigest()[:12]
        path = self._path.with_name(f"{self.part}-{digest}.jsonl")
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def folder(self, *names: str) -> Path:
        """Return an empty folder to measure in."""
        folder = (WORK / self.size / self.part).joinpath(*names)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True, exist_ok=True)
        return folder
