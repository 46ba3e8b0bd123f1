"""Preparation that text pipelines share: which words a text holds.

A bag of words forgets their order; pairs of neighbouring words keep some of it.
pandas, SciPy and scikit-learn are imported where they are used: looking at a pipeline's
name or space must not cost the second of their import.

Source: Chollet, Deep Learning with Python, 2nd ed., 2021, section 11.3.2.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from pipelines.pipeline import Transform
from pipelines.tokens import PADDING
from spaces.params import Scalar

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

_NO_WORDS = np.array([PADDING], np.uint64)  # a column of zeros: a network needs one


def bag_of_words(
    X: NDArray[Any],
    y: NDArray[Any],  # noqa: ARG001  (every `prepare` receives the targets too)
    params: Mapping[str, Scalar],
) -> Transform:
    """Learn the most frequent words of the training texts and, if asked, their weights.

    A word is as frequent as the texts that hold it are many; of equally frequent ones
    those with the smaller hash are taken.

    Args:
        X: Training texts, uint32 (n, length) as `pipelines.tokens` writes them.
        y: Not used.
        params: `n_words`, how many are kept; `ngrams`, 1 for words alone or 2 for words
            and pairs of neighbouring words together; `weighting`, "multi-hot" (1 where
            the text holds the word) or "tf-idf" (scikit-learn's `TfidfTransformer`
            with 1 + log of the counts, each text of length 1).

    Returns:
        A function from texts uint32 (m, any length) to a float32 CSR matrix
        (m, k), k = `n_words` or, where the training texts hold fewer, as many as they
        hold, and at least 1. Words that are not kept count as absent.
    """
    ngrams = cast(int, params["ngrams"])
    vocabulary = _most_frequent(X, ngrams, limit=cast(int, params["n_words"]))
    if params["weighting"] == "multi-hot":
        return lambda texts: _count(texts, ngrams, vocabulary).sign()
    from sklearn.feature_extraction.text import TfidfTransformer

    weights = TfidfTransformer(sublinear_tf=True).fit(_count(X, ngrams, vocabulary))
    return lambda texts: weights.transform(_count(texts, ngrams, vocabulary))


def _most_frequent(X: NDArray[Any], ngrams: int, *, limit: int) -> NDArray[np.uint64]:
    """Return the words that most texts hold, the most frequent first."""
    import pandas as pd

    rows, words = _occurrences(X, ngrams)
    numbers, known = pd.factorize(words)  # by a hash table: far faster than np.unique
    if len(known) == 0:
        return _NO_WORDS
    pairs = _matrix(rows, numbers, shape=(len(X), len(known)))
    n_texts = np.bincount(pairs.indices, minlength=len(known))
    return known[np.lexsort((known, -n_texts))[:limit]]


def _count(
    X: NDArray[Any], ngrams: int, vocabulary: NDArray[np.uint64]
) -> "csr_matrix":
    """Count in each text the words of the vocabulary."""
    import pandas as pd

    rows, words = _occurrences(X, ngrams)
    columns = pd.Index(vocabulary).get_indexer(pd.Index(words))
    kept = columns >= 0
    return _matrix(rows[kept], columns[kept], shape=(len(X), len(vocabulary)))


def _occurrences(
    X: NDArray[Any], ngrams: int
) -> tuple[NDArray[np.int32], NDArray[np.uint64]]:
    """List the words of all texts: row and word, twice (occurrences,).

    A pair of neighbours is one number of 64 bits: no two pairs share one.
    """
    present = np.asarray(X) != PADDING
    rows = np.repeat(np.arange(len(X), dtype=np.int32), present.sum(axis=1))
    words = X[present].astype(np.uint64)
    if ngrams == 1:
        return rows, words
    neighbours = rows[1:] == rows[:-1]
    pairs = (words[:-1] << np.uint64(32) | words[1:])[neighbours]
    return (
        np.concatenate([rows, rows[1:][neighbours]]),
        np.concatenate([words, pairs]),
    )


def _matrix(
    rows: NDArray[Any], columns: NDArray[Any], *, shape: tuple[int, int]
) -> "csr_matrix":
    """Count how often each cell occurs."""
    from scipy.sparse import csr_matrix

    counts = csr_matrix((np.ones(len(rows), np.float32), (rows, columns)), shape=shape)
    counts.sum_duplicates()
    return counts
