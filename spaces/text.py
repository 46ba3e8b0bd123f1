"""Bags of words: which words, how they are weighed, and a small dense network.

Almost all weights are in the first layer, `n_words` times its width: a narrow layer is
large here.
"""

from spaces.dense import OPTIMISATION, REGULARIZATION
from spaces.params import Choice, Int
from spaces.space import SearchSpace

WORDS = SearchSpace(
    {
        "n_words": Int(low=1000, high=20_000, log=True),
        "ngrams": Choice(options=(1, 2)),
        "weighting": Choice(options=("multi-hot", "tf-idf")),
    }
)
"""What `pipelines.bag_of_words` learns from the training texts."""

TEXT_CAPACITY = SearchSpace(
    {
        "n_layers": Int(low=1, high=2),
        "width_1": Int(low=4, high=64, log=True),
        "width_2": Int(low=4, high=64, log=True, when=("n_layers", (2,))),
        "activation": Choice(options=("relu", "gelu", "tanh"), default="relu"),
    }
)
"""One or two narrow hidden layers."""

BAG_OF_WORDS = WORDS | TEXT_CAPACITY | REGULARIZATION | OPTIMISATION
"""A bag of words and a dense network."""
