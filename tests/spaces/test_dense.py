import random

import pytest

from spaces.dense import DENSE, OPTIMISATION, REGULARIZATION, capacity


def test_the_space_offers_what_is_promised():
    assert list(DENSE) == [
        "n_layers", "width_1", "width_2", "width_3", "width_4", "width_5", "width_6",
        "activation", "batch_norm", "dropout", "l1", "l1_strength", "l2",
        "l2_strength", "label_smoothing", "optimizer", "learning_rate",
        "sgd_learning_rate", "batch_size",
    ]  # fmt: skip
    assert capacity(6) | REGULARIZATION | OPTIMISATION == DENSE


@pytest.mark.parametrize("n_layers", range(1, 7))
def test_there_is_one_width_for_each_layer(n_layers):
    rng = random.Random(n_layers)
    points = (DENSE.sample(rng) for _ in range(1000))
    point = next(p for p in points if p["n_layers"] == n_layers)
    widths = [name for name in point if name.startswith("width_")]
    assert widths == [f"width_{i}" for i in range(1, n_layers + 1)]


def test_a_strength_exists_only_where_its_penalty_is_on():
    rng = random.Random(0)
    for _ in range(100):
        point = DENSE.sample(rng)
        for penalty in ("l1", "l2"):
            assert (f"{penalty}_strength" in point) == (point[penalty] == "on")


def test_each_optimizer_has_a_learning_rate_of_its_own():
    rng = random.Random(0)
    for _ in range(100):
        point = DENSE.sample(rng)
        sgd = point["optimizer"] == "sgd"
        assert ("sgd_learning_rate" in point, "learning_rate" in point) == (
            sgd,
            not sgd,
        )


def test_dropout_and_smoothing_stay_where_a_network_can_learn():
    assert DENSE.params["dropout"].high < 1
    assert DENSE.params["label_smoothing"].high < 1


def test_capacity_of_one_layer_has_no_conditions():
    assert list(capacity(1)) == ["n_layers", "width_1", "activation"]
    assert all(param.when is None for param in capacity(1).params.values())
