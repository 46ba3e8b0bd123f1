import numpy as np
import pytest
import scipy.sparse

from pipelines.resampling import class_weights, n_resampled, resampled

Y = np.repeat([0, 1, 3], [50, 20, 7])  # class 2 has no row
X = np.arange(77, dtype=np.float32)[:, None]


def start(seed):
    np.random.seed(seed)  # noqa: NPY002


def state():
    return np.random.get_state()[1].tolist()  # noqa: NPY002


@pytest.mark.parametrize(("kind", "n_each"), [("over", 50), ("under", 7)])
def test_classes_become_equal(kind, n_each):
    start(0)
    rows, y = resampled(X, Y, {"resample": kind})
    assert np.bincount(y).tolist() == [n_each, n_each, 0, n_each]
    assert len(y) == n_resampled(Y, {"resample": kind})
    numbers = rows[:, 0].astype(int)
    assert np.array_equal(Y[numbers], y)  # each row with its own class
    times = np.bincount(numbers, minlength=77)
    for number in np.unique(Y):
        assert np.ptp(times[number == Y]) <= 1  # none is drawn more than others
    assert times.min() == (1 if kind == "over" else 0)


def test_the_draw_is_that_of_numpys_global_seed():
    draws = []
    for seed in (1, 1, 2):
        start(seed)
        draws.append(resampled(X, Y, {"resample": "under"})[0].ravel().tolist())
    assert draws[0] == draws[1] != draws[2]


def test_sparse_rows_are_drawn_as_well():
    rows, y = resampled(scipy.sparse.csr_matrix(X), Y, {"resample": "over"})
    assert rows.shape == (150, 1)
    assert np.array_equal(Y[rows.toarray()[:, 0].astype(int)], y)


@pytest.mark.parametrize("params", [{}, {"resample": "none", "class_weights": False}])
def test_off_is_off(params):
    start(0)
    before = state()
    assert all(a is b for a, b in zip(resampled(X, Y, params), (X, Y), strict=True))
    assert n_resampled(Y, params) == 77
    assert class_weights(Y, params) is None
    assert state() == before


def test_weighed_classes_count_equally_and_rows_once_on_average():
    weights = class_weights(Y, {"class_weights": True})
    assert list(weights) == [0, 1, 3]
    totals = [weights[c] * (c == Y).sum() for c in weights]
    assert totals == pytest.approx([77 / 3] * 3)


def test_numbers_have_no_classes():
    values = Y.astype(np.float64)
    for call in (
        lambda: resampled(X, values, {"resample": "over"}),
        lambda: n_resampled(values, {"resample": "under"}),
        lambda: class_weights(values, {"class_weights": True}),
    ):
        with pytest.raises(ValueError, match=r"^\w+: needs classes, the target is"):
            call()
    assert n_resampled(values, {}) == 77
