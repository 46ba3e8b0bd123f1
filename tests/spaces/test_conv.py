import random

import pytest

from spaces.conv import CONV, TAIL, convolutions, has_blocks
from spaces.dense import DENSE, OPTIMISATION, REGULARIZATION
from spaces.narrow import narrow
from spaces.nas import NAS_IMAGES, NAS_TABLE, has_convolutions
from spaces.space import SearchSpace


def points(space, n=100):
    rng = random.Random(0)
    return [space.sample(rng) for _ in range(n)]


def test_the_space_offers_what_is_promised():
    assert list(CONV)[:12] == [
        "n_conv_blocks", "conv_filters_1", "conv_filters_2", "conv_filters_3",
        "convs_per_block", "kernel_size", "pooling", "reduction", "n_layers",
        "width_1", "width_2", "activation",
    ]  # fmt: skip
    assert convolutions(3) | TAIL | REGULARIZATION | OPTIMISATION == CONV


@pytest.mark.parametrize("n_blocks", [1, 2, 3])
def test_there_is_one_number_of_filters_for_each_block(n_blocks):
    for point in points(narrow(CONV, [f"n_conv_blocks={n_blocks}"])):
        names = [name for name in point if name.startswith("conv_filters_")]
        assert names == [f"conv_filters_{i}" for i in range(1, n_blocks + 1)]


@pytest.mark.parametrize("n_layers", [0, 1, 2])
def test_the_tail_has_one_width_for_each_layer(n_layers):
    for point in points(narrow(CONV, [f"n_layers={n_layers}"])):
        names = [name for name in point if name.startswith("width_")]
        assert names == [f"width_{i}" for i in range(1, n_layers + 1)]
        assert "activation" in point  # of the convolutions


def test_it_survives_the_way_through_json():
    assert SearchSpace.from_dict(CONV.to_dict()) == CONV


@pytest.mark.parametrize(
    ("space", "expected"),
    [
        (CONV, True),
        (narrow(CONV, ["n_conv_blocks=1"]), True),
        (DENSE, False),
        (NAS_IMAGES, True),
        (narrow(NAS_IMAGES, ["block=dense"]), False),
        (NAS_TABLE, False),
    ],
)
def test_spaces_with_convolutions_are_known(space, expected):
    assert has_convolutions(space) is expected
    assert has_blocks(space) is (expected and "block" not in space.params)
