"""What a study searches: the score, alone or together with size, time or gap."""

from collections.abc import Callable, Sequence

from search.errors import SettingsError
from search.metrics import Metric
from search.scoring import generalization_gap
from search.types import Trial
from spaces.space import unknown

SCORE = "score"

WORST = -1e9
"""Told for a value nobody knows while no other trial has one."""


def _n_parameters(metric: Metric, trial: Trial) -> float | None:  # noqa: ARG001
    return trial.n_parameters


def _seconds(metric: Metric, trial: Trial) -> float | None:  # noqa: ARG001
    if not trial.folds:
        return None
    return sum(fold.seconds for fold in trial.folds) / len(trial.folds)


def _gap(metric: Metric, trial: Trial) -> float | None:
    if trial.epoch is None:
        return None
    return generalization_gap(metric, trial.folds, trial.epoch)


ALSO: dict[str, tuple[str, Callable[[Metric, Trial], float | None]]] = {
    "n_parameters": ("weights of the model", _n_parameters),
    "seconds": ("mean training time of a fold, another in each run", _seconds),
    "gap": ("generalization gap at the common epoch", _gap),
}
"""What may be searched beside the score, in words and as a function of a trial that
gives None where it is not known. Smaller is better for each."""


def read_objectives(text: str | None) -> tuple[str, ...]:
    """Read `--objectives`; the score is always the first.

    Raises:
        SettingsError: A name is unknown or stands twice, or the score is missing.

    Example:
        >>> read_objectives("n_parameters,score")
        ('score', 'n_parameters')
    """
    if text is None:
        return (SCORE,)
    names = [name.strip() for name in text.split(",")]
    for name in names:
        if name != SCORE and name not in ALSO:
            known = [SCORE, *ALSO]
            raise SettingsError(f"--objectives: {unknown('objective', name, known)}")
    if SCORE not in names or len(set(names)) < len(names):
        raise SettingsError(
            f"--objectives: 'score' and others, each once, got '{text}'; "
            "for example score,n_parameters"
        )
    return (SCORE, *(name for name in names if name != SCORE))


def objective_values(
    objectives: Sequence[str], metric: Metric, trial: Trial
) -> tuple[float, ...] | None:
    """Return a complete trial's objectives, each turned so that higher is better.

    None where one is not known, so always for a trial that is not complete.
    """
    if trial.score is None:
        return None
    values = [metric.sign(trial.score)]
    for name in objectives[1:]:
        value = ALSO[name][1](metric, trial)
        if value is None:
            return None
        values.append(-value)
    return tuple(values)


def told_also(
    objectives: Sequence[str], metric: Metric, trial: Trial, known: Sequence[Trial]
) -> tuple[float, ...]:
    """Return what an engine is told of an ended trial's further objectives.

    Args:
        objectives: The study's, the score first.
        metric: The searched metric.
        trial: The ended trial.
        known: Ended trials; of these the worst value stands in for one that is not
            known, for an engine would leave out a trial without.

    Returns:
        One finite value for each objective after the score, higher is better.
    """
    values = []
    for place, name in enumerate(objectives[1:]):
        value = ALSO[name][1](metric, trial)
        if value is None:
            told = (other.told_also[place] for other in known if other.told_also)
            values.append(min(told, default=WORST))
        else:
            values.append(-float(value))
    return tuple(values)


def pareto_front(points: Sequence[tuple[float, ...]]) -> list[bool]:
    """Say of each point whether no other is at least as good in all and better in one.

    Args:
        points: Higher is better in each place.

    Example:
        >>> pareto_front([(1.0, 0.0), (0.0, 1.0), (0.0, 0.0)])
        [True, True, False]
    """

    def dominates(a: tuple[float, ...], b: tuple[float, ...]) -> bool:
        return a != b and all(x >= y for x, y in zip(a, b, strict=True))

    return [not any(dominates(other, point) for other in points) for point in points]
