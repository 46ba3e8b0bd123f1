"""The plain script of a rerun's trial, beside its other artifacts."""

from pathlib import Path

from search.script.export import export
from search.script.sections import as_script
from search.stored_study import RecordedTrial

FILE = "script.py"
NO_SCRIPT = "no_script"
"""Tag of a rerun without one: the reason."""


def write_script(folder: Path, recorded: RecordedTrial) -> str | None:
    """Write the trial as a plain Keras script.

    Args:
        folder: Where `script.py` is put.
        recorded: A complete trial.

    Returns:
        Why there is none; None where it was written.
    """
    try:
        text = as_script(export(recorded))
    except Exception as error:  # noqa: BLE001  (a trained network is not lost for it)
        return " ".join(str(error).split()) or type(error).__name__
    (folder / FILE).write_text(text, "utf-8")
    return None
