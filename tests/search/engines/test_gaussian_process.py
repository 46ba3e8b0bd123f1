"""The process against scikit-learn's, and what it finds out about its parameters."""

import numpy as np
import pytest
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import ConstantKernel, Matern, WhiteKernel

from search.engines.columns import INACTIVE
from search.engines.gaussian_process import fit


def data(n, *, noise, seed=0):
    """The first of three numbers decides."""
    rng = np.random.default_rng(seed)
    rows = rng.uniform(size=(n, 3))
    y = np.sin(6 * rows[:, 0]) + rng.normal(scale=noise, size=n)
    return rows, (y - y.mean()) / y.std()


def test_it_predicts_as_scikit_learn_does():
    rows, y = data(40, noise=0.2)
    process = fit(rows, y, (0, 0, 0))
    kernel = ConstantKernel(process.signal) * Matern(
        process.weights**-0.5, nu=2.5
    ) + WhiteKernel(process.noise)
    peer = GaussianProcessRegressor(kernel, optimizer=None).fit(rows, y)
    new = np.random.default_rng(1).uniform(size=(50, 3))
    mean, std = process.predict(new)
    theirs, their_std = peer.predict(new, return_std=True)
    np.testing.assert_allclose(mean, theirs, atol=1e-8)  # solved in another order
    # theirs is of an observation, ours of the function
    np.testing.assert_allclose(std**2 + process.noise, their_std**2, atol=1e-8)


def test_a_target_with_more_noise_says_less():
    rows, y = data(40, noise=0.2)
    shares = np.where(np.arange(40) < 20, 1.0, 5.0)
    process = fit(rows, y, (0, 0, 0), shares=shares)
    kernel = ConstantKernel(process.signal) * Matern(process.weights**-0.5, nu=2.5)
    peer = GaussianProcessRegressor(
        kernel, alpha=shares * process.noise, optimizer=None
    ).fit(rows, y)
    new = np.random.default_rng(1).uniform(size=(50, 3))
    mean, std = process.predict(new)
    theirs, their_std = peer.predict(new, return_std=True)
    np.testing.assert_allclose(mean, theirs, atol=1e-8)  # solved in another order
    np.testing.assert_allclose(std, their_std, atol=1e-8)


def test_it_finds_the_noise_of_a_share_of_one():
    # Half of the targets have nine times the variance of the others' noise.
    rows, y = data(200, noise=0.0)
    shares = np.where(np.arange(200) < 100, 1.0, 9.0)
    y = y + np.random.default_rng(2).normal(scale=0.2 * np.sqrt(shares))
    assert fit(rows, y, (0, 0, 0), shares=shares).noise == pytest.approx(0.04, rel=0.3)
    assert fit(rows, y, (0, 0, 0)).noise > 0.1  # the mean of both


def test_what_the_others_say_of_each_is_what_a_fit_without_it_predicts():
    rows, y = data(15, noise=0.3)
    process = fit(rows, y, (0, 0, 0))
    kernel = ConstantKernel(process.signal) * Matern(process.weights**-0.5, nu=2.5)
    mean, std = process.without_each()
    for i in range(len(y)):
        others = np.arange(len(y)) != i
        peer = GaussianProcessRegressor(
            kernel + WhiteKernel(process.noise), optimizer=None
        ).fit(rows[others], y[others])
        theirs, their_std = peer.predict(rows[[i]], return_std=True)
        assert mean[i] == pytest.approx(theirs[0], abs=1e-8)
        assert std[i] == pytest.approx(their_std[0], abs=1e-8)


def test_it_finds_what_matters_and_how_noisy_it_is():
    noisy, clear = (fit(*data(80, noise=s), (0, 0, 0)) for s in (1.0, 0.05))
    assert clear.weights[0] > 3 * clear.weights[1:].max()
    assert noisy.noise > 5 * clear.noise


def test_options_are_equally_far_apart():
    rows = np.array([[0.0, 0.1], [1.0, 0.1], [2.0, 0.1]])
    process = fit(rows, np.array([1.0, 0.0, -1.0]), (4, 0))
    mean, std = process.predict(np.array([[3.0, 0.1]]))
    assert mean == pytest.approx(0.0)
    assert std[0] > process.predict(rows)[1].max()


def test_what_is_inactive_says_nothing_of_its_value():
    rows = np.array([[0.0, INACTIVE], [1.0, 0.2], [1.0, 0.8], [0.0, INACTIVE]])
    process = fit(rows, np.array([1.0, -1.0, -1.0, 1.0]), (2, 0))
    near, far = process.predict(np.array([[0.0, INACTIVE], [1.0, 0.5]]))[0]
    assert near > 0 > far


def test_a_running_trial_leaves_the_mean_and_takes_the_doubt():
    rows, y = data(20, noise=0.3)
    process = fit(rows, y, (0, 0, 0))
    new = np.array([[0.9, 0.9, 0.9]])
    later = process.told(new)
    before, after = process.predict(new), later.predict(new)
    assert after[0] == pytest.approx(before[0], abs=1e-6)  # solved anew
    assert after[1] < 0.9 * before[1]


@pytest.mark.parametrize("scale", [0.0, 1e3])
def test_odd_targets_are_fitted(scale):
    rows, y = data(30, noise=0.1)
    mean, std = fit(rows, scale * y, (0, 0, 0)).predict(rows)
    assert np.isfinite(mean).all()
    assert np.isfinite(std).all()
