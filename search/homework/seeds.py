"""Seeds that belong to a student: for each others, for one always the same."""

import unicodedata

from search.seeding import derive_seed

_PURPOSES = TUNING, FRESH = ("tuning", "fresh")


def student_seeds(name: str) -> tuple[int, int, int]:
    """Return the seeds of training, of the tuning's folds and of the fresh splits.

    Upper and lower case and blanks around and between words do not count.

    Args:
        name: The student's; empty for a homework of nobody in particular.

    Returns:
        Each in [0, 2**31 - 1]; the first is 0 for the empty name.

    Example:
        >>> student_seeds("Jana Nova") == student_seeds(" jana  NOVA ")
        True
        >>> student_seeds("")[0], len({*student_seeds("")})
        (0, 3)
    """
    plain = " ".join(unicodedata.normalize("NFC", name).casefold().split())
    training = derive_seed("student", plain, "training") if plain else 0
    tuning, fresh = (derive_seed("student", plain, purpose) for purpose in _PURPOSES)
    return training, tuning, fresh
