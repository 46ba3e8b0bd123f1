"""The notebook's text: one Markdown file, cut into named pieces with fields to fill."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from string import Formatter

from search.errors import SettingsError

FOLDER = Path(__file__).parent / "templates"
DEFAULT = FOLDER / "notebook.en.md"

MINUS = "\N{MINUS SIGN}"

_MARK = re.compile(r"^\[\[([a-z0-9_-]+)\]\][ \t]*", re.MULTILINE)
_COMMENT = re.compile(r"<!--.*?-->\s*", re.DOTALL)


@dataclass(frozen=True)
class Text:
    """The pieces of a template, checked.

    Attributes:
        pieces: By name, as they stand in the file, fields not yet filled.
    """

    pieces: Mapping[str, str]

    def __call__(self, piece: str, **values: object) -> str:
        """Return a piece with its fields filled."""
        return self.pieces[piece].format(**values)

    def word(self, piece: str, default: str | None = None) -> str:
        """Return a word in the text's language, a word without an entry as it is."""
        return self.pieces.get(piece, piece if default is None else default)

    def number(self, value: float, digits: int | None = None) -> str:
        """Write a number with the language's decimal sign, `-` as a true minus.

        Args:
            value: Finite or not.
            digits: Decimals; by its size if None.
        """
        digits = decimals(value) if digits is None else digits
        plain = f"{value:.{digits}f}".replace("-", MINUS)
        return plain.replace(".", self.pieces["decimal-sign"])

    def count(self, value: int) -> str:
        """Write a whole number in groups of three digits."""
        return f"{value:,}".replace(",", self.pieces["thousands-sign"])


def decimals(value: float) -> int:
    """Return the decimals that leave about four digits.

    Example:
        >>> decimals(0.4123), decimals(-17.25), decimals(48_000.0)
        (4, 2, 0)
    """
    size = abs(value)
    limits = ((1, 4), (10, 3), (100, 2), (1000, 1))
    return next((digits for limit, digits in limits if size < limit), 0)


def read_template(path: Path | None = None) -> Text:
    """Read a template and compare it with the one in English, which has all pieces.

    Args:
        path: Markdown, or the language of one that lies here (`cs`); None for the
            English one.

    Raises:
        SettingsError: It cannot be read, a piece is missing, unknown or there twice,
            or a piece has a field that the English one has not.
    """
    shipped = FOLDER / f"notebook.{path}.md"
    if path is not None and path.name == str(path) and shipped.is_file():
        path = shipped
    if path is None or path == DEFAULT:
        return Text(_default())
    pieces = _read(path)
    wanted = _default()
    if missing := [name for name in wanted if name not in pieces]:
        raise _wrong(path, f"has no piece [[{missing[0]}]]{_more(missing)}")
    if unknown := [name for name in pieces if name not in wanted]:
        raise _wrong(path, f"has an unknown piece [[{unknown[0]}]]{_more(unknown)}")
    for name, piece in pieces.items():
        known = _fields(path, name, wanted[name])
        for field in _fields(path, name, piece):
            if field not in known:
                offered = ", ".join(f"{{{each}}}" for each in sorted(known)) or "none"
                what = f"has the unknown field {{{field}}} in [[{name}]]"
                raise _wrong(path, f"{what} (there: {offered})")
    return Text(pieces)


@lru_cache(maxsize=1)
def _default() -> dict[str, str]:
    return _read(DEFAULT)


def _read(path: Path) -> dict[str, str]:
    try:
        text = path.read_text("utf-8-sig")
    except OSError as error:
        raise SettingsError(
            f"--template: {path} cannot be read ({error.strerror}); begin from a copy "
            f"of {DEFAULT}"
        ) from None
    except UnicodeDecodeError as error:
        raise SettingsError(
            f"--template: {path} must be text in UTF-8, got something else at byte "
            f"{error.start:,}; save it as UTF-8"
        ) from None
    names_and_pieces = _MARK.split(_COMMENT.sub("", text.replace("\r\n", "\n")))[1:]
    names, pieces = names_and_pieces[::2], names_and_pieces[1::2]
    if doubled := [name for name in names if names.count(name) > 1]:
        raise _wrong(path, f"has the piece [[{doubled[0]}]] more than once")
    # A no-break space is text: some languages group digits with it.
    return {
        name: piece.strip(" \t\n") for name, piece in zip(names, pieces, strict=True)
    }


def _fields(path: Path, name: str, piece: str) -> set[str]:
    try:
        fields = [field for _, field, _, _ in Formatter().parse(piece)]
    except ValueError as error:
        raise _wrong(
            path,
            f"has a brace in [[{name}]] that is no field ({error}); double it",
        ) from None
    return {field for field in fields if field is not None}


def _wrong(path: Path, what: str) -> SettingsError:
    return SettingsError(f"--template: {path} {what}; begin from a copy of {DEFAULT}")


def _more(names: list[str]) -> str:
    return f" and {len(names) - 1} more" if len(names) > 1 else ""
