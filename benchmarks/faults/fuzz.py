"""Damaged study files, journals and command lines: no traceback, no hang, no harm.

    python benchmarks/faults/fuzz.py 10000

A third of the cases each: a study file (`search --from FILE`) of changed TOML; a
journal with changed bytes or events, watched and resumed up to its checks; a command
line of real and made-up words. Each must end in at most a minute with status 0, 1 or
2 and without a traceback. A journal that was refused is as it was, but for a torn last
line. Cases are drawn from a seed: the same number is the same case.
"""

import argparse
import json
import os
import random
import string
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent.parent)]

from click.testing import CliRunner  # noqa: E402
from work import Lines  # noqa: E402

from search.cli import main as tunefold  # noqa: E402
from search.errors import FatalError  # noqa: E402
from search.journal import Journal  # noqa: E402
from search.journal_line import write_line  # noqa: E402

MAX_SECONDS = 60.0
ODD = (
    *("", " ", "-1", "0", "1e999", "nan", "inf", "None", "true", "[]", "{}", "../x"),
    *("digits", "no-such", "kfold:0", "kfold:99999999999", "a=b", "=", "x" * 5000),
    *("\x00", "\u202e", "table:", "table:/dev/null?target=x", "os:PIPELINE", "%s%n"),
)
OPTIONS = [
    max(param.opts, key=len).lstrip("-") for param in tunefold.commands["search"].params
]
STOPS_AT_CHECKS = ("search",)
"""Commands that would train where everything is right: never with a whole call."""


@dataclass(frozen=True)
class Plan:
    """How many cases."""

    cases: int
    seed: int = 0


def run(words: list[str]) -> str | None:
    """Run a command; return what is wrong with how it ended, None for nothing."""
    began = time.monotonic()
    done = CliRunner().invoke(tunefold, words)
    took = time.monotonic() - began
    if took > MAX_SECONDS:
        return f"took {took:.0f} s"
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        return f"traceback: {type(done.exception).__name__}: {done.exception}"[:300]
    if done.exit_code not in (0, 1, 2):
        return f"status {done.exit_code}"
    if done.exit_code and "Traceback" in done.output:
        return "traceback in its output"
    return None


def study_file(rng: random.Random, folder: Path) -> str | None:
    """Search from a file that is wrong in some way."""
    options = {"pipeline": "digits", "trials": 1, "cv": "kfold:3", "seed": 1}
    for _ in range(rng.randint(1, 4)):
        name = rng.choice([*OPTIONS, *ODD])
        value = rng.choice([*ODD, 0, -1, 1e308, True, [], ["l2=off", 3], {"a": 1}])
        options[name] = value
    lines = [f"{_key(name)} = {_toml(value)}" for name, value in options.items()]
    lines.append("epochs = -1")  # nothing trains, whatever else is right
    text = "\n".join(lines)
    if rng.random() < 0.3:
        text = _damaged(text.encode(), rng).decode("utf-8", "replace")
    (folder / "s.toml").write_text(text, encoding="utf-8", errors="replace")
    return run(["search", "--from", str(folder / "s.toml"), "--epochs", "-1"])


def journal(rng: random.Random, folder: Path) -> str | None:
    """Watch and resume a study whose journal was changed."""
    whole = (folder / "whole.jsonl").read_bytes()
    study = folder / "tunefold-studies" / "fuzzed"
    (study / "predictions").mkdir(parents=True, exist_ok=True)
    path = study / "journal.jsonl"
    if rng.random() < 0.5:
        text = _damaged(whole, rng)
    else:
        lines = [json.loads(line) for line in whole.splitlines()]
        for _ in range(rng.randint(1, 3)):
            _change(rng.choice(lines), rng)
        for line in lines:
            line.pop("crc", None)
        text = b"".join(write_line(line) for line in lines if rng.random() < 0.98)
    path.write_bytes(text)
    for words in (
        ["watch", "fuzzed", "--once"],
        ["resume", "fuzzed", "--trials", "1", "--pipeline", "no_such:X"],
        ["doctor", "--json"] if rng.random() < 0.002 else ["watch", "--once"],
    ):
        wrong = run(words)
        if wrong is not None:
            return f"{words}: {wrong}"
    after = path.read_bytes()
    torn = text[: text.rfind(b"\n") + 1]
    if not (after == text or after.startswith(torn)):
        return "the journal was changed"
    with suppress(FatalError):
        Journal(study).events()
    return None


