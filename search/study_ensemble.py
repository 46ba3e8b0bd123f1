"""The ensemble of a recorded study, and whether it beats the study's best trial."""

from collections.abc import Sequence
from dataclasses import dataclass

from search.compare import Comparison, compare_pairs
from search.ensemble import Scores, choose, cross_fit, make_library, scores_of
from search.errors import SettingsError, TrackingError
from search.fold_sizes import valid_over_train
from search.metrics import METRICS, Metric
from search.out_of_fold import OutOfFold, read_out_of_fold
from search.results import best_trained, n_chosen_from
from search.store import Store
from search.stored_study import RecordedStudy, RecordedTrial
from search.types import Trial

MAX_TRIALS = 30
"""The best ones, among which members are chosen: a trial behind them is hardly ever
taken. With 60,000 rows of 10 classes each costs 2.4 MB, .1 s to read and .2 s to try.
"""

ENSEMBLE, SINGLE = "the ensemble", "the single best"


@dataclass(frozen=True, kw_only=True)
class Member:
    """A trial of an ensemble.

    Attributes:
        recorded: The trial.
        count: How often it was taken.
        weight: The same as a share: those of all members sum to 1.
    """

    recorded: RecordedTrial
    count: int
    weight: float

    @property
    def trial(self) -> Trial:
        """The trial itself."""
        return self.recorded.trial


@dataclass(frozen=True, kw_only=True)
class StudyEnsemble:
    """What was chosen from a study, and how it scores.

    Attributes:
        study: The study.
        metric: What was improved: the searched one.
        size: Members at most.
        members: The heaviest first, the better trial first on ties.
        single: The best trial alone.
        n_trials: Trials that were chosen from.
        n_complete: Complete trials of the study, copies left out.
        chosen_on: Scores on the folds that all was chosen on, which flatters.
        cross_fitted: Scores of what was chosen on the other folds; None where no fold
            leaves rows to choose on.
        comparison: The cross-fitted ensemble against the cross-fitted single best;
            None where nothing is cross-fitted.
        notes: What a reader has to know, in lines.
    """

    study: RecordedStudy
    metric: Metric
    size: int
    members: tuple[Member, ...]
    single: RecordedTrial
    n_trials: int
    n_complete: int
    chosen_on: Scores
    cross_fitted: Scores | None
    comparison: Comparison | None
    notes: tuple[str, ...]

    @property
    def beats_single(self) -> bool | None:
        """Whether its cross-fitted score is better; None where there is none."""
        if self.comparison is None:
            return None
        return self.metric.sign(self.comparison.difference.mean) > 0

    @property
    def conclusion(self) -> str:
        """Say in one sentence whether averaging is worth it."""
        if self.comparison is None:
            return (
                f"whether the ensemble beats the single best is not known: "
                f"{self.study.settings.cv} leaves no other rows to choose on; search "
                "with --cv kfold:5"
            )
        if not self.beats_single:
            return (
                "the ensemble does not beat the single best, both chosen on the other "
                "folds"
            )
        beats = "the ensemble beats the single best, both chosen on the other folds"
        if self.comparison.verdict == "better":
            return beats
        if self.comparison.verdict == "no test":
            return f"{beats}; too few folds for a test, but the interval excludes zero"
        return f"{beats}; whether it would again is not decided"


def find_ensemble(store: Store, study: RecordedStudy, *, size: int) -> StudyEnsemble:
    """Choose an ensemble of a study's trials by their out-of-fold predictions.

    Args:
        store: The tracking store; nothing else is read.
        study: The study.
        size: Different trials at most, at least 2.

    Raises:
        SettingsError: The size is below 2.
        TrackingError: The study has no complete trial, or no predictions of one.
    """
    settings = study.settings
    if size < 2:
        raise SettingsError(
            f"--size: must be at least 2, got {size}; 'tunefold best {settings.name}' "
            "shows the best trial alone"
        )
    trials, predictions, notes = _read(store, study)
    metric = METRICS[settings.metrics[0]]
    library = make_library(predictions)
    predictions.clear()  # the library has a copy
    choice = choose(library, metric, size=size)
    cross_fitted = cross_fit(library, metric, size=size)
    total = sum(choice.counts)
    members = [
        Member(recorded=recorded, count=count, weight=count / total)
        for recorded, count in zip(trials, choice.counts, strict=True)
        if count
    ]
    if len(trials) == 1:
        notes.append("note: there is one trial to choose from, which is its own mean")
    elif len(members) == 1:
        notes.append("note: no trial that is added to the best one raises its score")
    return StudyEnsemble(
        study=study,
        metric=metric,
        size=size,
        members=tuple(sorted(members, key=lambda member: -member.count)),
        single=trials[choice.ranked[0]],
        n_trials=len(trials),
        n_complete=n_chosen_from(store, study),
        chosen_on=scores_of(library, metric, choice, size=size),
        cross_fitted=cross_fitted,
        comparison=_compare(
            cross_fitted,
            metric,
            valid_over_train(settings, [each.trial.params for each in trials]),
        ),
        notes=tuple(notes),
    )


def _read(
    store: Store, study: RecordedStudy
) -> tuple[list[RecordedTrial], list[OutOfFold], list[str]]:
    name = study.settings.name
    recorded = best_trained(store, study, MAX_TRIALS)
    if not recorded:
        raise TrackingError(
            f"study '{name}': has no complete trial yet; "
            f"'tunefold resume {name}' goes on with it"
        )
    trials, predictions, missing = [], [], []
    for each in recorded:
        try:
            predictions.append(read_out_of_fold(store, each))
            trials.append(each)
        except TrackingError:
            missing.append(each.trial.number)
    if not trials:
        raise TrackingError(
            f"study '{name}': its trials' out-of-fold predictions (predictions.npz) "
            f"must be in {store.name}, got none; search it again"
        )
    notes = []
    if missing:
        notes.append(
            f"note: left out, for their predictions.npz cannot be read: trial "
            f"{', '.join(map(str, sorted(missing)))}"
        )
    return trials, predictions, notes


def _compare(
    scores: Scores | None, metric: Metric, ratios: Sequence[float]
) -> Comparison | None:
    if scores is None:
        return None
    (comparison,) = compare_pairs(
        [(SINGLE, ENSEMBLE)],
        {SINGLE: scores.single, ENSEMBLE: scores.ensemble},
        metric,
        n_train=1,
        n_valid=ratios,
    )
    return comparison
