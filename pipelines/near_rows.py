"""Rows that are nearly the same, in data of any unit and any number of features."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

NEAR = 0.1
"""Near-duplicates differ by at most this share of what two rows differ by."""

_SAMPLE = 5000  # rows drawn to learn spread and density from
_PROJECTED = 300  # of these, for the directions of the projection
_CHUNK = 2000  # rows or pairs at once: of photos of 784 pixels 13 MB in float64
_DIRECTIONS = 48  # at least: fewer let more pairs through to the exact check
_BLOCK = 500  # rows compared with all others: 60,000 distances each are 120 MB
_NEIGHBOUR = 20  # whose distance tells how dense the rows lie


def near_duplicate_groups(X: NDArray[Any]) -> NDArray[np.int64]:
    """Put rows that are nearly the same into one group, directly or through others.

    Two rows are near-duplicates when they are equal, or when their Euclidean
    distance is at most the smaller of two:

    - `NEAR` times the distance of two rows drawn at random (root mean square), a
      measure without a unit: what differs by a tenth as much as strangers do is
      the same thing once more, such as another take of one piece of clothing.
    - The distance at which n rows drawn independently would have one such pair by
      chance. In few dimensions rows lie so dense that the first rule alone would
      take chance for copies: of 1,000 random numbers most have a neighbour within a
      thousandth of their range. It follows from the distance of the
      20th neighbour and from the dimension that the growth from the 10th to the
      20th tells (Levina and Bickel 2004, Maximum likelihood estimation of
      intrinsic dimension, section 2).

    Pixels and other arrays of like values, (n, height, width) or bytes, count as
    they are; the features of a table, each with its own unit, are divided by their
    standard deviations. Missing and infinite values count as the feature's mean.
    Where most rows of 5,000 or fewer have ten copies or more, copies look like
    density, and only equal rows are found.

    Words of a text (uint32, see `pipelines.tokens`) are names, not amounts: only rows
    of the same words in the same order are found.

    Args:
        X: Rows first, (n, ...); integers, floats or booleans.

    Returns:
        int64 (n,): the group of each row, named by the number of its first row.
        The same X gives the same groups.

    Raises:
        TypeError: The values are no numbers.

    Example:
        >>> near_duplicate_groups(np.array([[0.0, 1.0], [5.0, 3.0], [0.0, 1.0]]))
        array([0, 1, 0])
    """
    if X.dtype.kind not in "biuf":
        raise TypeError(f"near-duplicates need numbers, got {X.dtype}")
    if X.size == 0:
        return np.arange(len(X))
    rows = np.ascontiguousarray(X).reshape(len(X), -1)
    each_as_one = rows.view(np.dtype((np.void, rows.itemsize * rows.shape[1])))
    _, first, equal = np.unique(
        each_as_one.ravel(), return_index=True, return_inverse=True
    )
    if X.dtype == np.uint32:
        return first[equal].astype(np.int64)
    group = _join_near(rows, first, one_unit=X.ndim > 2 or X.dtype == np.uint8)
    _, first, group = np.unique(group[equal], return_index=True, return_inverse=True)
    return first[group].astype(np.int64)


@dataclass(frozen=True, eq=False)
class _Scaled:
    """Rows whose differences can be compared, read a few at a time."""

    rows: NDArray[Any]
    centre: NDArray[np.float64]
    unit: NDArray[np.float64]

    def take(self, numbers: NDArray[np.intp]) -> NDArray[np.float64]:
        scaled = (self.rows[numbers] - self.centre) / self.unit
        if self.rows.dtype.kind == "f":
            np.nan_to_num(scaled, copy=False, posinf=0.0, neginf=0.0)
        return scaled


def _join_near(
    rows: NDArray[Any], numbers: NDArray[np.intp], *, one_unit: bool
) -> NDArray[np.intp]:
    """Return a group for each position in `numbers`; all these rows differ."""
    n = len(numbers)
    group = np.arange(n)
    chosen = np.random.default_rng(0).permutation(n)[:_SAMPLE]
    scaled = _scale(rows, numbers[chosen], one_unit=one_unit)
    sample = scaled.take(numbers[chosen])
    radius = _radius(sample, n)
    if radius == 0:
        return group
    directions = _directions(sample)
    projected = np.concatenate(
        [scaled.take(numbers[some]) @ directions.T for some in _chunks(np.arange(n))]
    )
    for pairs in _candidates((projected / radius).clip(-1e9, 1e9)):
        for some in _chunks(pairs):
            # thousands of blank photos have millions of pairs, few of which are news
            apart = some[group[some[:, 0]] != group[some[:, 1]]]
            near = apart[_distances(scaled, numbers[apart]) <= radius]
            if len(near):
                group = _join(group, near)
    return group


def _join(group: NDArray[np.intp], pairs: NDArray[np.intp]) -> NDArray[np.intp]:
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    links = (np.ones(len(pairs)), group[pairs].T)
    _, joined = connected_components(
        coo_array(links, shape=(len(group), len(group))), directed=False
    )
    return np.asarray(joined[group])


def _directions(sample: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return orthonormal rows, (d, p), along which strangers lie apart.

    A projection on them makes no distance larger: it loses no pair. Where 300 can,
    they hold a quarter of the spread, so that strangers stay at half their distance:
    photos need few directions for that, texts hundreds.
    """
    found = np.linalg.svd(sample[:_PROJECTED], full_matrices=False)[2]
    held = ((sample @ found.T) ** 2).sum(axis=0).cumsum()
    return found[: max(_DIRECTIONS, np.searchsorted(held, (sample**2).sum() / 4) + 1)]


