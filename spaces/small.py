"""Dense networks for tables: targets that are numbers, and few rows."""

from spaces.dense import DENSE, OPTIMISATION, REGULARIZATION, capacity
from spaces.params import Choice, Float
from spaces.space import SearchSpace


def for_values(space: SearchSpace) -> SearchSpace:
    """Return a space for targets that are numbers.

    It is without what needs classes, and with smaller rates for `sgd`: a squared error
    has no largest gradient, and the rates for classes make it infinite.
    """
    params = {n: param for n, param in space.params.items() if n != "label_smoothing"}
    if "sgd_learning_rate" in params:
        when = params["sgd_learning_rate"].when
        params["sgd_learning_rate"] = Float(low=3e-4, high=3e-2, log=True, when=when)
    return SearchSpace(params)


SMALL = (
    capacity(3)
    | REGULARIZATION
    | SearchSpace({**OPTIMISATION.params, "batch_size": Choice(options=(16, 32, 64))})
)
"""Up to three layers, for some hundred rows: with larger batches an epoch would be a
handful of steps."""

DENSE_VALUES = for_values(DENSE)
"""`DENSE` for a regression."""

SMALL_VALUES = for_values(SMALL)
"""`SMALL` for a regression."""
