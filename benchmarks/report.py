"""Writes what was measured into benchmarks/README.md, between its markers.

Only finished parts are shown.

    .venv/bin/python benchmarks/report.py short
"""

import sys
from pathlib import Path

import folds_report
import holdout
import machine
import target
from work import Lines

README = Path(__file__).with_name("README.md")


def text(size: str) -> str:
    """Return all figures of a size as Markdown, headed by machine and dates."""
    lines = Lines(size, "machine", machine.Nothing()).all()
    parts = [part.report(size) for part in (folds_report, holdout, target)]
    head = [f"{lines[0]['date']}. {lines[0]['machine']}."] if lines else []
    return "\n\n".join(filter(None, [*head, *parts]))


def between(document: str, name: str, new: str) -> str:
    """Return a document with the text between the markers of `name` replaced.

    Raises:
        ValueError: The document does not have both markers, once each.
    """
    begin, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->"
    if document.count(begin) != 1 or document.count(end) != 1:
        raise ValueError(f"needs the markers of {name!r} once each")
    before, _, rest = document.partition(begin)
    _, _, after = rest.partition(end)
    return f"{before}{begin}\n{new}\n\n{end}{after}"


def write(size: str) -> None:
    """Bring the README up to date."""
    README.write_text(between(README.read_text(), f"peers, {size}", text(size)))


if __name__ == "__main__":
    write(sys.argv[1])
    print(text(sys.argv[1]))
