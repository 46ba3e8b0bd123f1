import numpy as np
import pytest

from pipelines.reparametrised import ReparametrisedDense
from search.seeding import set_keras_seed

N_INPUTS, UNITS = 40, 30
EACH = np.eye(N_INPUTS, dtype=np.float32)  # the outputs are the kernel's rows


def built(**options):
    set_keras_seed(0)
    layer = ReparametrisedDense(UNITS, **options)
    layer.build((None, N_INPUTS))
    return layer


def kernel(layer):
    return np.asarray(layer.kernel)


@pytest.fixture(scope="module")
def plain():
    import keras

    set_keras_seed(0)
    layer = keras.layers.Dense(UNITS)
    layer.build((None, N_INPUTS))
    return layer


def test_drop_connect_leaves_out_weights_not_units(plain):
    layer = built(drop_connect=0.3)
    outputs = np.asarray(layer(EACH, training=True))
    dropped = outputs == 0
    # 1,200 weights: a standard error of .013
    assert dropped.mean() == pytest.approx(0.3, abs=0.05)
    # no unit and no input is out as a whole, as dropout would have it
    assert 0 < dropped.mean(axis=0).min() <= dropped.mean(axis=0).max() < 1
    assert 0 < dropped.mean(axis=1).min() <= dropped.mean(axis=1).max() < 1
    expected = kernel(layer) / 0.7
    assert outputs[~dropped] == pytest.approx(expected[~dropped], rel=1e-6)
    again = np.asarray(layer(EACH, training=True)) == 0
    assert not np.array_equal(again, dropped)


def test_drop_connect_keeps_biases_and_predicts_with_all_weights(plain):
    layer = built(drop_connect=0.99)
    layer.bias.assign(np.ones(UNITS))
    nothing = np.zeros((1, N_INPUTS), np.float32)
    assert (np.asarray(layer(nothing, training=True)) == 1).all()
    layer.bias.assign(np.zeros(UNITS))
    outputs = np.asarray(layer(EACH, training=False))
    assert outputs == pytest.approx(np.asarray(plain.kernel), abs=1e-6)


def test_weight_norm_begins_as_a_plain_layer_and_parts_length_from_direction(plain):
    layer = built(weight_norm=True)
    # float32: dividing by a norm and multiplying by it
    assert kernel(layer) == pytest.approx(np.asarray(plain.kernel), rel=1e-5)
    assert [v.name for v in layer.trainable_variables] == ["kernel", "bias", "length"]
    before = kernel(layer)
    layer._kernel.assign(5 * layer._kernel)
    assert kernel(layer) == pytest.approx(before, rel=1e-5)
    layer.length.assign(np.full((1, UNITS), 3.0))
    assert np.linalg.norm(kernel(layer), axis=0) == pytest.approx(3, rel=1e-5)


def test_constraints_act_on_the_length_under_weight_norm():
    import keras

    layer = built(weight_norm=True, kernel_constraint=keras.constraints.MaxNorm(0.5))
    assert layer._kernel.constraint is None
    layer.length.assign(layer.length.constraint(layer.length))
    norms = np.linalg.norm(kernel(layer), axis=0)
    assert norms == pytest.approx(0.5, rel=1e-5)


def test_the_smallest_weights_are_pruned(plain):
    layer = built(prunable=True)
    sizes = np.abs(kernel(layer)).ravel()
    layer.prune(0.8)
    zero = kernel(layer).ravel() == 0
    assert zero.sum() == round(0.8 * zero.size)
    assert sizes[zero].max() < sizes[~zero].min()
    layer.prune(0.0)
    assert np.array_equal(kernel(layer), np.asarray(plain.kernel))


def test_a_layer_without_any_weight_left_stays_finite():
    layer = built(prunable=True, weight_norm=True)
    layer.prune(1.0)
    assert (kernel(layer) == 0).all()
    assert np.isfinite(np.asarray(layer(EACH))).all()


def test_penalties_act_on_what_is_multiplied_by():
    import keras

    layer = built(
        weight_norm=True, prunable=True, kernel_regularizer=keras.regularizers.L2(0.1)
    )
    layer.prune(0.5)
    layer.length.assign(np.full((1, UNITS), 2.0))
    layer(EACH)
    # each of the columns has a norm of 2, whatever the weights behind it
    assert float(sum(layer.losses)) == pytest.approx(0.1 * 4 * UNITS, rel=1e-5)


@pytest.mark.parametrize("use_bias", [True, False])
def test_plain_weights_predict_the_same(use_bias):
    import keras

    layer = built(drop_connect=0.5, weight_norm=True, prunable=True, use_bias=use_bias)
    layer.prune(0.5)
    shipped = keras.layers.Dense(UNITS, use_bias=use_bias)
    shipped.build((None, N_INPUTS))
    shipped.set_weights(layer.plain_weights())
    expected = np.asarray(layer(EACH, training=False))
    assert np.array_equal(np.asarray(shipped(EACH)), expected)
