"""Architectures that AutoKeras assembles: a trunk, a dense tail and a head.

The choice `block` selects the trunk. Every other name is `block/hyperparameter`, as
AutoKeras asks for it, and exists only where its block is part of the network. Ranges
suit two processor cores and small data; AutoKeras' own reach into hours a trial.

A narrower search: `--set block=dense,conv --set tail/n_layers=0`.
"""

from dataclasses import replace

from spaces.conv import has_blocks
from spaces.dense import OPTIMISATION, REGULARIZATION
from spaces.params import Choice, Float, Int, Param
from spaces.space import SearchSpace

DROPOUT = Float(low=0.0, high=0.6)

CONVOLUTIONAL = ("conv", "resnet", "xception")
"""Blocks that slide over an image."""

LEAST_WEIGHTS = {"resnet": 23_500_000, "xception": 20_800_000}
"""Weights, rounded down, of the blocks that are large whatever the image's size:
ResNet50 and Xception without their classifier."""


def _dense(block: str, name: str) -> dict[str, Param]:
    """Return the parameters of AutoKeras' DenseBlock with that name."""
    chosen = ("block", (block,))
    params: dict[str, Param] = {
        f"{name}/num_layers": Int(low=1, high=3, when=chosen),
        f"{name}/use_batchnorm": Choice(options=(False, True), when=chosen),
        f"{name}/dropout": replace(DROPOUT, when=chosen),
    }
    for layer in range(3):
        deep_enough = tuple(range(layer + 1, 4))
        params[f"{name}/units_{layer}"] = Int(
            low=16, high=512, log=True, when=(f"{name}/num_layers", deep_enough)
        )
    return params


def _conv() -> dict[str, Param]:
    """Return the parameters of AutoKeras' ConvBlock.

    The layers between two poolings have equally many filters, as in VGG (Simonyan
    and Zisserman 2015, arXiv:1409.1556, table 1).
    """
    chosen = ("block", ("conv",))
    params: dict[str, Param] = {
        "conv/kernel_size": Choice(options=(3, 5), when=chosen),
        "conv/separable": Choice(options=(False, True), when=chosen),
        "conv/max_pooling": Choice(options=(True, False), when=chosen),
        "conv/num_blocks": Int(low=1, high=3, when=chosen),
        "conv/num_layers": Int(low=1, high=2, when=chosen),
        "conv/dropout": replace(DROPOUT, when=chosen),
    }
    for block in range(3):
        deep_enough = tuple(range(block + 1, 4))
        params[f"conv/filters_{block}"] = Int(
            low=8, high=64, log=True, when=("conv/num_blocks", deep_enough)
        )
    return params


TAIL = SearchSpace(
    {
        "tail/n_layers": Int(low=0, high=2),
        "tail/width_1": Int(low=16, high=512, log=True, when=("tail/n_layers", (1, 2))),
        "tail/width_2": Int(low=16, high=512, log=True, when=("tail/n_layers", (2,))),
        "tail/activation": Choice(
            options=("relu", "gelu", "tanh"), when=("tail/n_layers", (1, 2))
        ),
        "tail/batch_norm": replace(
            REGULARIZATION.params["batch_norm"], when=("tail/n_layers", (1, 2))
        ),
        "tail/dropout": replace(DROPOUT, when=("tail/n_layers", (1, 2))),
    }
)
"""Dense layers between trunk and head, each with a width of its own."""

HEAD = SearchSpace(
    {
        "head/dropout": DROPOUT,
        "head/label_smoothing": REGULARIZATION.params["label_smoothing"],
    }
)
"""Dropout before the last layer, and softened targets."""

PENALTIES = SearchSpace(
    {
        name: REGULARIZATION.params[name]
        for name in ("l1", "l1_strength", "l2", "l2_strength")
    }
)
"""L1 and L2 on every kernel but the head's, those inside AutoKeras' blocks too."""

NAS_IMAGES = (
    SearchSpace(
        {
            "block": Choice(options=("dense", "conv", "resnet", "xception")),
            **_dense("dense", "dense"),
            **_conv(),
            "resnet/version": Choice(
                options=("resnet50", "resnet50_v2"), when=("block", ("resnet",))
            ),
            # ResNet ends in its own global average: an image of up to 32 x 32 is one
            # pixel there, and there is nothing to choose.
            "reduction/reduction_type": Choice(
                options=("flatten", "global_max", "global_avg"),
                when=("block", ("conv", "xception")),
            ),
        }
    )
    | TAIL
    | HEAD
    | PENALTIES
    | OPTIMISATION
)
"""DenseBlock, ConvBlock, ResNetBlock or XceptionBlock, for images of any size.

ResNet has 24 and Xception 21 million weights at least, whatever the image's size.
"""

NAS_TABLE = (
    SearchSpace(
        {
            "block": Choice(options=("structured", "wide_deep")),
            # StructuredDataBlock is a DenseBlock behind AutoKeras' preprocessing
            **_dense("structured", "structured/dense_block"),
            **_dense("wide_deep", "wide_deep"),
        }
    )
    | TAIL
    | HEAD
    | PENALTIES
    | OPTIMISATION
)
"""StructuredDataBlock, or a DenseBlock beside a direct way from the columns.

The direct way is the wide part of Cheng et al. 2016, arXiv:1606.07792, section 3.
"""


def has_convolutions(space: SearchSpace) -> bool:
    """Say whether a point of the space may hold a convolution."""
    block = space.params.get("block")
    options = block.options if isinstance(block, Choice) else ()
    return has_blocks(space) or any(option in CONVOLUTIONAL for option in options)


def too_large_blocks(space: SearchSpace, limit: int) -> list[str]:
    """Return the blocks of a space that have more weights than that in any point."""
    block = space.params.get("block")
    options = block.options if isinstance(block, Choice) else ()
    return [name for name, n in LEAST_WEIGHTS.items() if name in options and n > limit]
