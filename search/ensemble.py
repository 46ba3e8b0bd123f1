"""Which trials to average, chosen by out-of-fold predictions that are stored already.

The choice is made on the rows that it is scored on, and so flatters itself, as the
choice of the best trial does. What is compared is therefore cross-fitted: chosen on the
other folds, scored on this one, the ensemble and the single best alike.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from search.errors import TrackingError
from search.metrics import Metric
from search.out_of_fold import OutOfFold
from search.weighted_scores import row_values, weighted_scores

MAX_STEPS = 20
"""Trials taken after the first ones; by then another one moves the mean by 5 %."""

MIN_GAIN = 1e-5
"""Of the score: less is no gain, for sums of float32 differ by their rounding."""

Counts = tuple[int, ...]
"""How often each trial of a library is taken; its weight in proportion."""

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True, eq=False)
class Library:
    """Out-of-fold predictions of several trials of one study.

    A row stands as often as it was validated; see `search.out_of_fold.OutOfFold`.

    Attributes:
        rows: Row numbers in the training part, int64 (n,).
        fold: Number of the fold that validated it, int64 (n,).
        y: Targets, (n,).
        predictions: Class probabilities, float32 (n_trials, n, n_classes), or values,
            (n_trials, n).
    """

    rows: NDArray[np.int64]
    fold: NDArray[np.int64]
    y: NDArray[Any]
    predictions: NDArray[np.float32]

    def only(self, entries: NDArray[np.bool_]) -> "Library":
        """Return a library of some entries, bool (n,)."""
        return Library(
            rows=self.rows[entries],
            fold=self.fold[entries],
            y=self.y[entries],
            predictions=self.predictions[:, entries],
        )

    def mean(self, counts: Counts) -> NDArray[np.float32]:
        """Return the trials' weighted mean, float32 (n, n_classes) or (n,)."""
        total = np.zeros(self.predictions.shape[1:], np.float32)
        for predictions, count in zip(self.predictions, counts, strict=True):
            if count:
                total += np.float32(count) * predictions
        total /= np.float32(sum(counts))
        return total


@dataclass(frozen=True, kw_only=True)
class Choice:
    """What was chosen on some rows.

    Attributes:
        counts: How often each trial is in the ensemble.
        ranked: Places of all trials by their own score on these rows, the best first,
            the earlier one on ties.
    """

    counts: Counts
    ranked: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class Scores:
    """The metric in each fold, in the order of the folds.

    Attributes:
        ensemble: Of the ensemble.
        single: Of the best single trial.
        top: Of the plain mean of the best trials, as many as the ensemble may have.
    """

    ensemble: tuple[float, ...]
    single: tuple[float, ...]
    top: tuple[float, ...]


class FoldMean:
    """The mean over folds of a metric, as in a leaderboard, thousands of times.

    Args:
        metric: Any one of `search.metrics`.
        library: Whose rows and folds.
    """

    def __init__(self, metric: Metric, library: Library) -> None:
        self._metric = metric
        self._y = library.y
        numbers = np.unique(library.fold)
        self._folds = (library.fold == numbers[:, None]).astype(np.float32)

    def by_fold(self, predictions: NDArray[np.float32]) -> tuple[float, ...]:
        """Return the value in each fold, in the order of their numbers."""
        values = row_values(self._metric, self._y, predictions)[None]
        scores = weighted_scores(self._metric, self._y, values, self._folds)
        return tuple(scores[:, 0].tolist())

    def __call__(self, predictions: NDArray[np.float32]) -> float:
        """Return the mean, turned so that higher is better."""
        return self._metric.sign(float(np.mean(self.by_fold(predictions))))


def make_library(trials: Sequence[OutOfFold]) -> Library:
    """Put the predictions of trials of one study together, in their order.

    Args:
        trials: At least one.

    Raises:
        TrackingError: They are not of the same rows and folds.
    """
    first = trials[0]
    for place, other in enumerate(trials):
        if not first.is_like(other):
            raise TrackingError(
                "ensemble: all predictions must be of the same rows and folds, got "
                f"others in place {place}; a trial's predictions.npz was replaced"
            )
    return Library(
        rows=first.rows,
        fold=first.fold,
        y=first.y,
        predictions=np.stack([each.predictions for each in trials]),
    )


