"""The best trial's out-of-fold predictions, or why there are none to show."""

from search.figures.enough import enough
from search.figures.figure import NothingToShowError
from search.figures.material import Material
from search.out_of_fold import OutOfFold


def predictions_of(material: Material) -> OutOfFold:
    """Return the predictions of the best trial.

    Raises:
        NothingToShowError: There is no complete trial, or none are stored.
    """
    enough(material, 1)
    if material.predictions is None:
        raise NothingToShowError(
            f"the predictions of the best trial, {material.ranked[0].number}, are not "
            "stored in its run"
        )
    return material.predictions
