import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from pipelines.tokens import PADDING, hash_texts, hash_word, split_words

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("A film, a FILM!", "a film a film"),
        ("don't<br /><br />well-made", "don't br br well made"),
        ("tab\tline\nend\r\nand  two", "tab line end and two"),
        ("'quoted' 10/10 8.5", "'quoted' 10 10 8 5"),
        ("\x85 ÉTÉ\xa0chaud", "\x85 ÉtÉ\xa0chaud"),  # ASCII alone is touched
        ('!"#$%&()*+,-./:;<=>?@[\\]^_`{|}~', ""),
        ("", ""),
    ],
)
def test_words_are_cut_as_keras_did(text, words):
    assert [word.decode() for word in split_words(text)] == words.split(" ") * bool(
        words
    )


def test_ascii_is_cut_by_keras_own_rule():
    from keras.src.legacy.preprocessing.text import text_to_word_sequence

    ascii_but_rare_spaces = set(map(chr, range(1, 128))) - set("\v\f\r")
    for character in ascii_but_rare_spaces:
        text = f"The{character}END {character}"
        theirs = [word.encode() for word in text_to_word_sequence(text)]
        assert split_words(text) == theirs


def test_rows_are_padded_and_keep_the_order():
    rows = hash_texts(["good bad good", "", "Bad", "?!"])
    good, bad = hash_word(b"good"), hash_word(b"bad")
    assert rows.dtype == np.uint32
    assert rows.tolist() == [[good, bad, good], [0, 0, 0], [bad, 0, 0], [0, 0, 0]]
    assert PADDING == 0


def test_there_is_always_a_column():
    assert hash_texts([]).shape == (0, 1)
    assert hash_texts(["", "..."]).tolist() == [[0], [0]]


def test_what_utf8_cannot_hold_separates():
    assert split_words("a\ud800b") == [b"a", b"b"]


def test_numbers_are_the_same_in_every_process():
    # A study names its data by them: a change here makes old studies unrepeatable.
    assert hash_texts(["Great, it's žluťoučký"]).tolist() == [
        [hash_word(b"great"), hash_word(b"it's"), hash_word("žluťoučký".encode())]
    ]
    assert hash_word(b"great") == 1387708594
    code = "from pipelines.tokens import hash_word; print(hash_word(b'great'))"
    ran = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        env={"PYTHONHASHSEED": "7"},
    )
    assert int(ran.stdout) == hash_word(b"great")


def test_no_word_is_padding_and_different_words_differ():
    words = [f"word{n}".encode() for n in range(20_000)]
    numbers = {hash_word(word) for word in words}
    assert PADDING not in numbers
    # Of 20,000 words .05 pairs are expected to share a number: none of these does.
    assert len(numbers) == len(words)


def test_a_word_that_hashes_to_padding_gets_another_number(monkeypatch):
    class Zero:
        def digest(self):
            return bytes(4)

    monkeypatch.setattr("hashlib.blake2b", lambda *_, **__: Zero())
    assert hash_word(b"any") == 1
