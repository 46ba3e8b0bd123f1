"""Begin a study from what another one has found on the same data and folds."""

from dataclasses import dataclass

from search.errors import SettingsError
from search.metrics import METRICS
from search.objectives import told_also
from search.results import all_trials, load_study
from search.scoring import common_epoch, mean_score
from search.store import Store
from search.types import Settings, Trial
from spaces.errors import SpaceError
from spaces.space import SearchSpace


@dataclass(frozen=True, kw_only=True)
class WarmStart:
    """What an engine is told before its first proposal.

    Attributes:
        trials: Complete trials, numbered -1, -2, ... in the order of the other study.
        left_out: Complete trials of the other study that are no point of this space.
    """

    trials: tuple[Trial, ...] = ()
    left_out: int = 0

    @property
    def notes(self) -> list[str]:
        """One line for the user, none where no study was named."""
        if not self.trials:
            return []
        left_out = f"; {self.left_out} lie outside the space" if self.left_out else ""
        return [f"begins with {len(self.trials)} known trials{left_out}"]


def warm_start(store: Store, name: str | None, settings: Settings) -> WarmStart:
    """Read another study's complete trials, scored by this study's metric.

    Args:
        store: Where the other study is.
        name: The other study; None for none.
        settings: This study's; its space decides which trials can be told.

    Raises:
        SettingsError: The other study has other data, folds or epochs, did not follow
            this study's metric, or has no complete trial that can be told.
        UnknownStudyError: There is no such study.
    """
    if name is None:
        return WarmStart()
    other = load_study(store, name)
    name = other.settings.name
    metric = METRICS[settings.metrics[0]]
    for what in ("data_digest", "split_digest", "epochs", "init_digest"):
        here, there = getattr(settings, what), getattr(other.settings, what)
        if here != there:
            words = what.replace("_", " ")
            raise SettingsError(
                f"--warm-start {name}: its scores are comparable only with the same "
                f"data, folds and epochs, but its {words} is {there}, here {here}; use "
                "its pipeline, --cv, --split-seed, --rows, --epochs and --init-from"
            )
    if metric.name not in other.settings.metrics:
        raise SettingsError(
            f"--warm-start {name}: must have followed {metric.name}, got "
            f"{', '.join(other.settings.metrics)}; give another --metric"
        )
    space = SearchSpace.from_dict(settings.space)
    told: list[Trial] = []
    complete = [t for t in all_trials(store, other) if t.score is not None]
    for trial in complete:
        if not _lies_in(space, trial):
            continue
        epoch = common_epoch(metric, trial.folds, settings.epoch)
        score = mean_score(metric, trial.folds, epoch)
        told.append(
            Trial(
                number=-1 - len(told),
                params=space.check(trial.params),
                state=trial.state,
                epochs=trial.epochs,
                score=score,
                epoch=epoch,
                told=metric.sign(score),
                told_also=told_also(settings.objectives, metric, trial, told),
                n_parameters=trial.n_parameters,
            )
        )
    if not told:
        raise SettingsError(
            f"--warm-start {name}: none of its {len(complete)} complete trials is a "
            "point of this study's space; use its --space and --set"
        )
    return WarmStart(trials=tuple(told), left_out=len(complete) - len(told))


def _lies_in(space: SearchSpace, trial: Trial) -> bool:
    try:
        space.check(trial.params)
    except SpaceError:
        return False
    return True
