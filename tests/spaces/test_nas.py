import random

import pytest

from spaces.dense import OPTIMISATION, REGULARIZATION
from spaces.narrow import narrow
from spaces.nas import NAS_IMAGES, NAS_TABLE
from spaces.space import SearchSpace

SPACES = {"images": NAS_IMAGES, "table": NAS_TABLE}
every_space = pytest.mark.parametrize("space", SPACES.values(), ids=SPACES)


def points(space, n=300):
    rng = random.Random(0)
    return [space.sample(rng) for _ in range(n)]


def below(point, prefix):
    return sorted(name for name in point if name.startswith(prefix))


@every_space
def test_a_trunks_parameters_stand_in_its_own_trials_only(space):
    trunks = space.params["block"].options
    for point in points(space):
        for trunk in trunks:
            if point["block"] != trunk:
                assert not below(point, f"{trunk}/")
    seen = {point["block"] for point in points(space)}
    assert seen == set(trunks)


@every_space
def test_each_name_says_to_which_block_it_belongs(space):
    blocks = {*space.params["block"].options, "reduction", "tail", "head"}
    whole = {"block", "l1", "l1_strength", "l2", "l2_strength", *OPTIMISATION}
    for name in space:
        assert name in whole or name.partition("/")[0] in blocks


@pytest.mark.parametrize("n_blocks", [1, 2, 3])
def test_each_block_of_a_convolution_has_its_filters(n_blocks):
    space = narrow(NAS_IMAGES, ["block=conv", f"conv/num_blocks={n_blocks}"])
    for point in points(space, 5):
        wanted = [f"conv/filters_{i}" for i in range(n_blocks)]
        assert below(point, "conv/filters") == wanted


@pytest.mark.parametrize("n_layers", [1, 2, 3])
@pytest.mark.parametrize(
    ("block", "name"),
    [
        ("dense", "dense"),
        ("structured", "structured/dense_block"),
        ("wide_deep", "wide_deep"),
    ],
)
def test_each_layer_of_a_dense_block_has_its_units(block, name, n_layers):
    space = NAS_IMAGES if block == "dense" else NAS_TABLE
    fixed = narrow(space, [f"block={block}", f"{name}/num_layers={n_layers}"])
    for point in points(fixed, 5):
        wanted = [f"{name}/units_{i}" for i in range(n_layers)]
        assert below(point, f"{name}/units") == wanted


@every_space
def test_a_tail_without_layers_has_nothing_else(space):
    for n_layers in range(3):
        fixed = narrow(space, [f"tail/n_layers={n_layers}"])
        for point in points(fixed, 5):
            assert len(below(point, "tail/width")) == n_layers
            assert len(below(point, "tail/")) == (4 + n_layers if n_layers else 1)


def test_only_what_has_a_choice_is_reduced_by_choice():
    for point in points(NAS_IMAGES):
        has_pixels = point["block"] in ("conv", "xception")
        assert ("reduction/reduction_type" in point) == has_pixels


@every_space
def test_what_dense_networks_have_too_has_the_same_range(space):
    for name in OPTIMISATION:
        assert space.params[name] == OPTIMISATION.params[name]
    for name in ("l1", "l1_strength", "l2", "l2_strength"):
        assert space.params[name] == REGULARIZATION.params[name]
    smoothing = REGULARIZATION.params["label_smoothing"]
    assert space.params["head/label_smoothing"] == smoothing


@every_space
def test_it_survives_the_way_through_json(space):
    assert SearchSpace.from_dict(space.to_dict()) == space
