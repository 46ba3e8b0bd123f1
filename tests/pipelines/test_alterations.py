import numpy as np
import pytest
import scipy.sparse

from pipelines.alterations import alteration

IMAGES = np.random.default_rng(0).normal(size=(64, 6, 6)).astype(np.float32)
VECTORS = IMAGES.reshape(64, 36)
BAGS = scipy.sparse.csr_matrix((VECTORS > 1).astype(np.float32))
Y = np.eye(4, dtype=np.float32)[np.arange(64) % 4]

ON = [
    ({"augment_shift": 0.2}, IMAGES),
    ({"augment_rotation": 20.0}, IMAGES),
    ({"augment_zoom": 0.2}, IMAGES[..., None]),
    *(({"mix": mix, "mix_strength": 0.5}, X)
      for mix in ("mixup", "cutmix", "cutout") for X in (IMAGES, VECTORS)),
    ({"word_dropout": 0.3}, BAGS),
]  # fmt: skip


@pytest.mark.parametrize(("params", "X"), ON)
def test_each_alone_alters_rows_by_the_generator_given(params, X):
    alter = alteration(params, X)
    dense = X if isinstance(X, np.ndarray) else X.toarray()
    (one, _), (two, _), (other, _) = (
        alter(dense.copy(), Y.copy(), np.random.default_rng(seed)) for seed in (1, 1, 2)
    )
    assert one.shape == dense.shape
    assert one.dtype == np.float32
    assert np.array_equal(one, two)
    assert not np.array_equal(one, other)
    assert not np.array_equal(one, dense)


def test_images_are_moved_before_they_are_mixed():
    params = {"augment_shift": 0.2, "mix": "cutout", "mix_strength": 0.5}
    X, y = alteration(params, IMAGES)(IMAGES, Y, np.random.default_rng(0))
    assert np.array_equal(y, Y)
    shifted, _ = alteration({"augment_shift": 0.2}, IMAGES)(
        IMAGES, Y, np.random.default_rng(0)
    )
    left = X != 0
    assert not left.all()
    assert np.array_equal(X[left], shifted[left])


def test_nothing_is_altered_where_all_is_off():
    off = {"augment_shift": 0.0, "augment_rotation": 0.0, "mix": "none"}
    for X in (IMAGES, VECTORS, BAGS):
        assert alteration({}, X) is None
        assert alteration(off, X) is None


@pytest.mark.parametrize(
    ("params", "X", "message"),
    [
        ({"augment_shift": 0.1}, VECTORS, "augment_shift: needs images"),
        ({"augment_rotation": 9.0}, BAGS, "augment_rotation: needs images"),
        ({"augment_zoom": 0.1}, VECTORS, "augment_zoom: needs images"),
        ({"mix": "mixup", "mix_strength": 1.0}, BAGS, "mix: needs images or columns"),
        ({"word_dropout": 0.1}, IMAGES, "word_dropout: needs bags of words"),
        ({"word_dropout": 0.1}, VECTORS, "word_dropout: needs bags of words"),
    ],
)
def test_what_cannot_apply_is_refused_in_one_line(params, X, message):
    with pytest.raises(ValueError, match=f"^{message}") as caught:
        alteration(params, X)
    assert "\n" not in str(caught.value)
