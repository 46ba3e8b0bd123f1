"""Pages: links lead somewhere, commands would be accepted, code is Python."""

import re
import shlex

import click
import pytest
from pages import DOCS, PAGES, ROOT, anchors_of, blocks_of, links_of

from search.cli import main

every_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)


def tunefold_calls(page):
    """The words of each call in the page's blocks."""
    for block in blocks_of(page):
        if block.language in ("", "python"):
            for line in block.lines:
                call = re.search(r"(?:^|[\s/!])(tunefold [a-z].*)", line)
                # up to a pipe; but for what only looks like a call
                if call and not line.startswith(("Usage:", "  ", "#", "os.", "cp ")):
                    typed = re.split(r" (?:2>&1|\||&&) ", call[1])[0]
                    yield shlex.split(typed, comments=True)[1:]


@every_page
def test_links_lead_to_files_and_headings(page):
    for target in links_of(page):
        if target.startswith("http"):
            continue
        place, _, anchor = target.partition("#")
        file = (page.parent / place).resolve() if place else page
        assert file.exists(), target
        if anchor:
            assert anchor in set(anchors_of(file)), target


def test_the_index_names_every_page():
    index = ROOT / "docs" / "README.md"
    linked = {(index.parent / target).resolve() for target in links_of(index)}
    assert linked >= {page.resolve() for page in DOCS} - {index}


@every_page
def test_commands_would_be_accepted(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "digits-1.toml").write_text('pipeline = "digits"\n')  # of an export
    (tmp_path / "students.txt").touch()
    for words in tunefold_calls(page):
        command, path = main, []
        while isinstance(command, click.Group) and words:
            path.append(words.pop(0))
            assert path[-1] in command.commands, path
            command = command.commands[path[-1]]
        # A command keeps the names of its help of the first context: as in use.
        parent = click.Context(main, **main.context_settings)
        command.make_context(path[-1], words, parent=parent)  # parses, does not run


def test_there_are_commands_to_look_at():
    assert sum(1 for page in PAGES for _ in tunefold_calls(page)) > 50


@every_page
def test_files_to_save_are_python(page):
    for block in blocks_of(page):
        if block.file_name:
            compile(block.text, block.file_name, "exec")
