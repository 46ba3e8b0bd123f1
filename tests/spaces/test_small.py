import random

from spaces.dense import DENSE
from spaces.small import DENSE_VALUES, SMALL, SMALL_VALUES, for_values
from spaces.text import WORDS


def test_what_needs_classes_is_left_out():
    assert set(DENSE) - set(DENSE_VALUES) == {"label_smoothing"}
    assert set(SMALL) - set(SMALL_VALUES) == {"label_smoothing"}
    assert "label_smoothing" in DENSE  # the space given stays


def test_a_space_without_it_stays_equal():
    assert for_values(SMALL_VALUES).fingerprint() == SMALL_VALUES.fingerprint()


def test_few_rows_make_several_steps():
    rng = random.Random(0)
    for _ in range(50):
        point = SMALL.sample(rng)
        assert point["batch_size"] <= 64
        assert point["n_layers"] <= 3


def test_rates_of_sgd_are_smaller():
    rates = SMALL_VALUES.params["sgd_learning_rate"]
    assert rates.high < SMALL.params["sgd_learning_rate"].high
    assert rates.when == SMALL.params["sgd_learning_rate"].when
    assert for_values(WORDS).params == WORDS.params  # a space without them