def _candidates(points: NDArray[np.float64]) -> Iterator[NDArray[np.intp]]:
    """Yield pairs of rows, (m, 2): all at a distance of at most 1, and some others."""
    order = points[:, 0].argsort(kind="stable")
    points = points[order].astype(np.float32)
    # |a - b|^2 = |a|^2 + |b|^2 - 2 ab as one product; a little less than that, for
    # float32 rounds at the seventh digit of each term
    squares = (points**2).sum(axis=1, keepdims=True) * (1 - 1e-4)
    ones = np.ones_like(squares)
    left = np.hstack([points * -2, squares, ones])
    right = np.hstack([points, ones, squares]).T
    for begin in range(0, len(points), _BLOCK):
        block = left[begin : begin + _BLOCK]
        # further rows are further apart in the first direction alone
        last = points[begin : begin + _BLOCK, 0][-1]
        end = np.searchsorted(points[:, 0], last + 1.01)
        hits = np.flatnonzero(block @ right[:, begin:end] <= 1)
        first, second = np.divmod(hits, end - begin)
        ahead = first < second
        yield order[np.stack([first[ahead], second[ahead]], axis=1) + begin]


def _scale(rows: NDArray[Any], numbers: NDArray[np.intp], *, one_unit: bool) -> _Scaled:
    sample = rows[numbers].astype(np.float64)
    known = np.ma.masked_invalid(sample, copy=False)
    centre = known.mean(axis=0).filled(0.0)
    spread = known.std(axis=0).filled(0.0)
    unit = np.where((spread == 0) | one_unit, 1.0, spread)
    return _Scaled(rows, centre, unit)


def _radius(sample: NDArray[np.float64], n: int) -> float:
    """Return the largest distance of near-duplicates among n rows like the sample."""
    from sklearn.neighbors import NearestNeighbors

    size = len(sample)
    last = min(_NEIGHBOUR, size - 1)
    middle = last // 2
    if middle == 0:
        return 0.0
    neighbours = NearestNeighbors(n_neighbors=last, algorithm="brute").fit(sample)
    distances, _ = neighbours.kneighbors()  # of each row, itself left out
    near, far = distances[:, [middle - 1, last - 1]].T
    near, far = near[near > 0], far[near > 0]
    if not (near < far).any():  # equal rows everywhere, or a lattice
        return 0.0
    growth = np.log(far / near).mean()
    dimension = (1 / np.arange(middle, last)).sum() / growth
    # a ball of that many dimensions around each row, n / 2 times, holds one other row
    expected = n / 2 * last * n / size
    by_chance = np.median(far) * expected ** (-1 / dimension)
    strangers = np.sqrt(2 * sample.var(axis=0).sum())
    return float(min(NEAR * strangers, by_chance))


def _distances(scaled: _Scaled, pairs: NDArray[np.intp]) -> NDArray[np.float64]:
    difference = scaled.take(pairs[:, 0]) - scaled.take(pairs[:, 1])
    distances: NDArray[np.float64] = np.linalg.norm(difference, axis=1)
    return distances


def _chunks(numbers: NDArray[np.intp]) -> Iterator[NDArray[np.intp]]:
    for begin in range(0, len(numbers), _CHUNK):
        yield numbers[begin : begin + _CHUNK]