def command_line(rng: random.Random, folder: Path) -> str | None:
    """Call the command with words that nobody would type."""
    names = [name for name in tunefold.commands if name not in ("ui", "homework")]
    name = rng.choice([*names, *ODD])
    words = [name]
    for _ in range(rng.randint(0, 6)):
        options = [
            option
            for command in (tunefold.commands.get(name),)
            if command is not None
            for param in command.params
            for option in getattr(param, "opts", ())
        ]
        words.append(
            rng.choice([*options, *ODD, "".join(rng.choices(string.printable, k=9))])
        )
    if name in STOPS_AT_CHECKS:
        words += ["--epochs", "-1"]
    if name == "doctor":
        words.append("--no-such-option")
    # an argument of a process holds no zero byte
    return run([word.replace("\0", "0") for word in words])


def measure(plan: Plan) -> dict[str, Any]:
    """Run the cases, and return what went wrong, by case."""
    kinds: dict[str, Callable[[random.Random, Path], str | None]] = {
        "study file": study_file,
        "journal": journal,
        "command line": command_line,
    }
    wrong: dict[str, str] = {}
    seen: Counter[str] = Counter()
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.chdir(folder)
        _make_journal(folder)
        for number in range(plan.cases):
            kind = list(kinds)[number % 3]
            rng = random.Random(f"{plan.seed} {number}")
            said = kinds[kind](rng, folder)
            seen[kind] += 1
            if said is not None:
                wrong[f"{number} ({kind})"] = said
                print(f"{number} ({kind}): {said}", flush=True)
    return {
        "seconds": time.monotonic() - began,
        "cases": dict(seen),
        "wrong": wrong,
    }


def _make_journal(folder: Path) -> None:
    done = CliRunner().invoke(
        tunefold,
        [
            *(
                "search",
                "digits",
                "--name",
                "whole",
                "--cv",
                "kfold:3",
                "--epochs",
                "2",
            ),
            *("--trials", "3", "--workers", "1"),
        ],
    )
    assert done.exit_code == 0, done.output
    study = folder / "tunefold-studies" / "whole"
    (folder / "whole.jsonl").write_bytes((study / "journal.jsonl").read_bytes())


def _damaged(text: bytes, rng: random.Random) -> bytes:
    changed = bytearray(text)
    for _ in range(rng.randint(1, 5)):
        place = rng.randrange(len(changed))
        match rng.randrange(4):
            case 0:
                changed[place] ^= 1 << rng.randrange(8)
            case 1:
                del changed[place : place + rng.randint(1, 200)]
            case 2:
                changed[place:place] = rng.randbytes(rng.randint(1, 20))
            case _:
                del changed[place:]
        if not changed:
            return b""
    return bytes(changed)


def _change(event: dict[str, Any], rng: random.Random) -> None:
    name = rng.choice([*event, "event", "number", "made-up"])
    event[name] = rng.choice([None, -1, 10**30, "x", [], {}, [None], 0.5, True, *ODD])


def _key(name: str) -> str:
    return json.dumps(name)


def _toml(value: Any) -> str:
    return json.dumps(value) if not isinstance(value, dict) else "{a = 1}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("cases", type=int)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    plan = Plan(cases=args.cases, seed=args.seed)
    print(Lines("faults", "fuzz", plan).once(lambda: measure(plan)))


if __name__ == "__main__":
    main()