def choose(library: Library, metric: Metric, *, size: int) -> Choice:
    """Choose the trials whose mean predicts best, greedily and with replacement.

    Begins with the N best trials, N from 1 to half of `size`, the N whose mean scores
    best. Then takes again and again the trial that improves the mean most, also one
    that is in it already, until none does or `MAX_STEPS` are taken. The score is the
    mean over folds, as in a leaderboard. Of equally good ones the first is taken.

    Args:
        library: Predictions, and the rows to choose on.
        metric: What is improved.
        size: Different trials at most, at least 1.

    Source: Caruana, Niculescu-Mizil, Crew, Ksikes 2004, Ensemble Selection from
    Libraries of Models, ICML, section 2: with replacement (2.1), sorted initialisation
    (2.2; here of half the members, so that few of them are still chosen).
    """
    score = FoldMean(metric, library)
    n = len(library.predictions)
    alone = [score(predictions) for predictions in library.predictions]
    ranked = tuple(sorted(range(n), key=lambda place: (-alone[place], place)))
    starts = [_once(n, ranked[:k]) for k in range(1, min(max(1, size // 2), n) + 1)]
    counts, reached = _first_best(starts, lambda each: score(library.mean(each)))
    joined = np.empty(library.predictions.shape[1:], np.float32)
    for _ in range(MAX_STEPS):
        total = library.mean(counts) * np.float32(sum(counts))
        weight = np.float32(1 / (sum(counts) + 1))

        def with_one_more(place: int) -> float:
            np.add(total, library.predictions[place], out=joined)  # noqa: B023
            np.multiply(joined, weight, out=joined)  # noqa: B023
            return score(joined)

        members = [place for place in range(n) if counts[place]]
        taken, found = _first_best(
            members if len(members) == size else range(n), with_one_more
        )
        if not _is_gain(found, reached):
            break
        counts = tuple(each + (place == taken) for place, each in enumerate(counts))
        reached = found
    return Choice(counts=counts, ranked=ranked)


def scores_of(library: Library, metric: Metric, choice: Choice, *, size: int) -> Scores:
    """Score what was chosen, here or on other rows of the same trials."""
    score, n = FoldMean(metric, library), len(library.predictions)
    return Scores(
        ensemble=score.by_fold(library.mean(choice.counts)),
        single=score.by_fold(library.predictions[choice.ranked[0]]),
        top=score.by_fold(library.mean(_once(n, choice.ranked[:size]))),
    )


def cross_fit(library: Library, metric: Metric, *, size: int) -> Scores | None:
    """Score each fold by what is chosen on the others.

    It is chosen on the entries of other folds whose rows are not in this one: in
    repeated splits and drawn ones a row is validated several times. (The networks of
    the other folds were trained on this fold's rows, as in all stacking; how they
    predict them is not looked at.)

    Returns:
        One score per fold; None where a fold leaves no row to choose on, as hold-out
        does.
    """
    folds = []
    for number in np.unique(library.fold):
        here = library.fold == number
        elsewhere = ~np.isin(library.rows, library.rows[here])
        if not elsewhere.any():
            return None
        choice = choose(library.only(elsewhere), metric, size=size)
        folds.append(scores_of(library.only(here), metric, choice, size=size))
    return Scores(
        ensemble=tuple(value for each in folds for value in each.ensemble),
        single=tuple(value for each in folds for value in each.single),
        top=tuple(value for each in folds for value in each.top),
    )


def _once(n: int, places: Sequence[int]) -> Counts:
    return tuple(int(place in places) for place in range(n))


def _first_best(
    candidates: Iterable[T], score: Callable[[T], float]
) -> tuple[T, float]:
    """Return the first of those that score best, and its score."""
    (best, reached), *others = [(each, score(each)) for each in candidates]
    for each, found in others:
        if _is_gain(found, reached):
            best, reached = each, found
    return best, reached


def _is_gain(found: float, reached: float) -> bool:
    return found - reached > MIN_GAIN * abs(reached)
