"""Sunspots of a year from those of the twelve years before.

Source: the yearly series 1700-2008 of the National Geophysical Data Center, public
domain, which statsmodels ships (BSD-3 package). From 1712 on each year is a row: 238
training rows, and the latest 59, the years 1950-2008, for the test. The rows stand in
the order of time: validation follows training.

Predicted: the sunspot number of the year, by the mean absolute error. The best of three
trials reached 12.0 in five steps of time, a trial in one to two minutes on one busy
core; the mean of the years before is 30.6 off.

    pip install statsmodels
    tunefold search sunspots
"""

import csv
import importlib.util
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipelines.fitting import fit, predict
from pipelines.models import network
from pipelines.part import Part, PartName
from pipelines.pipeline import Pipeline
from pipelines.prepared import load_prepared
from pipelines.vectors import scale_columns
from spaces.errors import DataError
from spaces.small import SMALL_VALUES

N_YEARS = 309
"""From 1700 on; a later edition of the package may hold more."""

N_LAGS = 12
"""Years that are looked back: a cycle takes about eleven."""

TRAIN_SHARE = 0.8


def load_sunspots(part: PartName) -> Part:
    """Load one half of the years.

    Args:
        part: Which half: train has 238 years, test the 59 after them.

    Returns:
        X float64 (n, 12), sunspots of the years before, the earliest first; y float64
        (n,), sunspots of the year.

    Raises:
        DataError: The package statsmodels is not there, or its file is damaged.
    """
    prepared = load_prepared("sunspots", part)
    if prepared is not None:
        return prepared
    package = importlib.util.find_spec("statsmodels")
    if package is None or package.origin is None:
        raise DataError(
            "sunspots: the series must be in TUNEFOLD_DATA or in the package"
            " statsmodels, got neither; run `pip install statsmodels`"
        )
    path = Path(package.origin).parent / "datasets" / "sunspots" / "sunspots.csv"
    windows = np.lib.stride_tricks.sliding_window_view(_read(path), N_LAGS + 1)
    n_train = round(TRAIN_SHARE * len(windows))
    rows = {"train": windows[:n_train], "test": windows[n_train:]}[part]
    return Part(rows[:, :-1].copy(), rows[:, -1].copy(), source="statsmodels")


def _read(path: Path) -> NDArray[np.float64]:
    """Return the series, float64 (309,)."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            years = list(csv.DictReader(file))[:N_YEARS]
        return np.array([float(years[n]["SUNACTIVITY"]) for n in range(N_YEARS)])
    except (OSError, ValueError, LookupError) as error:
        raise DataError(
            f"{path}: must hold the sunspots of {N_YEARS} years, got what cannot be"
            f" read ({error});"
            " run `pip install --force-reinstall --no-deps statsmodels`"
        ) from error


PIPELINE = Pipeline(
    name="sunspots",
    task="regression",
    summary="297 years, 12 columns, the number of sunspots; in order of time",
    classes=(),
    epochs=60,
    load=load_sunspots,
    prepare=scale_columns,
    build=network,
    train=fit,
    evaluate=predict,
    spaces={"dense": SMALL_VALUES},
    unit="sunspots",
    in_order=True,
)
