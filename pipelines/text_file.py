"""The user's own texts: `text:FILE.csv --target COLUMN`, one text a row.

Equal texts stay together, in one fold and on one side of the test. Numbers of words are
kept instead of the texts (`pipelines/tokens.py`); which words count is learned inside
the fold.

Predicted: the class of a text, or a number.

    tunefold search text:reviews.csv --target label
    tunefold search text:reviews.csv --target stars --column body --task regression
"""

from functools import partial

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipelines.bag_of_words import bag_of_words
from pipelines.card import Card, Load
from pipelines.fitting import fit, predict
from pipelines.labelled_rows import RawRows, label_rows, read_rows
from pipelines.models import network
from pipelines.pipeline import Pipeline
from pipelines.spec import Spec
from pipelines.tokens import hash_texts, split_words
from spaces.errors import DataError
from spaces.small import for_values
from spaces.text import BAG_OF_WORDS

MOST_WORDS = 2_000
"""Longer texts are cut: all rows are as wide as the longest."""

_EPOCHS = 10


def read(spec: Spec) -> tuple[Card, Load]:
    """Read texts, write their words as numbers and set a test part aside.

    Raises:
        DataError: The file or a column is missing, or nothing can be learned from it.
    """
    raw = read_rows(spec)
    column, words = text_column(spec, raw)
    rows = label_rows(spec, raw, needed=[column], group_by=partial(equal_texts, column))
    texts = [text.lower().split() for text in rows.frame[column].astype(str)]
    n_cut = sum(len(text) > MOST_WORDS for text in texts)
    X = hash_texts(" ".join(text[:MOST_WORDS]) for text in texts)
    notes = [f"text: {column}{words}"]
    if n_cut:
        notes.append(f"cut after {MOST_WORDS:,} words: {n_cut:,} texts")
    if rows.groups is not None and "groups" not in spec.options:
        n_repeats = len(rows.frame) - len(np.unique(rows.groups))
        notes.append(f"kept together: {n_repeats:,} texts that repeat another")
    every = (rows.introduction(), *rows.notes, *notes, rows.parting())
    return rows.card(every), partial(rows.part, X)


def make_pipeline(spec: Spec, card: Card, load: Load) -> Pipeline:
    """Return the pipeline of texts that were read."""
    is_regression = card.task == "regression"
    return Pipeline(
        name=spec.name,
        task=card.task,
        summary=f"{spec.path.name}: {card.words}",
        classes=card.classes,
        epochs=_EPOCHS,
        load=load,
        prepare=bag_of_words,
        build=network,
        train=fit,
        evaluate=predict,
        spaces={"dense": for_values(BAG_OF_WORDS) if is_regression else BAG_OF_WORDS},
        note="\n".join(card.notes),
    )


def text_column(spec: Spec, raw: RawRows) -> tuple[str, str]:
    """Return the text's column, named or the one with the longest texts, and words.

    Raises:
        DataError: No column holds text.
    """
    if "column" in spec.options:
        return spec.options["column"], ""
    others = raw.frame.drop(columns=spec.options["target"])
    lengths = {
        str(name): float(others[name].dropna().astype(str).str.len().mean())
        for name in others
        if not pd.api.types.is_numeric_dtype(others[name]) and others[name].any()
    }
    if not lengths:
        raise DataError(
            f"{spec.path.name}: must hold a column of text beside "
            f"{spec.options['target']}, got {', '.join(map(str, others)) or 'none'}"
        )
    more = " (the longest; --column says otherwise)" if len(lengths) > 1 else ""
    return max(lengths, key=lengths.__getitem__), more


def equal_texts(column: str, frame: pd.DataFrame) -> NDArray[np.int64] | None:
    """Number texts of equal words equally; None where all differ."""
    texts = [b" ".join(split_words(t.lower())) for t in frame[column].astype(str)]
    numbers, known = pd.factorize(np.array(texts, dtype=object))
    return None if len(known) == len(frame) else numbers.astype(np.int64)
