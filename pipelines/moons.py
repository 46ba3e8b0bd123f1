"""Two moons: points in a plane, two classes that hold each other.

Source: scikit-learn's `make_moons` (BSD-3 package), drawn once and for all with noise
.25: 200 training points, few enough for a large network to learn them by heart, and
2,000 test points. No network needed.

Predicted: the moon a point belongs to, by accuracy. The classes overlap. The best of
three trials of 60 epochs reached .845 in 5-fold cross-validation, in a minute. Three
plain layers of 256 units overfit (`adam`, rate .003, batches of 32): their validation
log-loss rises from .08 after 20 epochs to .24 after 100, while that of training falls
from .11 to .03.

    tunefold search moons
"""

from pipelines.fitting import fit, predict
from pipelines.models import network
from pipelines.part import Part, PartName
from pipelines.pipeline import Pipeline
from pipelines.prepared import load_prepared
from pipelines.vectors import scale_columns
from spaces.nas import NAS_TABLE
from spaces.small import SMALL

NOISE = 0.25
"""Standard deviation of the points around their moon, whose radius is 1."""

SIZES: dict[PartName, int] = {"train": 200, "test": 2000}
SEEDS: dict[PartName, int] = {"train": 0, "test": 1}
"""Part of the data set's definition: never a study's seed."""


def load_moons(part: PartName) -> Part:
    """Draw one half of the points.

    Args:
        part: Which half: train has 200 points, test 2,000, half of them of each moon.

    Returns:
        X float64 (n, 2), y int64 (n,): 0 for the upper moon, 1 for the lower.

    Raises:
        DataError: The TUNEFOLD_DATA folder holds a damaged copy.
    """
    prepared = load_prepared("moons", part)
    if prepared is not None:
        return prepared
    from sklearn.datasets import make_moons

    X, y = make_moons(SIZES[part], noise=NOISE, random_state=SEEDS[part])
    return Part(X, y.astype("int64"), source="scikit-learn")


PIPELINE = Pipeline(
    name="moons",
    task="classification",
    summary="2,200 points in a plane, 2 classes; drawn by scikit-learn",
    classes=("upper moon", "lower moon"),
    epochs=100,
    load=load_moons,
    prepare=scale_columns,
    build=network,
    train=fit,
    evaluate=predict,
    spaces={"dense": SMALL, "nas": NAS_TABLE},
)
