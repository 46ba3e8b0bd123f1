"""A Gaussian process over rows of a search space: fitted, asked for a prediction.

Rasmussen and Williams 2006, Gaussian Processes for Machine Learning: prediction in
algorithm 2.1, marginal likelihood and its gradient in equations 5.8 and 5.9.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_solve, cholesky, solve_triangular
from scipy.linalg.lapack import dpotri
from scipy.optimize import minimize
from scipy.spatial.distance import pdist, squareform

from search.engines.columns import INACTIVE, Rows

Floats = NDArray[np.float64]

ROOT5 = 5**0.5

PRIOR = (0.0, 1.5), (0.0, 1.0), (-2.3, 1.5)
"""Mean and standard deviation, each of a logarithm: of a parameter's inverse squared
length scale, of the signal's variance, of the noise's (.1 of that of all targets)."""

LEAST_NOISE, FARTHEST = 1e-3, 4.0
"""Least variance of the noise, most standard deviations of `PRIOR` from its mean: these
keep the matrix far from singular."""

MAX_STEPS = 15
"""Of the search for hyperparameters; the last ones hardly move."""


@dataclass(frozen=True, kw_only=True, eq=False)
class GaussianProcess:
    """A fitted process with mean zero, Matérn 5/2.

    Attributes:
        n_options: Of each parameter that is a choice, 0 of one that is a number.
        weights: Inverse squared length scales, float64 (n_parameters,).
        signal: Variance of the function.
        noise: Variance of a target around it, where its share is 1.
        shares: Of the noise's variance in each target, float64 (n,).
        x: Where the targets are, float64 (n, n_features).
        y: The targets, float64 (n,).
        lower: Cholesky factor of their covariance, float64 (n, n).
    """

    n_options: Sequence[int]
    weights: Floats
    signal: float
    noise: float
    shares: Floats
    x: Floats
    y: Floats
    lower: Floats

    def predict(self, rows: Rows) -> tuple[Floats, Floats]:
        """Return mean and standard deviation of the function, each float64 (m,)."""
        x = _features(rows, self.n_options) * _per_feature(self.weights, self.n_options)
        square = (
            (x**2).sum(axis=1)[:, None] + (self.x**2).sum(axis=1) - 2 * x @ self.x.T
        )
        near = self.signal * _matern(np.maximum(square, 0.0))[0]
        mean = near @ cho_solve((self.lower, True), self.y)
        known = solve_triangular(self.lower, near.T, lower=True, check_finite=False)
        variance = self.signal - (known**2).sum(axis=0)
        return mean, np.sqrt(np.maximum(variance, 1e-12))

    def without_each(self) -> tuple[Floats, Floats]:
        """Return what the other targets say of each, float64 (n,) both.

        Mean and standard deviation of a target; equation 5.12 (leave one out).
        """
        inverse = np.diag(cho_solve((self.lower, True), np.eye(len(self.y))))
        errors = cho_solve((self.lower, True), self.y) / inverse
        return self.y - errors, 1 / np.sqrt(inverse)

    def told(self, rows: Rows) -> "GaussianProcess":
        """Return the process after rows turned out to be what it predicts."""
        x = _features(rows, self.n_options) * _per_feature(self.weights, self.n_options)
        return _conditioned(
            replace(
                self,
                x=np.concatenate([self.x, x]),
                y=np.concatenate([self.y, self.predict(rows)[0]]),
                shares=np.concatenate([self.shares, np.ones(len(rows))]),
            )
        )


def fit(
    rows: Rows, y: Floats, n_options: Sequence[int], *, shares: Floats | None = None
) -> GaussianProcess:
    """Fit length scales, signal and noise, the most probable ones under `PRIOR`.

    A choice is equally far from each other option. An inactive number is in the middle
    of its range, so that it says little about those that are active.

    Args:
        rows: See `search.engines.columns.Rows`.
        y: Targets around 0 with a variance of about 1, float64 (n,).
        n_options: Of each parameter that is a choice, 0 of one that is a number.
        shares: Of the noise's variance in each target, float64 (n,); None is 1 each.
    """
    shares = np.ones(len(y)) if shares is None else shares
    squares = np.array(
        [
            pdist(_features(rows[:, [i]], [options]), "sqeuclidean")
            for i, options in enumerate(n_options)
        ]
    )
    centre, spread = np.array([PRIOR[0]] * len(n_options) + [*PRIOR[1:]]).T

    def loss(logs: Floats) -> tuple[float, Floats]:
        weights, (signal, noise) = np.exp(logs[:-2]), np.exp(logs[-2:])
        k, slope = _matern(weights @ squares)
        covariance = signal * squareform(k)
        np.fill_diagonal(covariance, signal + shares * (noise + LEAST_NOISE))
        lower = cholesky(covariance, lower=True, check_finite=False)
        alpha = cho_solve((lower, True), y, check_finite=False)
        inverse, _ = dpotri(lower, lower=1)  # its lower triangle alone
        pull = squareform((np.outer(alpha, alpha) - inverse).T, checks=False)
        own = alpha**2 - np.diag(inverse)
        gradient = -np.concatenate(
            [
                weights * signal * (squares @ (pull * slope)),
                [signal * (pull @ k + own.sum() / 2), noise * (own @ shares) / 2],
            ]
        )
        off = (logs - centre) / spread
        likelihood = y @ alpha / 2 + np.log(np.diag(lower)).sum()
        return float(likelihood + off @ off / 2), gradient + off / spread

    logs = minimize(
        loss,
        centre,
        jac=True,
        method="L-BFGS-B",
        bounds=np.stack([centre - FARTHEST * spread, centre + FARTHEST * spread], 1),
        options={"maxiter": MAX_STEPS},
    ).x
    weights, (signal, noise) = np.exp(logs[:-2]), np.exp(logs[-2:])
    return _conditioned(
        GaussianProcess(
            n_options=n_options,
            weights=weights,
            signal=float(signal),
            noise=float(noise) + LEAST_NOISE,
            shares=shares,
            x=_features(rows, n_options) * _per_feature(weights, n_options),
            y=y,
            lower=np.empty((0, 0)),
        )
    )


def _conditioned(process: GaussianProcess) -> GaussianProcess:
    covariance = process.signal * squareform(
        _matern(pdist(process.x, "sqeuclidean"))[0]
    )
    np.fill_diagonal(covariance, process.signal + process.shares * process.noise)
    return replace(process, lower=cholesky(covariance, lower=True))


def _matern(square: Floats) -> tuple[Floats, Floats]:
    """Return the correlation at a squared distance, and its slope."""
    r = ROOT5 * np.sqrt(square)
    near = np.exp(-r)
    return (1 + r + 5 / 3 * square) * near, -5 / 6 * (1 + r) * near


def _features(rows: Rows, n_options: Sequence[int]) -> Floats:
    """Return rows with a column for each option, in which two options are 1 apart."""
    columns = []
    for column, options in zip(rows.T, n_options, strict=True):
        if options:
            columns += [(column == option) / 2**0.5 for option in range(options)]
        else:
            columns.append(np.where(column == INACTIVE, 0.5, column))
    return np.stack(columns, axis=1)


def _per_feature(weights: Floats, n_options: Sequence[int]) -> Floats:
    return np.repeat(np.sqrt(weights), np.maximum(n_options, 1))
