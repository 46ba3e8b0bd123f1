"""Where the handwritten digits come from: scikit-learn, cut once and for all."""

import numpy as np

from pipelines.part import Part, PartName
from pipelines.prepared import load_prepared

DIGITS_TEST_SHARE = 0.2
DIGITS_SEED = 0  # part of the data set's definition: never a study's seed


def load_digits(part: PartName) -> Part:
    """Load one half of the handwritten digits that ship inside scikit-learn.

    The 1,797 rows have no official test part; they are cut once and for all,
    stratified and shuffled.

    Args:
        part: Which half: train has 1,437 rows, test 360.

    Returns:
        X uint8 (n, 8, 8) in 0..16, y int64 (n,) in 0..9.

    Raises:
        DataError: The TUNEFOLD_DATA folder holds a damaged copy.

    Source: `sklearn.datasets.load_digits`; UCI, optical recognition of digits.
    """
    prepared = load_prepared("digits", part)
    if prepared is not None:
        return prepared
    from sklearn.datasets import load_digits as load_all
    from sklearn.model_selection import train_test_split

    data = load_all()
    train, test = train_test_split(
        np.arange(len(data.target)),
        test_size=DIGITS_TEST_SHARE,
        random_state=DIGITS_SEED,
        stratify=data.target,
    )
    rows = {"train": train, "test": test}[part]
    return Part(
        X=data.images[rows].astype(np.uint8),
        y=data.target[rows].astype(np.int64),
        source="scikit-learn",
    )
