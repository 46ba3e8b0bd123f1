"""`--pruner`: a race of folds, floors for the first fold, both, or none."""

from collections.abc import Sequence
from dataclasses import dataclass

from search.errors import SettingsError
from search.metrics import METRICS
from search.protocols import Pruner
from search.pruners.floors import FLOORS, Floors
from search.pruners.racing import RULES, Racing
from search.types import Settings, Trial
from spaces.space import unknown

DEFAULT = "forgiving"
NONE = "none"

PRUNERS = {
    "forgiving": "a trial ends when its mean so far is no better than the best's worst "
    "fold",
    "aggressive": "a trial ends when its mean so far is no better than the best's mean",
    "wilcoxon": "a trial ends when its folds are worse than the best's by signed ranks",
    "median": "the first fold ends below the median of those before it",
    "asha": "the first fold ends when it is not in the best third at few epochs",
    NONE: "every trial is finished",
}
"""In words. One that races and one with floors can be joined: forgiving+median."""


@dataclass(frozen=True, kw_only=True)
class TwoLevels:
    """A pruner of two parts, each of which may be missing.

    Attributes:
        racing: Looks at folds.
        floors: Look at epochs of the first fold.
    """

    racing: Racing | None = None
    floors: Floors | None = None

    def floor(
        self, fold: int, epochs: int, known: Sequence[Trial]
    ) -> Sequence[float] | None:
        """Return the fold's floor; see `search.protocols.Pruner`."""
        return None if self.floors is None else self.floors.floor(fold, epochs, known)

    def stop_after(self, trial: Trial, known: Sequence[Trial]) -> str | None:
        """Say why the trial should end; see `search.protocols.Pruner`."""
        return None if self.racing is None else self.racing.stop_after(trial, known)


def check_pruner(text: str, objectives: Sequence[str]) -> str:
    """Return a pruner's text in one way of writing it.

    Raises:
        SettingsError: A name is unknown, two do the same, or the study's objectives
            cannot be judged before a trial is complete.

    Example:
        >>> check_pruner("median+forgiving", ["score"])
        'forgiving+median'
    """
    names = [name.strip() for name in text.split("+")]
    for name in names:
        if name not in PRUNERS:
            raise SettingsError(f"--pruner: {unknown('pruner', name, list(PRUNERS))}")
    races = [name for name in names if name in RULES]
    floors = [name for name in names if name in FLOORS]
    if len(races) > 1 or len(floors) > 1 or (NONE in names and len(names) > 1):
        raise SettingsError(
            "--pruner: one that races folds, one with floors, or one of each "
            f"(forgiving+median), got {text}"
        )
    if floors and len(objectives) > 1:
        raise SettingsError(
            f"--pruner {floors[0]}: knows the score alone, but the objectives are "
            f"{','.join(objectives)}; use forgiving or none"
        )
    if races and {*objectives} & {"seconds", "gap"}:
        raise SettingsError(
            f"--pruner {races[0]}: can tell of score and n_parameters what a trial "
            f"will have, but the objectives are {','.join(objectives)}; use none"
        )
    return "+".join([*races, *floors]) or NONE


def default_pruner(objectives: Sequence[str], sampler: str) -> str:
    """Return the pruner of a study that named none.

    A grid is asked for to see every point of it.
    """
    blind = {*objectives} & {"seconds", "gap"}
    return NONE if blind or sampler == "grid" else DEFAULT


def make_pruner(settings: Settings, *, n_folds: int) -> Pruner:
    """Return the pruner of a study.

    Args:
        settings: The study's; `pruner` as `check_pruner` wrote it.
        n_folds: Folds of a complete trial.
    """
    metric = METRICS[settings.metrics[0]]
    racing: Racing | None = None
    floors: Floors | None = None
    for name in settings.pruner.split("+"):
        if name in RULES:
            racing = Racing(
                metric,
                epoch_rule=settings.epoch,
                n_folds=n_folds,
                rule=name,
                by_size=len(settings.objectives) > 1,
            )
        elif name in FLOORS:
            floors = Floors(metric, rule=name)
    return TwoLevels(racing=racing, floors=floors)
