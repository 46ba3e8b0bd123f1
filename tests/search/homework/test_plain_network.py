import pytest

from pipelines.registry import MODULES, get_pipeline
from search.homework.grid import with_capacity
from search.homework.plain_network import BATCH_SIZE, SMALL_BATCH, base_params
from spaces.dense import REGULARIZATION


@pytest.mark.parametrize("name", sorted(MODULES))
def test_the_first_network_has_no_technique(name):
    params = base_params(get_pipeline(name), 10_000)
    assert not set(params) & set(REGULARIZATION)
    assert params["optimizer"] == "adam"
    assert with_capacity(params, (8, 4))["width_2"] == 4


def test_few_rows_come_in_small_batches():
    digits = get_pipeline("digits")
    assert base_params(digits, 10_000)["batch_size"] == BATCH_SIZE
    assert base_params(digits, 500)["batch_size"] == SMALL_BATCH
