"""What a trial's curves say: it overfits, underfits, is robust, or is undecided."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from search.metrics import Metric
from search.types import FoldResult, Trial, TrialState

Array = NDArray[np.float64]

ROBUST_SHARE = 0.05
"""Share of the lowest validation loss below which a change counts as none: a
convention, for an absence cannot be shown but to within a margin."""


class Kind(StrEnum):
    """What is wrong with a training run, or that nothing is, or that it is unknown."""

    OVERFIT = "overfit"
    UNDERFIT = "underfit"
    ROBUST = "robust"
    UNDECIDED = "undecided"


@dataclass(frozen=True)
class Diagnosis:
    """What was found.

    Attributes:
        kind: The finding.
        since: The epoch, from 1, from which on a model overfits; None for the rest.
    """

    kind: Kind
    since: int | None = None

    def __str__(self) -> str:
        """Say it in a table's cell."""
        if self.since is None:
            return self.kind.value
        return f"{self.kind.value} from {self.since}"


UNDECIDED = Diagnosis(Kind.UNDECIDED)


def diagnose(folds: Sequence[FoldResult]) -> Diagnosis:
    """Judge one trial by its own curves of `loss` and `val_loss`.

    The loss is log-loss or mean squared error, whatever metric is searched: accuracy
    may stand still while a network grows sure of its errors. With e the epoch of the
    lowest fold-mean validation loss (the earliest on ties) and T the last one:

    - **overfit since e**: from e to T validation loss rose, by more than one standard
      error of its differences paired by fold, while the fold-mean training loss fell;
    - **robust**: training to the end did no harm and more of it would change little.
      The rise from e to T, and the change from three quarters of the epochs to T,
      lie within `ROBUST_SHARE` of the loss at e, one standard error of the paired
      differences included; the fall from the first epoch to e is larger than that,
      for what never learned does not overfit either;
    - **undecided** otherwise: it still falls, rises too unsurely, or rises while
      training loss rises too, which is no overfitting but a training that diverges.

    The lowest of many noisy values lies too low where it was chosen: a flat curve
    would seem to rise from it. So the rise of each fold is measured from the epoch
    that is the lowest of the other folds' mean.

    Args:
        folds: Finished folds of one trial, curves of equal length. A single fold has
            no standard error and so is undecided, as are fewer than two epochs, no
            folds, and values that are not finite.

    Source: Prechelt 1998, "Early stopping - but when?", for the rise above the
    lowest validation loss so far.
    """
    if len(folds) < 2:
        return UNDECIDED
    train, valid = (_values(folds, name) for name in ("loss", "val_loss"))
    n_epochs = valid.shape[1]
    if n_epochs < 2 or not (np.isfinite(train).all() and np.isfinite(valid).all()):
        return UNDECIDED
    mean = valid.mean(axis=0)
    lowest = int(mean.argmin())
    rise, error = _change(_lowest_by_others(valid), valid[:, -1])
    # in the last epoch this is false: nothing comes after it
    fitted_on = train[:, -1].mean() < train[:, lowest].mean()
    if rise > error and fitted_on:
        return Diagnosis(Kind.OVERFIT, since=lowest + 1)
    late, late_error = _change(valid[:, int(0.75 * n_epochs) - 1], valid[:, -1])
    margin = ROBUST_SHARE * mean[lowest]
    learned = mean[0] - mean[lowest] > margin
    if learned and max(rise + error, abs(late) + late_error) <= margin:
        return Diagnosis(Kind.ROBUST)
    return UNDECIDED


def diagnose_all(metric: Metric, trials: Iterable[Trial]) -> dict[int, Diagnosis]:
    """Judge the complete trials of a study, each beside the others.

    A trial that does not overfit is **underfit** where another one has more weights
    or was trained for more epochs, and is better on the training rows as well as on
    the validation rows: by more than one standard error of the differences paired by
    fold, each trial at its common epoch. Without such a witness nothing says that more
    could have been learned.

    Args:
        metric: The searched one, by which a trial is better: with label smoothing the
            most accurate one may have the highest log-loss.
        trials: All of the study, whatever their state.

    Returns:
        By number; trials at fewer epochs than the study's are witnesses of nothing
        and left out.
    """
    complete = [t for t in trials if t.state is TrialState.COMPLETE and not t.rung]
    found = {trial.number: diagnose(trial.folds) for trial in complete}
    for trial in complete:
        if found[trial.number].kind is not Kind.OVERFIT and any(
            _is_larger(other, trial) and _learned_more(metric, other, trial)
            for other in complete
        ):
            found[trial.number] = Diagnosis(Kind.UNDERFIT)
    return found


def overconfidence(y: NDArray[np.int64], predictions: NDArray[np.floating]) -> float:
    """Return mean confidence minus accuracy: above 0 where a model is too sure.

    Args:
        y: Class numbers, (n,).
        predictions: Class probabilities, (n, n_classes).

    Source: Guo et al. 2017, arXiv:1706.04599, the difference of the means of a
    reliability diagram.

    Example:
        >>> overconfidence(np.array([0, 1]), np.array([[0.75, 0.25], [0.75, 0.25]]))
        0.25
    """
    probabilities = predictions.astype(np.float64)
    correct = probabilities.argmax(axis=1) == y
    return float(probabilities.max(axis=1).mean() - correct.mean())


def _is_larger(other: Trial, trial: Trial) -> bool:
    size, its_size = (t.folds[0].n_parameters for t in (trial, other))
    return its_size > size or other.epochs > trial.epochs


def _learned_more(metric: Metric, other: Trial, trial: Trial) -> bool:
    """Say whether the other is surely better, on training and on validation rows."""
    if len(trial.folds) < 2:
        return False
    for name in (metric.curve, f"val_{metric.curve}"):
        mine, theirs = (_at_epoch(t, name) for t in (trial, other))
        change, error = _change(mine, theirs)
        if not metric.sign(change) > error:
            return False
    return True


def _at_epoch(trial: Trial, name: str) -> Array:
    assert trial.epoch is not None  # it is complete
    return _values(trial.folds, name)[:, trial.epoch - 1]


def _values(folds: Sequence[FoldResult], name: str) -> Array:
    """Return one curve of all folds, float64 (folds, epochs)."""
    return np.array([fold.curves[name] for fold in folds], np.float64)


def _lowest_by_others(valid: Array) -> Array:
    """Return each fold's value where the other folds' mean is lowest, (folds,)."""
    others = valid.sum(axis=0) - valid
    chosen: Array = valid[np.arange(len(valid)), others.argmin(axis=1)]
    return chosen


def _change(before: Array, after: Array) -> tuple[float, float]:
    """Return the mean of the paired differences and its standard error."""
    d = after - before
    return float(d.mean()), float(d.std(ddof=1)) / math.sqrt(len(d))
