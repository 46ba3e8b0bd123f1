"""Texts as rows of numbers: one number per word, the same in every data set.

A vocabulary would be learned from all texts, those of the validation rows included, and
plain text cannot be mapped from a file. So a word becomes 32 bits of a hash of its
bytes, which needs no data: what is a frequent word is learned later, from training rows
alone (`pipelines/bag_of_words.py`).

The cost: two words may share a number and then count as one word. Of n different words
about n^2 / 2^33 pairs do: one pair among 90,000 words.
"""

import hashlib
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

PADDING = 0
"""Fills a row behind its last word; no word has this number."""

_SEPARATORS = b'!"#$%&()*+,-./:;<=>?@[\\]^_`{|}~\t\n\v\f\r'
_PLAIN = bytes.maketrans(_SEPARATORS, b" " * len(_SEPARATORS))


def hash_texts(texts: Iterable[str]) -> NDArray[np.uint32]:
    """Cut texts into words and write each word as a number.

    Args:
        texts: The texts. Only ASCII letters are made lower case here: languages with
            others want `str.lower` before.

    Returns:
        uint32 (n, length): a row per text, its words in their order, padded with
        `PADDING` to the longest text, and at least one column wide. A text without a
        word is a row of padding.

    Example:
        >>> a, b = hash_texts(["It's bad, so bad!", "Bad"])
        >>> a[1] == a[3] == b[0], b[1:].tolist()
        (np.True_, [0, 0, 0])
    """
    known: dict[bytes, int] = {}
    rows: list[NDArray[np.uint32]] = []
    for text in texts:
        words = split_words(text)
        for word in words:
            if word not in known:
                known[word] = hash_word(word)
        numbers = map(known.__getitem__, words)
        rows.append(np.fromiter(numbers, np.uint32, count=len(words)))
    padded = np.full(
        (len(rows), max(map(len, rows), default=0) or 1), PADDING, np.uint32
    )
    for row, found in zip(padded, rows, strict=True):
        row[: len(found)] = found
    return padded


def split_words(text: str) -> list[bytes]:
    """Cut a text into words by the rule of Keras' `text_to_word_sequence`.

    ASCII letters become lower case; ASCII punctuation but the apostrophe, tabs and
    line ends (all of ASCII, Keras knows one) separate words as spaces do. All other
    characters belong to words.

    Returns:
        The words in their order, UTF-8; what UTF-8 cannot hold separates, too.

    Example:
        >>> split_words("It's GREAT!<br />Really?")
        [b"it's", b'great', b'br', b'really']

    Source: `keras_preprocessing/text.py` of Keras 2, which made Keras' IMDB data.
    """
    plain = text.encode(errors="replace").lower().translate(_PLAIN)
    return [word for word in plain.split(b" ") if word]


def hash_word(word: bytes) -> int:
    """Return the number of a word: the first four bytes of its BLAKE2b hash, or 1.

    Unlike Python's own `hash` it is the same in every process; unlike a checksum it
    spreads words that differ in one letter as evenly as any others.

    Returns:
        A number in 1..2^32 - 1: zero is `PADDING`, and what hashes to it becomes 1.

    Example:
        >>> hash_word(b"bad")
        551185807
    """
    found = hashlib.blake2b(word, digest_size=4).digest()
    return int.from_bytes(found, "little") or 1
