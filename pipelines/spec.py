"""The word that names a pipeline, wherever it is needed: by command, study or worker.

A plain name (`digits`), or a kind and where the user's own data lies, with options as
in a web address: `table:/data/penguins.csv?target=species&time=year`. A pipeline of
the user's own is `mymodule:PIPELINE`.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qsl, quote, unquote, urlencode

from pipelines.outer import read_outer
from spaces.errors import UnknownNameError

OPTIONS = {
    "table": ("target", "task", "groups", "time", "test", "encoding"),
    "images": ("test", "image-size"),
    "text": ("target", "task", "column", "groups", "test", "encoding"),
}
"""What may be said about data of each kind; each is an option of the command line."""

MODULE = "module"
"""The kind of a pipeline that the user wrote."""

_MODULE_OPTIONS = ("folder", "sha256")
_PATHS = ("test", "folder")


@dataclass(frozen=True, kw_only=True)
class Spec:
    """What the word says, taken apart.

    Attributes:
        kind: A key of `OPTIONS`, or `module`.
        place: Path of the file or folder; of a module `name:CONSTANT`.
        options: By name, without those that were not given.
    """

    kind: str
    place: str
    options: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        """Write the word; options in the order of `OPTIONS`, so equal for equal."""
        order = OPTIONS.get(self.kind, _MODULE_OPTIONS)
        given = [(name, self.options[name]) for name in order if name in self.options]
        prefix = "" if self.kind == MODULE else f"{self.kind}:"
        place = quote(self.place, safe="/: ")
        if not given and place == self.place:
            return f"{prefix}{place}"
        return f"{prefix}{place}?{urlencode(given, quote_via=quote, safe='/:')}"

    @property
    def path(self) -> Path:
        """Where the data lies."""
        return Path(self.place)

    @property
    def name(self) -> str:
        """A short name, fit for studies and experiments: letters, digits, `-._`."""
        stem = (
            self.place.partition(":")[0].rpartition(".")[2]
            if self.kind == MODULE
            else _stem(self.path)
        )
        plain = unicodedata.normalize("NFKD", stem).encode("ascii", "ignore").decode()
        return re.sub(r"[^A-Za-z0-9_-]+", "-", plain).strip("-_")[:60] or self.kind

    def absolute(self) -> "Spec":
        """Return the same with absolute paths, found from any working folder."""
        place = self.place if self.kind == MODULE else _absolute(self.place)
        options = {
            name: _absolute(value) if name in _PATHS else value
            for name, value in self.options.items()
        }
        return Spec(kind=self.kind, place=place, options=options)


def read_spec(word: str) -> Spec | None:
    """Take a word apart; None for a plain name.

    A word without `?` is taken as typed: its path may hold `%` and blanks.

    Raises:
        UnknownNameError: An option is unknown to this kind of data.

    Example:
        >>> read_spec("table:penguins.csv?target=species").options
        {'target': 'species'}
    """
    kind, colon, rest = word.partition(":")
    if not colon:
        return None
    if kind not in OPTIONS:
        kind, rest = MODULE, word
    place, mark, query = rest.partition("?")
    options = dict(parse_qsl(query, keep_blank_values=True))
    known = OPTIONS.get(kind, _MODULE_OPTIONS)
    for name in options:
        if name not in known:
            raise UnknownNameError(
                f"{kind}: has no option '{name}'; choose from {', '.join(known)}"
            )
    return Spec(kind=kind, place=unquote(place) if mark else place, options=options)


def short_name(word: str) -> str:
    """Return the name under which a pipeline's studies and experiment go.

    Example:
        >>> short_name("table:/data/penguins.csv?target=species"), short_name("digits")
        ('penguins', 'digits')
        >>> short_name("outer:0/3:7:digits")
        'digits (outer fold 1 of 3)'
    """
    outer = read_outer(word)
    if outer is not None:
        return f"{short_name(outer.word)} (outer fold {outer.fold + 1} of {outer.of})"
    spec = read_spec(word)
    return word if spec is None else spec.name


def _stem(path: Path) -> str:
    # train.csv and photos/train are named by the folder they lie in
    stem = path.name.partition(".")[0]
    return path.absolute().parent.name if stem in ("", "train") else stem


def _absolute(path: str) -> str:
    return Path(path).expanduser().absolute().as_posix()
