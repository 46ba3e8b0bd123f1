"""The pipelines by name, imported when asked for."""

from importlib import import_module

from pipelines.pipeline import Pipeline
from spaces.errors import UnknownNameError
from spaces.space import unknown

MODULES = {
    "digits": "pipelines.digits",
    "fashion_mnist": "pipelines.fashion_mnist",
}


def get_pipeline(name: str) -> Pipeline:
    """Return the pipeline of that name.

    Raises:
        UnknownNameError: There is none; the message names the nearest.
    """
    if name not in MODULES:
        raise UnknownNameError(unknown("pipeline", name, MODULES))
    pipeline: Pipeline = import_module(MODULES[name]).PIPELINE
    return pipeline
