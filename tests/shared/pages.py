"""The documentation as a reader finds it: pages, their blocks of code, their links."""

import itertools
import re
from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt

ROOT = Path(__file__).parents[2]
DOCS = sorted((ROOT / "docs").glob("*.md"))
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "benchmarks" / "README.md",
    *DOCS,
]


@dataclass(frozen=True)
class Block:
    """A block of code: its language, empty for commands, and its text."""

    language: str
    text: str

    @property
    def lines(self):
        """Its commands, one each, continued lines joined.

        Where some stand behind a prompt, the others are what was printed.
        """
        lines = self.text.replace("\\\n", " ").splitlines()
        typed = [line.removeprefix("$ ") for line in lines if line.startswith("$ ")]
        return typed or [line for line in lines if line.strip()]

    @property
    def file_name(self):
        """The file it is, said by its first line; None for a fragment."""
        found = re.match(r"# (\S+\.py)\n", self.text)
        return found[1] if found and self.language == "python" else None


def blocks_of(page):
    tokens = MarkdownIt().parse(page.read_text())
    return [Block(t.info.strip(), t.content) for t in tokens if t.type == "fence"]


def links_of(page):
    """The targets of links and pictures."""
    for token in MarkdownIt().parse(page.read_text()):
        for child in token.children or []:
            target = child.attrs.get("href") or child.attrs.get("src")
            if target:
                yield str(target)


def anchors_of(page):
    """The names under which a page's headings can be linked to."""
    tokens = MarkdownIt().parse(page.read_text())
    for before, token in itertools.pairwise(tokens):
        if before.type == "heading_open":
            words = re.sub(r"[^\w\- ]", "", token.content.lower())
            yield words.replace(" ", "-")
