"""Convolutional networks for images: blocks of convolutions, then a dense tail.

Regularization and optimisation are those of dense networks: the two can be compared.
"""

from spaces.dense import OPTIMISATION, REGULARIZATION
from spaces.params import Choice, Int, Param
from spaces.space import SearchSpace


def convolutions(max_blocks: int) -> SearchSpace:
    """Return block count, filters of each block and what all blocks share.

    Args:
        max_blocks: Largest number of blocks, at least 1; each ends in a pooling that
            halves height and width.
    """
    params: dict[str, Param] = {"n_conv_blocks": Int(low=1, high=max_blocks)}
    for block in range(1, max_blocks + 1):
        deep_enough = tuple(range(block, max_blocks + 1))
        params[f"conv_filters_{block}"] = Int(
            low=8,
            high=64,
            log=True,
            when=("n_conv_blocks", deep_enough) if block > 1 else None,
        )
    return SearchSpace(
        params
        | {
            "convs_per_block": Int(low=1, high=2),
            "kernel_size": Choice(options=(3, 5)),
            "pooling": Choice(options=("max", "average")),
            "reduction": Choice(options=("flatten", "global_average")),
        }
    )


TAIL = SearchSpace(
    {
        "n_layers": Int(low=0, high=2),
        "width_1": Int(low=16, high=512, log=True, when=("n_layers", (1, 2))),
        "width_2": Int(low=16, high=512, log=True, when=("n_layers", (2,))),
        "activation": Choice(options=("relu", "gelu", "tanh"), default="relu"),
    }
)
"""No, one or two dense layers; the activation is that of the convolutions, too."""

CONV = convolutions(3) | TAIL | REGULARIZATION | OPTIMISATION
"""One to three blocks, each with its own number of filters."""


def has_blocks(space: SearchSpace) -> bool:
    """Say whether the networks of a space are built of these blocks."""
    return "n_conv_blocks" in space.params
