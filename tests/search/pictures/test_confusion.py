import numpy as np
import pytest
from drawn import read_picture, share_of

from search.pictures.confusion import draw_confusion


def confident(y, n_classes, *, right):
    """Predictions that take so large a share of the rows for their class."""
    rng = np.random.default_rng(0)
    taken = np.where(rng.random(len(y)) < right, y, (y + 1) % n_classes)
    return np.eye(n_classes, dtype=np.float32)[taken]


@pytest.mark.parametrize(
    ("classes", "pixels_high"),
    [(tuple("0123456789"), 1305), (("trousers", "ankle boot", "bag"), 654)],
)
def test_a_confusion_matrix_grows_with_its_classes(path, classes, pixels_high):
    y = np.arange(300) % len(classes)
    predictions = [confident(y, len(classes), right=share) for share in (0.9, 0.8)]
    draw_confusion(path, y=y, predictions=predictions, classes=classes, title="t")
    height, width = read_picture(path).shape[:2]
    assert height == pixels_high
    assert width >= 750


def test_the_darkest_cells_are_where_the_classes_were_taken_for(path):
    y = np.arange(400) % 4
    classes = ("a", "b", "c", "d")

    def dark(*predictions):
        draw_confusion(path, y=y, predictions=predictions, classes=classes, title="")
        return share_of("#08306B", read_picture(path))  # the dark end of "Blues"

    right = np.eye(4, dtype=np.float32)[y]
    wrong = np.eye(4, dtype=np.float32)[(y + 1) % 4]
    assert dark(right) > 0.08  # the diagonal: a quarter of the matrix
    assert dark(right, wrong) < 0.02  # half each; what is left are the numbers


def test_percentages_are_of_the_true_class(path):
    y = np.array([0] * 100 + [1] * 2)  # half of the first class is taken for the other
    predictions = np.eye(2, dtype=np.float32)[[0] * 50 + [1] * 52]
    draw_confusion(path, y=y, predictions=[predictions], classes=("a", "b"), title="")
    above, below = (
        share_of("#08306B", half) for half in np.array_split(read_picture(path), 2)
    )
    # first class: 50 and 50 %, second class: 0 and 100 %; a little of the lower row
    # lies in the upper half
    assert below > 0.08 > above


def test_a_class_that_does_not_occur_is_drawn_without_a_warning(path):
    y = np.zeros(20, np.int64)
    predictions = np.eye(3, dtype=np.float32)[y]
    draw_confusion(
        path, y=y, predictions=[predictions], classes=("a", "b", "c"), title="t"
    )
    read_picture(path)
