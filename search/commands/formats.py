"""Write a table as text for other programs: CSV, Markdown, LaTeX."""

import csv
import io
from collections.abc import Callable, Sequence

Cells = Sequence[str]


def _csv(columns: Cells, rows: Sequence[Cells]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([columns, *rows])
    return out.getvalue().rstrip("\n")


def _markdown(columns: Cells, rows: Sequence[Cells]) -> str:
    ruled = [columns, ["---"] * len(columns), *rows]
    escaped = ([cell.replace("|", r"\|") for cell in row] for row in ruled)
    return "\n".join("| " + " | ".join(row) + " |" for row in escaped)


def _latex(columns: Cells, rows: Sequence[Cells]) -> str:
    lines = [" & ".join(map(_escaped, row)) + r" \\" for row in (columns, *rows)]
    return "\n".join(
        [
            r"\begin{tabular}{" + "l" * len(columns) + "}",
            r"\hline",
            lines[0],
            r"\hline",
            *lines[1:],
            r"\hline",
            r"\end{tabular}",
        ]
    )


def _escaped(cell: str) -> str:
    special = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}"}
    special |= {"^": r"\textasciicircum{}", "<": r"$<$", ">": r"$>$", "±": r"$\pm$"}
    special |= {sign: "\\" + sign for sign in "&%$#_{}"}
    return "".join(special.get(sign, sign) for sign in cell)


FORMATS: dict[str, Callable[[Cells, Sequence[Cells]], str]] = {
    "csv": _csv,
    "markdown": _markdown,
    "latex": _latex,
}
"""By the word of `--format`: takes column names and rows of as many cells each."""
