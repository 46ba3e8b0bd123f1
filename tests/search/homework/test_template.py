import re
from pathlib import Path

import pytest

from search.errors import SettingsError
from search.homework.template import DEFAULT, FOLDER, read_template

ENGLISH = DEFAULT.read_text("utf-8")


@pytest.fixture
def template(tmp_path):
    """Return a function that writes the English template, altered."""

    def write(old, new):
        assert old in ENGLISH
        path = tmp_path / "notebook.md"
        path.write_text(ENGLISH.replace(old, new), "utf-8")
        return path

    return write


def test_a_copy_says_the_same(template):
    path = template("baseline", "baseline")
    assert read_template(path) == read_template()


def test_a_language_names_the_template_that_is_there():
    assert read_template(Path("cs")) == read_template(FOLDER / "notebook.cs.md")
    assert read_template(Path("en")) == read_template()


def test_windows_line_ends_and_byte_order_mark_do_no_harm(tmp_path):
    path = tmp_path / "notebook.md"
    path.write_bytes(b"\xef\xbb\xbf" + ENGLISH.replace("\n", "\r\n").encode())
    assert read_template(path) == read_template()


def test_the_czech_one_is_complete_and_translated():
    czech, english = read_template(FOLDER / "notebook.cs.md"), read_template()
    sentences = [name for name in english.pieces if " " in english.pieces[name]]
    same = [n for n in sentences if czech.pieces[n] == english.pieces[n]]
    # three pieces hold nothing but fields
    assert {*same} <= {"col-measure", "say-share"}
    fields = re.compile(r"\{\w+\}")
    for name in sentences:
        assert {*fields.findall(czech.pieces[name])} == {
            *fields.findall(english.pieces[name])
        }, name


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("[[note]]", "note:", r"has no piece \[\[note\]\]"),
        ("[[note]]", "[[noted]] x\n[[note]]", r"unknown piece \[\[noted\]\]"),
        ("[[note]]", "[[note]] x\n[[note]]", r"\[\[note\]\] more than once"),
        ("{got} instead", "{gott} instead", r"unknown field \{gott\} in \[\[cut-line"),
        ("{got} instead", "{got.x} instead", r"unknown field \{got.x\}"),
        ("> **Note.**", "> } **Note.**", r"brace in \[\[note\]\]"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(template, old, new, said):
    with pytest.raises(SettingsError, match=said) as caught:
        read_template(template(old, new))
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_there_or_not_utf8_is_refused(tmp_path):
    with pytest.raises(SettingsError, match="cannot be read"):
        read_template(tmp_path / "absent.md")
    (tmp_path / "latin.md").write_bytes("[[title]] café".encode("latin-1"))
    with pytest.raises(SettingsError, match="UTF-8"):
        read_template(tmp_path / "latin.md")


def test_numbers_follow_the_language():
    english, czech = read_template(), read_template(FOLDER / "notebook.cs.md")
    assert english.number(-0.41234) == "\N{MINUS SIGN}0.4123"
    assert czech.number(17.256) == "17,26"
    assert english.count(1_234_567) == "1,234,567"
    assert czech.count(12_345) == "12\N{NO-BREAK SPACE}345"
