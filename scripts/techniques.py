"""Write the table of techniques of docs/techniques.md from a finished homework.

tunefold homework fashion_mnist --techniques all --minutes 45 --name techniques
python scripts/techniques.py tunefold-homework/techniques/results.json
"""

import sys
from pathlib import Path

from search.homework.grid import BASELINE
from search.homework.results import Entry, Results, read_results
from search.numbers import write_score


def table(results: Results) -> str:
    """Return the effects as a Markdown table, in the order of the techniques."""
    main, beside = results.metrics
    lines = [
        f"| technique | setting | {main}, last epoch | against baseline "
        f"| {main}, best epoch | against baseline | {beside}, best epoch |",
        "|---|---|---|---|---|---|---|",
    ]
    for entry in results.entries:
        cells = [entry.technique, entry.setting]
        for reading in ("last", "best"):
            cells += [
                write_score(entry.mean(reading, main)),
                _effect(results, entry, reading),
            ]
        cells.append(write_score(entry.mean("best", beside)))
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _effect(results: Results, entry: Entry, reading: str) -> str:
    if entry.technique == BASELINE:
        return ""
    effect = results.effect(entry.technique, reading)
    text = write_score(effect.difference, sign=True)
    if effect.low is not None and effect.high is not None:
        low, high = (write_score(end, sign=True) for end in (effect.low, effect.high))
        text += f" ({low} to {high})"
    return f"{text}, {effect.verdict}"


if __name__ == "__main__":
    print(table(read_results(Path(sys.argv[1]))))
