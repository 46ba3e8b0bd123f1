"""The user's own table: `table:FILE.csv --target COLUMN`.

Rows without a target are left out, a test part is set aside (a fifth: class by class,
whole groups, or the latest rows), columns are sorted by kind looking at the training
rows alone. What was decided is said before a search begins.

Predicted: classes or numbers of the target column. Expected cost: a trial of a few
thousand rows takes seconds.

    tunefold search table:penguins.csv --target species
"""

from functools import partial

from pipelines.card import Card, Load
from pipelines.fitting import fit, predict
from pipelines.labelled_rows import label_rows, read_rows
from pipelines.models import network
from pipelines.pipeline import Pipeline, Task
from pipelines.spec import Spec
from pipelines.table_columns import take_columns
from pipelines.table_preparation import prepare_table
from spaces.cocktail import cocktail
from spaces.dense import DENSE
from spaces.nas import NAS_TABLE
from spaces.small import SMALL, for_values
from spaces.space import SearchSpace

_FEW_ROWS = 5_000  # up to here batches are small
_EPOCHS = ((2_000, 100), (20_000, 50), (None, 20))  # small tables learn slowly


def read(spec: Spec) -> tuple[Card, Load]:
    """Read a table, set its test part aside and sort its columns.

    Raises:
        DataError: The file or a column is missing, or nothing can be learned from it.
    """
    options = spec.options
    rows = label_rows(spec, read_rows(spec))
    columns = take_columns(
        rows.frame.drop(
            columns=[options[name] for name in ("target", "groups") if name in options]
        ),
        rows.cut.train,
        keep=[options["time"]] if "time" in options else [],
        row_numbers=rows.row_numbers,
    )
    notes = (rows.introduction(), *rows.notes, *columns.notes, rows.parting())
    return rows.card(notes), partial(rows.part, columns.X)


def make_pipeline(spec: Spec, card: Card, load: Load) -> Pipeline:
    """Return the pipeline of a table that was read."""
    return Pipeline(
        name=spec.name,
        task=card.task,
        summary=f"{spec.path.name}: {card.words}",
        classes=card.classes,
        epochs=next(n for most, n in _EPOCHS if most is None or card.n_train <= most),
        load=load,
        prepare=prepare_table,
        build=network,
        train=fit,
        evaluate=predict,
        spaces=_spaces(card.task, card.n_train),
        note="\n".join(card.notes),
        in_order="time" in spec.options,
    )


def _spaces(task: Task, n_rows: int) -> dict[str, SearchSpace]:
    space = SMALL if n_rows <= _FEW_ROWS else DENSE
    mixture = cocktail(task, "vectors")
    if task == "regression":
        return {"dense": for_values(space), "cocktail": mixture}
    return {"dense": space, "cocktail": mixture, "nas": NAS_TABLE}
