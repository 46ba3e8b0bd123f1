"""`--from FILE`: options of a command out of a file, checked like typed ones."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from search.commands.options import Advanced

F = TypeVar("F", bound=Callable[..., Any])

_KINDS: dict[str, tuple[type, ...]] = {
    "integer": (int,),
    "float": (int, float),
    "text": (str,),
    "choice": (str,),
}
_WORDS = {
    "integer": "a whole number",
    "float": "a number",
    "text": "text in quotes",
    "choice": "text in quotes",
}


def from_option(command: F) -> F:
    """Add --from, whose values stand behind what is typed."""
    return click.option(
        "--from",
        metavar="FILE",
        is_eager=True,
        expose_value=False,
        callback=_take,
        help="Take options from a file of 'tunefold export --to study-file'.",
        cls=Advanced,
    )(command)


def _take(context: click.Context, _: click.Parameter, file: str | None) -> None:
    if file is not None:
        context.default_map = read_options(Path(file), context)


def read_options(file: Path, context: click.Context) -> dict[str, Any]:
    """Read a command's options from a file.

    Args:
        file: TOML, the options' names without their dashes as keys.
        context: Of the command.

    Returns:
        The values by the names of the command's parameters.

    Raises:
        SettingsError: The file cannot be read, a key is unknown or its value wrong.
    """
    from search.errors import SettingsError
    from search.study_file import known_keys, read_toml
    from spaces.space import unknown

    try:
        text = file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no text in UTF-8"
        raise SettingsError(f"--from {file}: cannot be read: {reason}") from None
    params = {_key(param): param for param in context.command.params}
    known = known_keys(list(params))
    found: dict[str, Any] = {}
    for key, value in read_toml(text, where=str(file)).items():
        if key not in known:
            raise SettingsError(f"{file}: {unknown('key', key, known)}")
        param = params[key]
        assert param.name is not None  # click names every parameter
        found[param.name] = _checked(file, key, value, param, context)
    return found


def _key(param: click.Parameter) -> str:
    """Return the long name of an option, the name of an argument."""
    if isinstance(param, click.Argument):
        return str(param.name)
    return max(param.opts, key=len).lstrip("-")


def _checked(
    file: Path, key: str, value: Any, param: click.Parameter, context: click.Context
) -> Any:
    from search.errors import SettingsError

    items = value if param.multiple and isinstance(value, list) else [value]
    kind = param.type.name
    if (param.multiple and not isinstance(value, list)) or not all(
        isinstance(item, _KINDS[kind]) and not isinstance(item, bool) for item in items
    ):
        words = f"a list of {_WORDS[kind]}" if param.multiple else _WORDS[kind]
        raise SettingsError(f"{file}: {key}: must be {words}, got {value!r}")
    try:
        for item in items:
            param.type.convert(item, param, context)
    except click.BadParameter as error:
        raise SettingsError(f"{file}: {key}: {error.message}") from None
    return value
