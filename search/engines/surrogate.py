"""Bayesian optimisation of noisy scores: what to try next, from what is known."""

from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr
from scipy.stats import qmc
from threadpoolctl import ThreadpoolController

from search.engines.columns import TOLERANCE, Columns, Rows
from search.engines.gaussian_process import GaussianProcess, fit

N_START = 10
"""Trials known before there is a model; until then points are spread evenly, but for
the first one, which the space begins with."""

N_CANDIDATES = 500
"""From all over the space, and as many near the best trials."""

N_BASES = 10
"""Best trials, by the model, that have candidates near them."""

GOOD, SURPRISE = 0.5, 2.0
"""A trial whose neighbours let expect so much (standard deviations of all targets above
their mean), and that is worse by so many of the expectation's, has failed by chance."""

WIDTHS = (0.15, 0.1, 0.03)
"""Steps to those candidates, then to what improves on the best candidates."""


def propose(
    columns: Columns,
    known: Rows,
    values: NDArray[np.float64],
    running: Rows,
    *,
    shares: NDArray[np.float64] | None = None,
    start_seed: int,
    seed: int,
) -> NDArray[np.float64]:
    """Return the row to try next: a new one wherever there is one.

    A Gaussian process is fitted to the values, and the expected improvement over its
    own best mean is sought: the best value seen is the luckiest one. Running trials
    are taken to have the values it predicts.

    Args:
        columns: The space.
        known: Ended trials in the order of their numbers.
        values: Theirs, higher is better; `-inf` for what is not allowed.
        running: Trials that have not ended.
        shares: Of the noise's variance in each value, float64 (n_known,); None is 1
            each.
        start_seed: Of the points before the first model, one for the whole study.
        seed: Of this proposal.

    Source: Jones, Schonlau, Welch 1998, Efficient Global Optimization, section 3
    (expected improvement); Ginsbourger et al. 2010, Kriging is well-suited to
    parallelize optimization, section 4 (running trials).
    """
    if len(known) < N_START:
        n_asked = len(known) + len(running)
        if n_asked == 0:
            return columns.initial
        sobol = qmc.Sobol(len(columns.n_options), seed=start_seed)
        if n_asked > 1:
            sobol.fast_forward(n_asked - 1)
        first: NDArray[np.float64] = columns.spread(sobol.random(1))[0]
        return first
    rng = np.random.default_rng(seed)
    shares = np.ones(len(known)) if shares is None else shares
    with _blas().limit(limits=1):
        return _most_promising(columns, known, values, running, shares, rng)


def _most_promising(
    columns: Columns,
    known: Rows,
    values: NDArray[np.float64],
    running: Rows,
    shares: NDArray[np.float64],
    rng: np.random.Generator,
) -> NDArray[np.float64]:
    tried = set(_keys(np.concatenate([known, running])))

    def new(rows: Rows) -> Rows:
        return rows[[key not in tried for key in _keys(rows)]]

    process = fit(known, targets(values), columns.n_options, shares=shares)
    by_chance = failed_by_chance(process)
    if by_chance.any():
        known, values, shares = (each[~by_chance] for each in (known, values, shares))
        process = fit(known, targets(values), columns.n_options, shares=shares)
    means = process.predict(known)[0]
    bases = known[np.argsort(-means, kind="stable")[:N_BASES]]
    if len(running):
        process = process.told(running)
    drawn = columns.spread(rng.uniform(size=(N_CANDIDATES, known.shape[1])))
    begin = bases[rng.integers(len(bases), size=N_CANDIDATES)]
    near = columns.step(rng, begin, width=WIDTHS[0])
    rows = new(np.concatenate([near, drawn]))
    if not len(rows):  # a small space, in which all is known
        return np.array(bases[0])
    gains = improvement(process, rows, best=means.max())
    for width in WIDTHS[1:]:
        top = rows[np.argsort(-gains, kind="stable")[:5]]
        near = new(columns.step(rng, np.repeat(top, 20, axis=0), width=width))
        rows = np.concatenate([top, near])
        gains = improvement(process, rows, best=means.max())
    best: NDArray[np.float64] = rows[gains.argmax()]
    return best


@cache
def _blas() -> ThreadpoolController:
    # These matrices are small. Threads would spend their time waiting for one another,
    # most of all beside the processes that train.
    return ThreadpoolController()


def targets(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return values as the model is given them: mean 0, variance 1, no low outliers.

    What lies below Tukey's lower fence (Tukey 1977, Exploratory Data Analysis) is put
    on it, so that one diverged network does not make all others look alike. Ranks would
    do that as well, but they pull near points apart: the search then takes for noise
    what it looks at closely, and stays where it is.

    Args:
        values: Higher is better; `-inf` becomes the worst of the others.
    """
    allowed = np.isfinite(values)
    if not allowed.any():
        return np.zeros(len(values))
    values = np.where(allowed, values, values[allowed].min())
    low, high = np.quantile(values, [0.25, 0.75])
    values = np.maximum(values, low - 1.5 * (high - low))
    values = values - values.mean()
    return values / (values.std() or 1.0)


def failed_by_chance(process: GaussianProcess) -> NDArray[np.bool_]:
    """Say which trials failed although their neighbours are good, bool (n,).

    A worker that was killed says nothing of the point it was given. Taken for noise, a
    few of them would hide what the others have found; where neighbours fail as well it
    is the place that is bad, and where there are none it may be.

    Source: Rasmussen and Williams 2006, section 5.4.2 (leave one out).
    """
    mean, std = process.without_each()
    return (mean > GOOD) & (process.y < mean - SURPRISE * std)


def improvement(
    process: GaussianProcess, rows: Rows, *, best: float
) -> NDArray[np.float64]:
    """Return the expected improvement over a value, float64 (n,)."""
    mean, std = process.predict(rows)
    z = (mean - best) / std
    density = np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)
    gain: NDArray[np.float64] = std * (z * ndtr(z) + density)
    return gain


def _keys(rows: Rows) -> list[bytes]:
    return [row.tobytes() for row in np.rint(rows / TOLERANCE)]
