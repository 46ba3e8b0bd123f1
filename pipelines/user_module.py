"""A pipeline that the user wrote: `mymodule:PIPELINE` or `path/to/file.py:PIPELINE`.

It is imported because someone typed its name. A study's record alone never is a reason
to import anything: whoever goes on with such a study names the module again.
"""

import hashlib
import importlib
import sys
import traceback
from importlib.machinery import PathFinder
from pathlib import Path
from types import ModuleType

from pipelines.pipeline import Pipeline
from pipelines.spec import MODULE, OPTIONS, Spec
from spaces.errors import DataError, UnknownNameError
from spaces.space import unknown


def located(spec: Spec) -> Spec:
    """Say where a typed module lies and what its file holds; imports nothing.

    Args:
        spec: As typed; a module without a folder is looked for in the working folder,
            then where Python looks.

    Returns:
        The same with the options `folder`, which is added to Python's path, and
        `sha256` of the module's file. Files it imports in turn are not covered.

    Raises:
        UnknownNameError: There is no such module.
    """
    name, constant = _split(spec)
    folder = Path(spec.options.get("folder", ".")).absolute()
    if name.endswith(".py"):
        path = (folder / Path(name).expanduser()).resolve()
        name, folder = path.stem, path.parent
    file = _file_of(name, folder)
    if file is None:
        raise UnknownNameError(
            f"{spec.place}: there is no module '{name}' in {folder}; start the command "
            "where it lies, or give its path: path/to/file.py:PIPELINE"
        )
    options = {"folder": folder.as_posix(), "sha256": _digest(file)}
    return Spec(kind=MODULE, place=f"{name}:{constant}", options=options)


def pipeline_of(spec: Spec) -> Pipeline:
    """Import the module and return its pipeline.

    Args:
        spec: As `located` returns it, or as typed.

    Raises:
        DataError: The file is another one than the spec says, cannot be imported, or
            the constant is no pipeline.
    """
    found = located(spec)
    expected = spec.options.get("sha256", found.options["sha256"])
    if found.options["sha256"] != expected:
        raise DataError(
            f"{spec.place}: the file must have the SHA-256 {expected[:16]}..., got "
            f"{found.options['sha256'][:16]}...: it was changed; start a new study, or "
            "bring the file back as it was"
        )
    name, constant = _split(found)
    module = _imported(name, Path(found.options["folder"]))
    pipeline = getattr(module, constant, None)
    if not isinstance(pipeline, Pipeline):
        raise DataError(
            f"{module.__file__}: {constant} must be a pipelines.pipeline.Pipeline, got "
            f"{'nothing of that name' if pipeline is None else type(pipeline).__name__}"
        )
    return pipeline


def _split(spec: Spec) -> tuple[str, str]:
    name, _, constant = spec.place.rpartition(":")
    if not constant.isidentifier():
        kinds = [*OPTIONS]
        raise UnknownNameError(
            f"{unknown('kind of data', spec.place.partition(':')[0], kinds)}; a "
            "pipeline of your own is mymodule:PIPELINE"
        )
    return name, constant


def _file_of(name: str, folder: Path) -> Path | None:
    """Find a module's file without importing it or a package around it."""
    path = [str(folder), *sys.path]
    for part in name.split("."):
        found = PathFinder.find_spec(part, path)
        if found is None:
            return None
        path = list(found.submodule_search_locations or [])
    file = None if found is None or found.origin is None else Path(found.origin)
    return file if file is not None and file.is_file() else None


def _imported(name: str, folder: Path) -> ModuleType:
    if str(folder) not in sys.path:
        sys.path.append(str(folder))  # last: it must not hide what is installed
    try:
        module = importlib.import_module(name)
    except Exception as error:
        last = traceback.extract_tb(error.__traceback__)[-1]
        raise DataError(
            f"{name}: cannot be imported: {type(error).__name__}: {error} "
            f"({last.filename}, line {last.lineno}); mend the module"
        ) from error
    expected = _file_of(name, folder)
    if expected is None or Path(module.__file__ or "").resolve() != expected.resolve():
        raise DataError(
            f"{name}: must be {expected}, got {module.__file__}, which Python knows "
            "under that name; rename your file"
        )
    return module


def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()
