import numpy as np
import pytest

from search.figures.figure import NothingToShowError
from search.figures.residuals import MAX_POINTS, caption, compute, plots
from search.out_of_fold import OutOfFold


def values(n):
    y = np.linspace(0, 50, n)
    return OutOfFold(
        rows=np.arange(n),
        fold=np.zeros(n, int),
        y=y,
        predictions=(y + 1).astype(np.float32),
    )


def test_a_residual_is_true_minus_predicted(make_study):
    study = make_study(2, metrics=("mse",), unit="k$", predictions=values(30))
    left, right = plots(compute(study))
    assert right["data"][0]["y"] == pytest.approx([-1.0] * 30, abs=1e-4)
    assert left["layout"]["xaxis"]["title"]["text"] == "true value (k$)"


def test_a_browser_gets_so_many_points_only(make_study):
    n = 5 * MAX_POINTS // 2
    study = make_study(2, metrics=("mse",), predictions=values(n))
    found = compute(study)
    assert len(found.y) == n
    assert all(len(p["data"][0]["x"]) <= MAX_POINTS for p in plots(found))
    assert "A browser shows one in 3." in caption(found)


def test_classes_have_no_residuals(make_study):
    with pytest.raises(NothingToShowError, match="the target is a class"):
        compute(make_study(2))
