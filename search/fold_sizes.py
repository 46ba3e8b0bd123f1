"""How many rows the parts of folds have, for what scores on them share."""

from collections.abc import Iterable, Sequence
from typing import cast

from search.splitters import nominal_ratios
from search.types import Fold, Settings
from spaces.evaluation import ROWS
from spaces.space import Params


def sizes_of(folds: Iterable[Fold]) -> tuple[tuple[int, int], ...]:
    """Return the sizes of folds, for `Settings.fold_sizes`."""
    return tuple((len(fold.train), len(fold.valid)) for fold in folds)


def valid_over_train(settings: Settings, params: Sequence[Params]) -> list[float]:
    """Return each fold's validation rows over the training rows that were used.

    Of several configurations those count that used the fewest rows: what is said of
    all is rather too cautious for the others.

    Args:
        settings: The study's. One that was begun before sizes were recorded is read by
            its splitter, which knows shares but no numbers of rows.
        params: Of what was trained; `rows` says how many training rows it took.
    """
    sizes = settings.fold_sizes
    if not sizes:
        return nominal_ratios(settings.cv)
    limits = [cast(int, each[ROWS]) for each in params if ROWS in each]
    return [n_valid / min([n_train, *limits]) for n_train, n_valid in sizes]
