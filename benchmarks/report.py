"""Writes what was measured into benchmarks/README.md, between its markers.

Each part has markers of its own: one that is not measured here (anew) stays as it was,
with its date.

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


def _machine(size: str) -> str:
    lines = Lines(size, "machine", machine.Nothing())
    return f"{lines.all()[-1]['machine']}; {lines.dates}." if lines.all() else ""


PARTS = {
    "machine": _machine,
    "folds": folds_report.mixed,
    "wide": folds_report.wide,
    "holdout": holdout.report,
    "target": target.to_best,
    "given": target.to_given,
}
"""What is shown, in the README's order; each is empty where it is not measured."""


def text(size: str) -> str:
    """Return all figures of a size that were measured here, as Markdown."""
    return "\n\n".join(filter(None, [part(size) for part in PARTS.values()]))


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
    document = README.read_text()
    for name, part in PARTS.items():
        if new := part(size):
            document = between(document, f"{name}, {size}", new)
    README.write_text(document)


if __name__ == "__main__":
    write(sys.argv[1])
    print(text(sys.argv[1]))
