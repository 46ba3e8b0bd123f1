"""The engines of the homework's studies: fixed lists instead of proposals.

Each is a function of what it was told, so that a study can be continued after a crash.
"""

from collections.abc import Sequence

from search.diagnosis import Kind, diagnose
from search.homework.grid import (
    BASELINE,
    COMBINED,
    ENSEMBLE,
    Setting,
    baseline_settings,
    combinations,
    technique_settings,
)
from search.metrics import METRICS
from search.scoring import mean_curve
from search.types import Done, FoldResult, Suggestion, Trial, Wait
from spaces.space import Params

VISIBLE_RISE = 0.1
"""By how much of its lowest value the validation loss has to rise again, so that the
eye sees it in a figure; a convention."""


def overfits_visibly(folds: Sequence[FoldResult]) -> bool:
    """Say whether a network overfits and its curve shows it.

    It is diagnosed to (`search.diagnosis`), and its fold-mean validation loss ends at
    least `VISIBLE_RISE` above its lowest value.
    """
    if diagnose(folds).kind is not Kind.OVERFIT:
        return False
    curve = mean_curve(folds, "val_loss")
    return bool(curve[-1] >= (1 + VISIBLE_RISE) * curve.min())


class LadderEngine:
    """Step 1: larger and larger networks until one overfits visibly.

    Args:
        settings: The networks, the smallest first.
    """

    def __init__(self, settings: Sequence[Setting]) -> None:
        self._settings = settings
        self._told: dict[int, Trial] = {}

    def ask(self, number: int) -> Suggestion | Wait | Done:
        """Propose the next larger network."""
        if any(overfits_visibly(trial.folds) for trial in self._told.values()):
            return Done("a network that overfits visibly is found")
        if number >= len(self._settings):
            return Done("no network overfits visibly")
        if number > len(self._told):
            return Wait()
        return suggest(number, self._settings[number], step="1 overfit")

    def tell(self, trial: Trial) -> None:
        """Take in an ended trial."""
        self._told[trial.number] = trial


class TechniquesEngine:
    """Steps 2 and 3: the baseline's learning rates, each technique, combinations.

    Args:
        base: The baseline's configuration; its learning rate is searched.
        techniques: Their names.
        n_settings: Settings of each.
        epochs: Epochs of every training.
        metric: Name of the measure by which settings are chosen.
    """

    def __init__(
        self,
        base: Params,
        techniques: Sequence[str],
        *,
        n_settings: int,
        epochs: int,
        metric: str,
    ) -> None:
        self._base = base
        self._techniques = techniques
        self._n = n_settings
        self._epochs = epochs
        self._metric = METRICS[metric]
        self._told: dict[int, Trial] = {}

    def ask(self, number: int) -> Suggestion | Wait | Done:
        """Propose the next setting; a stage waits for the scores of the one before."""
        settings: list[Setting] = []
        for stage in (self._first, self._second, self._third):
            if any(place not in self._told for place in range(len(settings))):
                return Wait()
            further = stage(settings)
            if isinstance(further, Done):
                return further
            settings += further
            if number < len(settings):
                setting = settings[number]
                step = "3 combine" if setting.technique == COMBINED else "2 alone"
                return suggest(number, setting, step=step)
        return Done("all settings are tried")

    def tell(self, trial: Trial) -> None:
        """Take in an ended trial."""
        self._told[trial.number] = trial

    def _first(self, _: list[Setting]) -> list[Setting]:
        return baseline_settings(self._base, self._n)

    def _second(self, before: list[Setting]) -> list[Setting] | Done:
        baseline = choose(before, self._told, BASELINE, metric=self._metric.name)
        if baseline is None:
            return Done("the baseline overfits visibly at no learning rate")
        rates = [
            setting.params["learning_rate"]
            for number, setting in enumerate(before)
            if overfits_visibly(self._told[number].folds)
        ]
        return [
            setting
            for technique in self._techniques
            for setting in technique_settings(
                technique,
                baseline[0].params,
                self._n,
                epochs=self._epochs,
                rates=rates,
            )
        ]

    def _third(self, before: list[Setting]) -> list[Setting]:
        name = self._metric.name
        baseline = choose(before, self._told, BASELINE, metric=name)
        assert baseline is not None  # the second stage was reached
        plain = baseline[0].params
        found = []
        for technique in self._techniques:
            chosen = choose(before, self._told, technique, metric=name)
            if technique != ENSEMBLE and chosen is not None:
                setting, score = chosen
                added = {k: v for k, v in setting.params.items() if k not in plain}
                found.append((score, technique, added))
        found.sort(key=lambda each: (-each[0], each[1]))
        helped = sum(score > baseline[1] for score, _, _ in found)
        ranked = [(technique, added) for _, technique, added in found]
        return combinations(plain, ranked, helped, self._n) if len(ranked) > 1 else []


class ListEngine:
    """A fixed list of settings, trained one after the other.

    Args:
        settings: What to train.
        step: Tag of their trials.
    """

    def __init__(self, settings: Sequence[Setting], *, step: str) -> None:
        self._settings = settings
        self._step = step

    def ask(self, number: int) -> Suggestion | Wait | Done:
        """Propose the next setting."""
        if number >= len(self._settings):
            return Done("all settings are trained")
        return suggest(number, self._settings[number], step=self._step)

    def tell(self, trial: Trial) -> None:
        """Take nothing in: the list is fixed."""


def choose(
    settings: Sequence[Setting],
    trials: dict[int, Trial],
    technique: str,
    *,
    metric: str,
) -> tuple[Setting, float] | None:
    """Return a technique's best setting and its score, signed so that higher is better.

    The same rule for all: the score at the common epoch, the one that would be
    shipped. A baseline must overfit visibly besides.

    Args:
        settings: By the number of their trial.
        trials: The ended trials.
        technique: Which settings are looked at.
        metric: Name of the measure.

    Returns:
        The best, the earlier one on ties; None where no trial is complete.
    """
    best: tuple[Setting, float] | None = None
    for number, setting in enumerate(settings):
        trial = trials.get(number)
        if setting.technique != technique or trial is None or trial.score is None:
            continue
        if technique == BASELINE and not overfits_visibly(trial.folds):
            continue
        score = METRICS[metric].sign(trial.score)
        if best is None or score > best[1]:
            best = setting, score
    return best


def suggest(number: int, setting: Setting, *, step: str) -> Suggestion:
    """Return a setting as a trial with the tags that the tracking store shows."""
    tags = {"step": step, "technique": setting.technique, "setting": setting.label}
    return Suggestion(number, setting.params, tags=tags)
