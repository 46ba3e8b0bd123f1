import numpy as np
import pytest

from pipelines.mixing import cut_mix, cut_out, drop_words, mix_up

IMAGES = (400, 6, 8)
VECTORS = (400, 30)


def numbered(shape):
    """Rows filled with their number, and that number as a target."""
    n = shape[0]
    X = np.broadcast_to(
        np.arange(n, dtype=np.float32).reshape(-1, *[1] * (len(shape) - 1)), shape
    )
    return X.copy(), np.arange(n, dtype=np.float32)[:, None]


def rng():
    return np.random.default_rng(0)


@pytest.mark.parametrize("shape", [IMAGES, (*IMAGES, 3), VECTORS])
@pytest.mark.parametrize("mix", [mix_up, cut_mix])
def test_targets_are_mixed_in_the_shares_of_the_rows(mix, shape):
    X, y = numbered(shape)
    mixed, target = mix(X, y, rng(), alpha=1.0)
    assert mixed.dtype == target.dtype == np.float32
    means = mixed.reshape(len(X), -1).mean(axis=1, dtype=np.float64)
    # float32 of numbers up to 400
    assert target[:, 0] == pytest.approx(means, abs=1e-3)
    assert (np.abs(means - y[:, 0]) > 1).mean() > 0.5
    one_hot = np.eye(10, dtype=np.float32)[np.arange(len(X)) % 10]
    _, shares = mix(X, one_hot, rng(), alpha=1.0)
    assert shares.sum(axis=1) == pytest.approx(1)
    assert ((shares > 0).sum(axis=1) <= 2).all()


def test_mix_up_draws_weights_from_a_beta_distribution():
    X, y = np.zeros((4000, 1), np.float32), np.zeros((4000, 1), np.float32)
    X[::2] = 1  # half of the pairs are of a 0 and a 1: there the weight is seen
    for alpha in (0.2, 1.0):
        mixed, _ = mix_up(X, y, rng(), alpha=alpha)
        seen = mixed[(mixed > 0) & (mixed < 1)]
        # variance of Beta(a, a); about 2,000 draws: standard error below .003
        assert seen.var() == pytest.approx(1 / (4 * (2 * alpha + 1)), abs=0.012)


def test_cut_mix_replaces_a_rectangle_of_an_image():
    X, y = numbered((*IMAGES, 2))
    mixed, _ = cut_mix(X, y, rng(), alpha=1.0)
    foreign = mixed != X
    assert np.array_equal(foreign[..., 0], foreign[..., 1])
    for image in foreign[..., 0]:
        rows, columns = image.any(axis=1), image.any(axis=0)
        assert np.array_equal(image, np.outer(rows, columns))
        for line in (rows, columns):
            assert np.abs(np.diff(line.astype(int))).sum() <= 2  # in one piece


def test_cut_mix_takes_each_column_of_a_vector_from_one_of_two_rows():
    X, y = numbered((4000, 30))
    mixed, _ = cut_mix(X, y, rng(), alpha=1.0)
    assert all(len(np.unique(row)) <= 2 for row in mixed)
    # all columns are taken as often, half of the time: standard error .008
    assert (mixed != X).mean(axis=0) == pytest.approx(np.full(30, 0.5), abs=0.05)


def test_cut_out_leaves_out_a_rectangle_of_that_size_and_keeps_targets():
    X, y = np.ones((1000, 10, 20), np.float32), np.zeros((1000, 1), np.float32)
    cut, target = cut_out(X, y, rng(), strength=0.4)
    assert target is y
    missing = cut == 0
    heights, widths = missing.any(2).sum(1), missing.any(1).sum(1)
    assert heights.max() == 4
    assert widths.max() == 8
    # the centre lies anywhere: at the border half of it is outside
    assert heights.min() == 2
    assert widths.min() == 4
    assert missing.mean(axis=0).min() > 0  # every pixel has its turn


def test_cut_out_leaves_out_up_to_that_share_of_a_vector():
    X, y = np.ones((1000, 50), np.float32), np.zeros((1000, 1), np.float32)
    missing = (cut_out(X, y, rng(), strength=0.4)[0] == 0).mean(axis=1)
    # shares uniform in [0, .4], 50 draws each: five standard deviations above
    assert 0.3 < missing.max() < 0.75
    assert missing.mean() == pytest.approx(0.2, abs=0.02)


def test_word_dropout_leaves_out_that_share_of_the_words():
    X = np.zeros((500, 40), np.float32)
    X[:, :20] = 0.5
    y = np.zeros((500, 1), np.float32)
    dropped, target = drop_words(X, y, rng(), probability=0.3)
    assert target is y
    assert dropped.dtype == np.float32
    assert set(np.unique(dropped)) == {0.0, 0.5}
    # 10,000 draws: standard error .005
    assert (dropped[:, :20] == 0).mean() == pytest.approx(0.3, abs=0.02)


def test_the_rows_given_are_left_as_they_are():
    for alter in (
        lambda *a: mix_up(*a, alpha=1.0),
        lambda *a: cut_mix(*a, alpha=1.0),
        lambda *a: cut_out(*a, strength=0.5),
        lambda *a: drop_words(*a, probability=0.5),
    ):
        X, y = numbered(VECTORS)
        alter(X, y, rng())
        assert all(map(np.array_equal, (X, y), numbered(VECTORS)))
