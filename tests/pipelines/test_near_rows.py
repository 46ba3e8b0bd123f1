import numpy as np
import pytest
from scipy.sparse.csgraph import connected_components
from scipy.spatial.distance import pdist, squareform
from sklearn.datasets import load_digits, load_iris, load_wine

from pipelines.near_rows import NEAR, near_duplicate_groups

DIGITS = load_digits().images
WINE = load_wine().data


def pairs_of(X):
    """Groups of more than one row, as tuples of row numbers."""
    groups = near_duplicate_groups(X)
    found = {}
    for row, group in enumerate(groups):
        found.setdefault(group, []).append(row)
    assert all(group == rows[0] for group, rows in found.items())
    return {tuple(rows) for rows in found.values() if len(rows) > 1}


def normal(n, p, *, seed=0):
    return np.random.default_rng(seed).normal(size=(n, p))


def test_copies_with_a_little_noise_are_found_in_photos_and_tables():
    for X in (DIGITS[:500], WINE.astype(np.float32)):
        spread = X.std() if X.ndim > 2 else X.std(axis=0)
        noise = 0.03 * spread * np.random.default_rng(0).normal(size=X[:40].shape)
        expected = {(i, len(X) + i) for i in range(40)}
        assert pairs_of(np.concatenate([X, X[:40] + noise])) == expected
        # nobody would call three times the noise of NEAR the same
        assert pairs_of(np.concatenate([X, X[:40] + 10 * noise])) == set()


def test_real_data_without_copies_has_none_or_the_known_repeat():
    assert pairs_of(DIGITS) == set()
    assert pairs_of(WINE) == set()
    assert pairs_of(load_iris().data) == {(101, 142)}  # equal in the original, too


@pytest.mark.parametrize("p", [1, 2, 3, 5, 20, 100])
def test_independent_rows_are_no_copies_in_any_dimension(p):
    # the limit lets one pair through by chance; six are far beyond its Poisson spread
    assert len(pairs_of(normal(1000, p))) <= 6


@pytest.mark.parametrize("copies", [2, 5])
def test_data_that_is_nothing_but_copies_is_found_out(copies):
    X = np.concatenate(
        [
            DIGITS[:800] + normal(1, 64, seed=s).reshape(8, 8) * 0.1
            for s in range(copies)
        ]
    )
    assert len(pairs_of(X)) == 800


def test_units_and_offsets_do_not_count():
    X = np.concatenate([WINE, WINE[:20] * (1 + 0.002 * normal(20, 13))])
    groups = near_duplicate_groups(X)
    assert len(np.unique(groups)) == len(WINE)
    scaled = X * 10.0 ** np.arange(-6, 7) + 3.0
    assert np.array_equal(near_duplicate_groups(scaled), groups)


def test_pixels_count_as_they_are():
    # a pixel at the border, lit in a few photos only, would otherwise count most
    X = np.random.default_rng(0).integers(0, 256, (200, 12, 12)).astype(np.uint8)
    X[:, 0, 0] = 0
    X = np.concatenate([X, X[:10]])
    X[200:, 0, 0] = 40
    expected = {(i, 200 + i) for i in range(10)}
    assert pairs_of(X) == expected
    assert pairs_of(X.reshape(210, -1)) == expected  # bytes are pixels in a row, too


@pytest.mark.parametrize("p", [12, 60, 784])
def test_no_pair_is_lost_on_the_way(p):
    # in so many dimensions the first rule decides: all distances tell the same
    X = normal(1500, p) * np.linspace(1, 3, p)
    amounts = np.linspace(0, 2 * NEAR, 300)[:, None]  # across the limit
    X[1200:] = X[:300] + amounts * normal(300, p, seed=1) * np.linspace(1, 3, p)
    near = pdist(X) <= NEAR * np.sqrt(2 * X.var(axis=0).sum())
    _, component = connected_components(squareform(near))
    _, first, group = np.unique(component, return_index=True, return_inverse=True)
    groups = near_duplicate_groups(X[:, None])
    assert np.array_equal(groups, first[group])
    # of two rows' difference the limit is NEAR: the noise crosses it at 1.41 NEAR
    assert 1250 < len(np.unique(groups)) < 1310


def test_chains_are_one_group():
    # a film: each frame is near the next, the first is not near the last
    film = normal(1, 50) + np.linspace(0, 3, 60)[:, None] * normal(1, 50, seed=1) / 5
    X = np.concatenate([normal(500, 50, seed=2), film])
    assert pairs_of(X) == {tuple(range(500, 560))}


def test_thousands_of_blank_photos_are_one_group():
    # 4.5 million pairs, most of which need no second look
    rng = np.random.default_rng(0)
    blank = rng.integers(0, 4, (3000, 20, 20))
    other = rng.integers(0, 256, (6000, 20, 20))
    X = np.concatenate([blank, other]).astype(np.uint8)
    assert pairs_of(X) == {tuple(range(3000))}


def test_equal_rows_count_whatever_the_numbers():
    X = np.array([[1, 1], [0, 1], [1, 1], [0, 1], [1, 0]])
    for dtype in (bool, np.int8, np.uint8, np.int64, np.float32):
        assert near_duplicate_groups(X.astype(dtype)).tolist() == [0, 1, 0, 1, 4]
    assert near_duplicate_groups(X[:, :1]).tolist() == [0, 1, 0, 1, 0]
    lattice = np.random.default_rng(0).integers(0, 3, (300, 2))
    assert len(np.unique(near_duplicate_groups(lattice))) == 9


@pytest.mark.parametrize("shape", [(0, 3), (1, 3), (2, 3), (3, 1), (5, 0)])
def test_hardly_any_data_is_no_error(shape):
    X = np.arange(np.prod(shape), dtype=float).reshape(shape)
    groups = near_duplicate_groups(X)
    assert groups.dtype == np.int64
    assert groups.tolist() == list(range(shape[0]))


def test_missing_values_and_giants_are_no_error():
    X = normal(300, 8)
    X[3, 2] = np.nan
    X[4] = np.inf
    X[5] = 1e3
    X = np.concatenate([X, X[:10] + 1e-3])
    found, copies = pairs_of(X), {(i, 300 + i) for i in range(10)}
    assert found >= copies
    assert len(found - copies) <= 3  # the limit lets one through by chance


def test_constant_features_are_no_error():
    X = np.concatenate([normal(200, 5), np.ones((200, 3))], axis=1)
    assert pairs_of(X) == set()
    assert len(pairs_of(np.ones((50, 4)))) == 1


def test_text_is_refused():
    with pytest.raises(TypeError, match="near-duplicates need numbers, got <U3"):
        near_duplicate_groups(np.array([["abc"], ["abd"]]))


def test_the_same_data_gives_the_same_groups_and_moves_no_generator():
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    X = np.concatenate([WINE, WINE[::9] * 1.001])
    assert np.array_equal(near_duplicate_groups(X), near_duplicate_groups(X.copy()))
    assert np.array_equal(np.random.get_state()[1], before)  # noqa: NPY002


def test_texts_as_counts_of_words():
    rng = np.random.default_rng(0)
    counts = rng.poisson(rng.pareto(1.2, 1500) * 0.01, (400, 1500))
    X = np.concatenate([counts, counts[:15]])
    X[400:, counts.sum(axis=0).argmax()] += 1  # a common word once more
    assert pairs_of(X) == {(i, 400 + i) for i in range(15)}
