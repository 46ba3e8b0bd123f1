"""Parameters that whoever evaluates a configuration reads, not the model's builder."""

from spaces.params import Int
from spaces.space import SearchSpace

MEMBERS = "members"
ROWS = "rows"

ENSEMBLE = SearchSpace({MEMBERS: Int(low=1, high=5)})
"""Networks that differ in their seeds only, trained one after the other; their
predictions are averaged.

Source: Lakshminarayanan, Pritzel, Blundell 2017, arXiv:1612.01474, section 2.4.
"""


def data_size(low: int, high: int) -> SearchSpace:
    """Return the number of training rows of a fold as a parameter.

    Each smaller set lies within the larger ones; validation rows stay the same.
    """
    return SearchSpace({ROWS: Int(low=low, high=high, log=True)})
