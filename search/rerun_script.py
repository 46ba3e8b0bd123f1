"""The plain script of a rerun, beside its other artifacts."""

from collections.abc import Callable
from pathlib import Path

from search.script.sections import Exported, as_script

FILE = "script.py"
NO_SCRIPT = "no_script"
"""Tag of a rerun without one: the reason."""


def write_script(folder: Path, export: Callable[[], Exported]) -> str | None:
    """Write a rerun as a plain Keras script.

    Args:
        folder: Where `script.py` is put.
        export: Returns its trial, or its ensemble, as code.

    Returns:
        Why there is none; None where it was written.
    """
    try:
        text = as_script(export())
    except Exception as error:  # noqa: BLE001  (a trained network is not lost for it)
        return " ".join(str(error).split()) or type(error).__name__
    (folder / FILE).write_text(text, "utf-8")
    return None
