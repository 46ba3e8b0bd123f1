"""Rows of a batch mixed with each other, or a part of each left out.

Every row has a draw of its own. Targets are mixed as the rows are: one-hot classes
become shares, values a weighted mean.
"""

import numpy as np
from numpy.typing import NDArray

from pipelines.batches import Batch


def mix_up(
    X: NDArray[np.float32],
    y: NDArray[np.float32],
    rng: np.random.Generator,
    *,
    alpha: float,
) -> Batch:
    """Replace each row by a weighted mean of itself and another one.

    Args:
        X: Rows of any shape, float32 (n, ...).
        y: Targets, float32 (n, n_outputs).
        rng: Draws partners and weights.
        alpha: The weights come from Beta(alpha, alpha): small, and most are near 0 or
            1; at 1 all are equally likely.

    Source: Zhang et al. 2018, arXiv:1710.09412, section 2.
    """
    partner = rng.permutation(len(X))
    own = rng.beta(alpha, alpha, size=len(X)).astype(np.float32)
    return _mean(X, X[partner], own), _mean(y, y[partner], own)


def cut_mix(
    X: NDArray[np.float32],
    y: NDArray[np.float32],
    rng: np.random.Generator,
    *,
    alpha: float,
) -> Batch:
    """Replace a part of each row by the same part of another one.

    The part is a rectangle of an image, in its proportions, or random columns of a
    vector. A rectangle may reach over the border; targets count the pixels that were
    replaced.

    Args:
        X: Images, float32 (n, h, w) or (n, h, w, channels), or vectors (n, columns).
        y: Targets, float32 (n, n_outputs).
        rng: Draws partners, sizes and places.
        alpha: The share that stays comes from Beta(alpha, alpha).

    Source: Yun et al. 2019, arXiv:1905.04899, equations 1 and 2; for vectors Kadra et
    al. 2021, arXiv:2106.11189.
    """
    partner = rng.permutation(len(X))
    replaced = _part(X, 1 - rng.beta(alpha, alpha, size=len(X)), rng)
    own = 1 - replaced.reshape(len(X), -1).mean(axis=1, dtype=np.float32)
    return np.where(replaced, X[partner], X), _mean(y, y[partner], own)


def cut_out(
    X: NDArray[np.float32],
    y: NDArray[np.float32],
    rng: np.random.Generator,
    *,
    strength: float,
) -> Batch:
    """Set a part of each row to 0, which is the mean of standardised rows.

    Args:
        X: Images, float32 (n, h, w) or (n, h, w, channels), or vectors (n, columns).
        y: Targets; they stay.
        rng: Draws the places, and of vectors the shares.
        strength: Of an image, the sides of the rectangle as a share of its sides; the
            centre is any pixel, so that a part may lie outside. Of a vector, each
            column is left out with a probability that each row draws from
            [0, strength].

    Source: DeVries and Taylor 2017, arXiv:1708.04552, section 3.2.
    """
    if X.ndim > 2:
        shares = np.full(len(X), strength**2)
    else:
        shares = rng.uniform(0, strength, size=len(X))
    return np.where(_part(X, shares, rng), np.float32(0), X), y


def drop_words(
    X: NDArray[np.float32],
    y: NDArray[np.float32],
    rng: np.random.Generator,
    *,
    probability: float,
) -> Batch:
    """Leave out words of each bag; those that stay keep their weights.

    Args:
        X: Bags of words, float32 (n, words).
        y: Targets; they stay.
        rng: Draws for each word of each text.
        probability: That a word is left out, in [0, 1).

    Source: Iyyer et al. 2015, Deep Unordered Composition Rivals Syntactic Methods for
    Text Classification, ACL, section 3.
    """
    kept = rng.random(X.shape, dtype=np.float32) >= probability
    return X * kept, y


def _mean(
    one: NDArray[np.float32], other: NDArray[np.float32], share: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Return the mean of two arrays (n, ...), the first with weights (n,)."""
    share = share.reshape(-1, *[1] * (one.ndim - 1))
    return share * one + (1 - share) * other


def _part(
    X: NDArray[np.float32], shares: NDArray[np.float64], rng: np.random.Generator
) -> NDArray[np.bool_]:
    """Choose about these shares (n,) of each row: bool, of the shape of X or of (n, h,
    w, 1).
    """
    if X.ndim == 2:
        return rng.random(X.shape) < shares[:, None]
    down, across = (
        _stretch(size, np.sqrt(shares) * size, rng) for size in X.shape[1:3]
    )
    chosen: NDArray[np.bool_] = down[:, :, None] & across[:, None, :]
    return chosen if X.ndim == 3 else chosen[..., None]


def _stretch(
    size: int, lengths: NDArray[np.float64], rng: np.random.Generator
) -> NDArray[np.bool_]:
    """Choose pixels of a line round a random centre, bool (n, size)."""
    first = np.rint(rng.uniform(0, size, size=len(lengths)) - lengths / 2)
    pixels = np.arange(size)
    start = first[:, None]
    chosen: NDArray[np.bool_] = (pixels >= start) & (
        pixels < start + np.rint(lengths)[:, None]
    )
    return chosen
