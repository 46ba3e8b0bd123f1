"""Digits for `honest.py`: labels without any meaning, or a test part of its own.

`NOISE_7` has the labels shuffled by seed 7: no network can be right but by chance.
`RECUT_7` has the 1,797 rows cut anew by seed 7, so that repetitions have test rows of
their own.
"""

import re
from dataclasses import replace
from functools import cache

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from pipelines.digits import PIPELINE as DIGITS
from pipelines.part import Part
from pipelines.pipeline import Pipeline


@cache
def __getattr__(name: str) -> Pipeline:
    found = re.fullmatch(r"(NOISE|RECUT)_(\d+)", name)
    if found is None:
        raise AttributeError(name)
    kind, seed = found[1], int(found[2])
    data = load_digits()
    images, labels = data.images.astype(np.uint8), data.target.astype(np.int64)
    if kind == "NOISE":
        labels = np.random.default_rng(seed).permutation(labels)
    train, test = train_test_split(
        np.arange(len(labels)), test_size=0.2, random_state=seed, stratify=labels
    )
    rows = {"train": train, "test": test}

    def load(part: str) -> Part:
        chosen = rows[part]
        return Part(images[chosen], labels[chosen], source=f"scikit-learn, {name}")

    return replace(DIGITS, name=f"digits_{name.lower()}", load=load)
