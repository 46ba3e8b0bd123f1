import keras
import numpy as np
import pytest

from pipelines.models import network
from pipelines.pipeline import Shape
from pipelines.transfer import (
    assign_matching,
    content_digest,
    describe_kernels,
    layer_weights,
    load_weights,
    save_weights,
)

DENSE = {
    "n_layers": 2, "width_1": 8, "width_2": 6, "activation": "relu",
    "batch_norm": True, "layer_norm": True, "optimizer": "adam",
    "learning_rate": 0.01, "batch_size": 16,
}  # fmt: skip
CONV = DENSE | {
    "n_conv_blocks": 1, "convs_per_block": 1, "conv_filters_1": 4, "kernel_size": 3,
    "pooling": "max", "reduction": "flatten",
}  # fmt: skip


def build(params, *, inputs=(4, 4), seed=0, **changes):
    keras.utils.set_random_seed(seed)
    shape = Shape(inputs=inputs, n_outputs=3, n_rows=64, epochs=2)
    return network(params | changes, shape)


def trained(params, **options):
    """A network none of whose weights is what a fresh one begins with."""
    model = build(params, **options)
    rng = np.random.default_rng(1)
    model.set_weights([rng.uniform(0.5, 1, w.shape) for w in model.get_weights()])
    return model


def equal(ours, theirs):
    return all(np.array_equal(ours[name], theirs[name]) for name in ours)


@pytest.mark.parametrize("params", [DENSE, CONV], ids=["dense", "conv"])
def test_a_network_of_equal_shapes_becomes_the_other(params):
    source, model = trained(params), build(params)
    n_kernels = 3 if params is DENSE else 4
    assert assign_matching(model, layer_weights(source)) == n_kernels
    assert all(map(np.array_equal, model.get_weights(), source.get_weights()))


def test_what_does_not_match_stays_as_it_is():
    source = layer_weights(trained(DENSE))
    # the second hidden layer is wider: only the first and its norms are copied
    fresh = layer_weights(build(DENSE, width_2=7))
    model = build(DENSE, width_2=7)
    assert assign_matching(model, source) == 1
    begun = layer_weights(model)
    assert [equal(a, b) for a, b in zip(begun, source, strict=True)][:3] == [True] * 3
    assert all(equal(a, b) for a, b in zip(begun[3:], fresh[3:], strict=True))
    # other inputs: nothing of the first layer, the others by their place
    model = build(DENSE, inputs=(5,))
    assert assign_matching(model, source) == 2
    begun, fresh = layer_weights(model), layer_weights(build(DENSE, inputs=(5,)))
    assert equal(begun[0], fresh[0])
    assert equal(begun[3], source[3])


def test_a_norm_that_one_of_them_lacks_moves_nothing():
    source = layer_weights(trained(DENSE, batch_norm=False))
    model = build(DENSE)
    assert assign_matching(model, source) == 3
    begun, fresh = layer_weights(model), layer_weights(build(DENSE))
    assert equal(begun[1], fresh[1])  # batch normalization
    assert equal(begun[2], source[1])  # layer normalization
    assert assign_matching(build(DENSE, layer_norm=False), source) == 3


def test_nothing_matches():
    model = build(DENSE, inputs=(5,), n_layers=1, width_1=9)
    before = model.get_weights()
    source = layer_weights(trained(DENSE, n_layers=1))
    assert assign_matching(model, source) == 0
    after = model.get_weights()
    assert all(map(np.array_equal, before, after))
    assert describe_kernels(source) == "16x8, 8x3"


def test_a_layer_with_trained_lengths_multiplies_by_the_copied_kernel():
    source = layer_weights(trained(DENSE))
    model = build(DENSE, weight_norm=True, prune_share=0.5)
    assert assign_matching(model, source) == 3
    hidden = next(layer for layer in model.layers if hasattr(layer, "plain_weights"))
    kernel, bias = hidden.plain_weights()
    # g v / |v| in float32 gives v back but for rounding
    assert kernel == pytest.approx(source[0]["kernel"], rel=1e-5)
    assert np.array_equal(bias, source[0]["bias"])


def test_the_first_member_stands_for_an_ensemble():
    members = [trained(DENSE), build(DENSE)]
    for number, member in enumerate(members):
        member.name = f"member_{number}"
    inputs = keras.Input((4, 4))
    outputs = keras.layers.Average()([member(inputs) for member in members])
    together = layer_weights(keras.Model(inputs, outputs))
    alone = layer_weights(members[0])
    assert len(together) == len(alone)
    assert all(map(equal, together, alone))


def test_weights_are_named_by_their_content(tmp_path):
    weights = layer_weights(trained(DENSE))
    digest = content_digest(weights)
    save_weights(tmp_path / "there" / "a.npz", weights)
    read = load_weights(tmp_path / "there" / "a.npz")
    assert content_digest(read) == digest
    assert all(map(equal, read, weights))
    read[0]["bias"][0] += 1
    assert content_digest(read) != digest
    assert content_digest(weights[:-1]) != digest
    assert content_digest(weights[::-1]) != digest


@pytest.mark.parametrize("content", [b"", b"nothing of the kind", "object"])
def test_what_is_no_store_of_weights_is_refused(tmp_path, content):
    file = tmp_path / "a.npz"
    if content == "object":
        np.savez(file, **{"0/kernel": np.array([{}], object)})
    else:
        file.write_bytes(content)
    with pytest.raises(ValueError, match=r"a\.npz|pickle"):
        load_weights(file)
