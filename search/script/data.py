"""The code that loads and prepares a pipeline's data."""

from collections.abc import Mapping

from pipelines.spec import read_spec
from search.errors import SettingsError
from search.script.preparing import SPLIT_WORDS, preparing_code
from search.script.published import published_code
from search.script.source import Source
from spaces.evaluation import ROWS
from spaces.params import Scalar


def data_code(source: Source) -> tuple[str, str, str]:
    """Write what loads, what chooses among the training rows, and what prepares.

    Loading is the same for all trials of a study.

    Raises:
        SettingsError: No code is known for the pipeline.
        DataError: The user's data is not there, or not as it was.
    """
    settings, params = source.settings, source.params
    load = published_code(settings.pipeline, source=settings.data_source)
    prepare = ""
    if load is None:
        load, prepare = _own_data(settings.pipeline, params)
    prepare = prepare or preparing_code(
        source.kind,
        params,
        channels=source.X.ndim == 4,
        split=SPLIT_WORDS in load,
    )
    return load, _CHOSEN_ROWS if ROWS in params else "", prepare


def _own_data(word: str, params: Mapping[str, Scalar]) -> tuple[str, str]:
    """Write what loads data of the user's own and, of a table, what prepares it."""
    spec = read_spec(word)
    if spec is not None and spec.kind == "table":
        from search.script.own_table import table_code

        return table_code(spec, params)
    if spec is not None and spec.kind == "text":
        from search.script.own_text import text_code

        return text_code(spec), ""
    if spec is not None and spec.kind == "images":
        from search.script.own_images import images_code

        return images_code(spec), ""
    raise SettingsError(
        f"export: no plain code is known for the pipeline {word}; export a trial of "
        "another one"
    )


_CHOSEN_ROWS = """
# Rows in a drawn order: a smaller number of them lies within a larger one.
order = np.random.default_rng(ROWS_SEED).permutation(len(y_train))
rows = np.sort(order[:ROWS])
X_train, y_train = X_train[rows], y_train[rows]
"""
