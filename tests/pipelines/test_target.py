import numpy as np
import pandas as pd
import pytest

from pipelines.target import read_target
from spaces.errors import DataError


def read(values, task=None):
    return read_target(pd.Series(values, name="y"), task=task)


@pytest.mark.parametrize(
    ("values", "classes"),
    [
        (["no", "yes"] * 3, ("no", "yes")),
        ([True, False] * 3, ("False", "True")),
        ([10, 9, 2] * 3, ("2", "9", "10")),
        ([1.0, 0.0] * 3, ("0", "1")),
    ],
)
def test_classes_are_guessed_and_it_says_so(values, classes):
    target = read(values)
    assert (target.task, target.classes) == ("classification", classes)
    assert target.y.dtype == np.int64
    names = [target.classes[number] for number in target.y]
    assert names == [f"{v:g}" if type(v) in (int, float) else str(v) for v in values]
    assert "guessed" in target.words


@pytest.mark.parametrize(
    "values", [[0.5, 1.5] * 3, list(range(11)) * 2, [1, 1, 2, 2, 3]]
)
def test_other_numbers_are_values(values):
    target = read(values)
    assert (target.task, target.classes) == ("regression", ())
    assert target.y.tolist() == values
    assert "guessed" in target.words


def test_what_was_asked_for_is_not_guessed():
    assert read([1, 2] * 3, "regression").y.dtype == np.float64
    chosen = read([0.5, 1.5] * 3, "classification")
    assert chosen.classes == ("0.5", "1.5")
    assert "guessed" not in chosen.words


@pytest.mark.parametrize(
    ("values", "task", "said"),
    [
        (["no"] * 5, None, "at least 2 different values"),
        ([1.5] * 5, "regression", "at least 2 different values"),
        (["a", "a", "b"], None, "got 1 of 'b'"),
        ([0.5, 1.5, 2.5], "classification", "use --task regression"),
        (["a", "b"] * 2, "regression", "finite numbers, got 'a' or the like in 4 of 4"),
        ([1.5, np.inf, 2.5], None, "finite numbers, got 'inf' or the like in 1 of 3"),
        ([1, 2] * 3, "clas", "did you mean 'classification'"),
        (np.repeat(np.arange(1001), 2), "classification", "at most 1,000 classes"),
    ],
)
def test_what_cannot_be_learned_is_refused(values, task, said):
    with pytest.raises(DataError, match=said):
        read(values, task)
