import numpy as np
import pytest

from search.figures.confusion import caption, compute, plots
from search.figures.figure import NothingToShowError


def test_shares_are_of_the_true_class(make_study, make_out_of_fold):
    found = compute(
        make_study(2, predictions=make_out_of_fold(), classes=("a", "b", "c"))
    )
    assert found.shares.sum(axis=1) == pytest.approx([1, 1, 1])
    assert found.counts == [100, 100, 100]
    assert found.classes == ("a", "b", "c")
    # by construction a fifth of each class is taken for the next one
    assert found.shares[0, 1] == pytest.approx(0.2, abs=0.1)
    assert found.shares[0, 2] == 0
    assert "Most often '" in caption(found)


def test_nothing_confused(make_study, make_out_of_fold):
    predictions = make_out_of_fold()
    predictions.predictions[:] = np.eye(3)[predictions.y]
    assert "Nothing is confused" in caption(
        compute(make_study(2, predictions=predictions))
    )


def test_classes_without_names_are_numbered(make_study, make_out_of_fold):
    study = make_study(2, predictions=make_out_of_fold(), classes=("too", "few"))
    assert compute(study).classes == ["0", "1", "2"]


def test_classes_of_one_name_stay_apart(make_study, make_out_of_fold):
    names = ("x" * 30 + "1", "x" * 30 + "2", "y")
    study = make_study(2, predictions=make_out_of_fold(), classes=names)
    (plot,) = plots(compute(study))
    assert plot["data"][0]["x"] == [0, 1, 2]


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({}, "of the best trial, [0-9]+, are not stored"),
        ({"n_classes": 50}, "50 classes, more than the 40"),
        ({"metrics": ("mse",)}, "the target is a number"),
    ],
)
def test_why_it_is_missing(fields, reason, make_study, make_out_of_fold):
    n_classes = fields.pop("n_classes", None)
    predictions = n_classes and make_out_of_fold(n_classes=n_classes)
    with pytest.raises(NothingToShowError, match=reason):
        compute(make_study(2, predictions=predictions, **fields))
