"""A notebook's cells while it is put together."""

from dataclasses import dataclass, field
from typing import Any

from search.homework import cells
from search.homework.embedded import Plain
from search.homework.template import Text

METADATA = "tunefold"
"""Key of the notebook's and the cells' metadata; `search.homework.check` reads it."""

PREFIX = "explanation-"
"""Begins the role of a cell that waits for an answer."""


@dataclass
class Sheet:
    """Cells in their order; each has its role as id and in its metadata.

    Attributes:
        text: The template.
        cells: nbformat's nodes.
    """

    text: Text
    cells: list[Any] = field(default_factory=list)

    def markdown(self, role: str, source: str, **metadata: Any) -> None:
        """Add a cell of text."""
        import nbformat

        self._add(nbformat.v4.new_markdown_cell(source), role, metadata)

    def code(self, role: str, source: str, **values: Any) -> None:
        """Add a cell of code, its names filled in."""
        import nbformat

        filled = cells.fill(source, self.text, **values)
        self._add(nbformat.v4.new_code_cell(filled), role, {})

    def question(self, about: str) -> None:
        """Add the empty cell for the student's own text."""
        blank = self.text("explanation", question=self.text(f"question-{about}"))
        self.markdown(f"{PREFIX}{about}", blank + "\n\n", blank=blank)

    def _add(self, cell: Any, role: str, metadata: Plain) -> None:
        cell.id = role
        cell.metadata[METADATA] = {"role": role, **metadata}
        self.cells.append(cell)
