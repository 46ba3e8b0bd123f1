"""Seeds: one number for each purpose, and how to hand it to Keras."""

import hashlib
import json

from spaces.params import Scalar

MAX_SEED = 2**31 - 1
"""Every library takes seeds below this; NumPy's old generator no larger ones."""


def derive_seed(*parts: Scalar) -> int:
    """Return a seed in [1, MAX_SEED] that depends on all parts and nothing else.

    Never 0: several libraries take a zero seed for no seed.

    Example:
        >>> derive_seed(0, "fold", 1) == derive_seed(0, "fold", 1)
        True
        >>> derive_seed(0, "fold", 1) == derive_seed(0, "fold", 2)
        False
    """
    digest = hashlib.sha256(json.dumps(parts).encode()).digest()
    return int.from_bytes(digest[:8], "big") % MAX_SEED + 1


def fold_seed(seed: int, *, fold: int, repeat: int, purpose: str = "train") -> int:
    """Return the training seed of a fold.

    It depends on nothing that an engine or a trial's number decides: equal
    parameters train to equal scores whoever proposes them and when.
    """
    return derive_seed(seed, fold, repeat, purpose)


def set_keras_seed(seed: int) -> None:
    """Seed Python, NumPy and Keras as `keras.utils.set_random_seed` does.

    That function imports TensorFlow on every backend, four to ten seconds per
    worker for nothing when JAX trains; only there its other steps are repeated
    here. A test compares the two.
    """
    import random

    import keras
    import numpy as np

    if keras.backend.backend() != "jax":
        keras.utils.set_random_seed(seed)
        return
    from keras.src.backend.common import global_state
    from keras.src.random.seed_generator import GLOBAL_SEED_GENERATOR
    from keras.src.utils.rng_utils import GLOBAL_RANDOM_SEED

    global_state.set_global_attribute(GLOBAL_RANDOM_SEED, seed)
    global_state.set_global_attribute(GLOBAL_SEED_GENERATOR, None)
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002  (Keras shuffles by the global generator)
