import numpy as np
import pytest
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer

from pipelines.bag_of_words import bag_of_words
from pipelines.tokens import hash_texts, hash_word

TEXTS = [
    "good film good film",
    "bad film",
    "good good good",
    "a bad bad film with a good end",
    "",
    "film",
]


def learn(texts, *, n_words=100, ngrams=1, weighting="multi-hot"):
    X = hash_texts(texts)
    params = {"n_words": n_words, "ngrams": ngrams, "weighting": weighting}
    return bag_of_words(X, np.zeros(len(X)), params)


def sorted_columns(matrix):
    """Columns in an order of their own content: the words' order does not matter."""
    dense = matrix.toarray()
    return dense[:, np.lexsort(dense)]


@pytest.mark.parametrize("ngrams", [1, 2])
def test_multi_hot_is_scikit_learns(ngrams):
    found = learn(TEXTS, ngrams=ngrams)(hash_texts(TEXTS))
    assert isinstance(found, csr_matrix)
    assert found.dtype == np.float32
    words = CountVectorizer(
        binary=True, ngram_range=(1, ngrams), token_pattern=r"\S+"
    ).fit_transform(TEXTS)
    assert np.array_equal(sorted_columns(found), sorted_columns(words))


@pytest.mark.parametrize("ngrams", [1, 2])
def test_weights_are_scikit_learns(ngrams):
    found = learn(TEXTS, ngrams=ngrams, weighting="tf-idf")(hash_texts(TEXTS))
    counts = CountVectorizer(
        ngram_range=(1, ngrams), token_pattern=r"\S+"
    ).fit_transform(TEXTS)
    wanted = TfidfTransformer(sublinear_tf=True).fit_transform(counts)
    assert found.dtype == np.float32
    # single precision
    assert np.allclose(sorted_columns(found), sorted_columns(wanted), rtol=1e-6)


def test_the_words_of_most_texts_are_kept_the_most_frequent_first():
    # film stands in four texts, good in three (seven times), bad in two
    for n_words, kept in ((1, ["film"]), (2, ["film", "good"])):
        found = learn(TEXTS, n_words=n_words)(hash_texts(kept))
        assert np.array_equal(found.toarray(), np.eye(n_words))
    assert learn(TEXTS)(hash_texts(TEXTS)).shape == (6, 6)  # as many as there are


def test_of_equally_frequent_words_the_smaller_hash_is_taken():
    words = ["one", "two", "three", "four"]
    smallest = min(words, key=lambda word: hash_word(word.encode()))
    for order in (words, words[::-1]):
        transform = learn([" ".join(order)], n_words=1)
        found = transform(hash_texts([smallest, *words]))
        assert found.toarray().ravel().tolist()[0] == 1
        assert found.sum() == 2


def test_pairs_are_neighbours_of_one_text_in_their_order():
    transform = learn(["b c", "a b", "x"], ngrams=2)
    assert transform(hash_texts(["b c"])).sum() == 3  # b, c, b c
    assert transform(hash_texts(["c b"])).sum() == 2
    assert transform(hash_texts(["c a"])).sum() == 2  # across two texts: no pair
    assert transform(hash_texts(["c x"])).sum() == 2


def test_other_texts_change_nothing_and_their_new_words_are_absent():
    for weighting in ("multi-hot", "tf-idf"):
        transform = learn(TEXTS, weighting=weighting)
        before = transform(hash_texts(TEXTS)).toarray()
        new = transform(hash_texts(["never seen words " * 50, "film"]))
        assert new[0].nnz == 0
        assert new[1].nnz == 1
        assert np.array_equal(transform(hash_texts(TEXTS)).toarray(), before)


@pytest.mark.parametrize("weighting", ["multi-hot", "tf-idf"])
def test_texts_without_words_have_one_empty_column(weighting):
    transform = learn(["", "?"], weighting=weighting)
    found = transform(hash_texts(["some words", ""]))
    assert found.shape == (2, 1)
    assert found.nnz == 0


def test_a_large_set_is_never_made_dense(monkeypatch):
    import tracemalloc

    rng = np.random.default_rng(0)
    # frequencies of words as in a language: of rank r about 1 / r
    X = rng.zipf(1.3, size=(2000, 200)).clip(1, 2**31).astype(np.uint32)
    params = {"n_words": 20_000, "ngrams": 2, "weighting": "tf-idf"}
    tracemalloc.start()
    found = bag_of_words(X, np.zeros(2000), params)(X)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert found.shape == (2000, 20_000)
    # dense float32 would be 160 MB; pairs of 400,000 words take far less
    assert peak < 80e6
