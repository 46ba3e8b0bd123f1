"""Capacity and training rows as one grid, everything else fixed."""

from collections.abc import Sequence

from spaces.evaluation import ROWS
from spaces.params import Choice, Scalar
from spaces.space import SearchSpace


def learning_curve(*, widths: Sequence[int], rows: Sequence[int]) -> SearchSpace:
    """Return a space for the sampler `grid`: each width with each number of rows.

    The networks have two hidden layers of one width and no regularization, so that
    capacity and data alone make the difference. Batches are small: an epoch over few
    rows would otherwise be one step. All have equally many epochs, and so fewer steps
    with fewer rows: give enough `--epochs` for the best to lie before the last.

    Args:
        widths: Of both layers.
        rows: Training rows of a fold; the most must not be above the smallest fold's.

    Example:
        >>> space = learning_curve(widths=(8, 64), rows=(100, 200, 400))
        >>> [len(param.options) for param in space.params.values()]
        [2, 3, 1, 1, 1, 1, 1]
    """
    fixed: dict[str, Scalar] = {
        "n_layers": 2,
        "activation": "relu",
        "optimizer": "adam",
        "learning_rate": 1e-3,
        "batch_size": 32,
    }
    return SearchSpace(
        {
            "width": Choice(options=tuple(widths)),
            ROWS: Choice(options=tuple(rows)),
            **{name: Choice(options=(value,)) for name, value in fixed.items()},
        }
    )
