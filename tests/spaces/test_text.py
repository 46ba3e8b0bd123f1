import random

from spaces.dense import DENSE
from spaces.text import BAG_OF_WORDS, WORDS


def test_words_network_and_training_vary():
    assert set(WORDS) < set(BAG_OF_WORDS)
    assert {"dropout", "l2_strength", "label_smoothing", "optimizer"} < set(
        BAG_OF_WORDS
    )


def test_the_largest_network_is_small_enough_for_two_cores():
    rng = random.Random(0)
    for _ in range(200):
        point = BAG_OF_WORDS.sample(rng)
        # 20,000 words x 64: 1.3 million weights
        assert point["n_words"] * point["width_1"] <= 20_000 * 64
        assert ("width_2" in point) == (point["n_layers"] == 2)
        assert "width_3" not in point


def test_parameters_are_called_as_elsewhere():
    assert set(BAG_OF_WORDS) - set(WORDS) < set(DENSE)
