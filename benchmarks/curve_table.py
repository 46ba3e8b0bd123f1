"""Curves of configurations that were trained once, to search among them in seconds."""

import json
import math
import statistics
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from search.engines.registry import make_engine
from search.events import present_settings, read_object, read_trials
from search.protocols import Engine
from search.types import Done, Settings, Suggestion, Trial, TrialState, Wait
from spaces.params import Choice, Param, Scalar
from spaces.space import Params, SearchSpace

FILE = Path(__file__).with_name("curves.npz")
INITIAL = Path(__file__).with_name("initial.npz")
"""The configuration that the space begins with, trained as the others."""

ARRAYS = ("accuracy", "log_loss", "seconds", "beginning")


@dataclass(frozen=True, kw_only=True, eq=False)
class CurveTable:
    """Validation curves of configurations on the same folds.

    Attributes:
        settings: Of the search that trained them.
        params: The configurations.
        accuracy: After each epoch, float32 (configurations, folds, epochs).
        log_loss: The same.
        seconds: Of an epoch in a slot of one core, predictions of training and
            validation rows included, float32 (configurations,).
        beginning: Seconds that the first fold takes longer, because it compiles.
        begins: Whether the last configuration is no random one but what the space
            begins with.
    """

    settings: Settings
    params: tuple[Params, ...]
    accuracy: NDArray[np.float32]
    log_loss: NDArray[np.float32]
    seconds: NDArray[np.float32]
    beginning: NDArray[np.float32]
    begins: bool = False

    @classmethod
    def from_journals(cls, curves: Path, seconds: Path) -> "CurveTable":
        """Join a search for its curves and one of few epochs for its seconds.

        An hour of training is seldom undisturbed; some minutes may be.
        """
        settings, trials = _complete(curves)
        timed = {str(trial.params): trial.folds[0] for trial in _complete(seconds)[1]}
        trials = [trial for trial in trials if str(trial.params) in timed]

        def of_folds(name: str) -> NDArray[np.float32]:
            return np.array(
                [[fold.curves[name] for fold in t.folds] for t in trials], np.float32
            )

        folds = [timed[str(trial.params)] for trial in trials]
        measuring = [fold.measure_seconds / len(fold.epoch_seconds) for fold in folds]
        of_epoch = [statistics.median(fold.epoch_seconds[1:]) for fold in folds]
        each = np.add(of_epoch, measuring)
        whole = [
            fold.seconds - len(fold.epoch_seconds) * s
            for fold, s in zip(folds, each, strict=True)
        ]
        return cls(
            settings=settings,
            params=tuple(trial.params for trial in trials),
            accuracy=of_folds("val_accuracy"),
            log_loss=of_folds("val_loss"),
            seconds=each.astype(np.float32),
            beginning=np.maximum(whole, 0).astype(np.float32),
        )

    def save(self, path: Path) -> None:
        np.savez_compressed(
            path,
            words=np.array(json.dumps([asdict(self.settings), self.params])),
            accuracy=self.accuracy,
            log_loss=self.log_loss,
            seconds=self.seconds,
            beginning=self.beginning,
        )

    @classmethod
    def load(cls, path: Path = FILE) -> "CurveTable":
        with np.load(path, allow_pickle=False) as file:
            settings, params = json.loads(str(file["words"]))
            arrays = {name: file[name] for name in ARRAYS}
        settings["metrics"] = tuple(settings["metrics"])
        settings["objectives"] = tuple(settings["objectives"])
        return cls(
            settings=Settings(**settings),
            params=tuple(params),
            **arrays,
        )

    def beginning_with(self, initial: "CurveTable") -> "CurveTable":
        """Return the table with one configuration more, which its space begins with.

        Raises:
            ValueError: It was trained on other folds.
        """
        folds = self.settings.split_digest, initial.settings.split_digest
        if folds[0] != folds[1]:
            raise ValueError(f"both tables need the same folds, got {folds}")
        both = {
            name: np.concatenate([getattr(self, name), getattr(initial, name)])
            for name in ARRAYS
        }
        params = (*self.params, *initial.params)
        return replace(self, params=params, begins=True, **both)

    @property
    def n_random(self) -> int:
        """Number of random configurations; these come first."""
        return len(self.params) - self.begins

    @cached_property
    def space(self) -> SearchSpace:
        space = SearchSpace.from_dict(self.settings.space)
        if not self.begins:
            return space
        first = self.params[-1]
        return SearchSpace(
            {
                name: replace(param, default=first.get(name))  # type: ignore[arg-type]
                for name, param in space.params.items()
            }
        )

    @property
    def trial_seconds(self) -> NDArray[np.float64]:
        """Seconds of each configuration, all of its folds one after the other."""
        n_epochs = self.accuracy.shape[1] * self.accuracy.shape[2]
        whole: NDArray[np.float64] = self.seconds.astype(float) * n_epochs
        return whole + self.beginning

    @cached_property
    def scores(self) -> NDArray[np.float64]:
        """Best of each configuration's mean curve, float64 (configurations,)."""
        best: NDArray[np.float64] = self.accuracy.mean(axis=1, dtype=float).max(axis=1)
        return best

    @cached_property
    def points(self) -> NDArray[np.float64]:
        """The configurations in a box, see `point`."""
        return np.array([self.point(params) for params in self.params])

    def point(self, params: Params) -> NDArray[np.float64]:
        """Each parameter in 0..1 on its own scale, .5 where it has no effect."""
        return np.array(
            [
                place
                for name, param in self.space.params.items()
                for place in _places(param, params.get(name))
            ]
        )


class TableEngine:
    """An engine whose proposals become the nearest configuration not used yet.

    It is told the values of what was used, under the parameters of that.
    """

    def __init__(
        self, table: CurveTable, *, engine: str, sampler: str, seed: int
    ) -> None:
        epochs = table.settings.epochs
        self._engine: Engine = make_engine(
            engine, sampler, table.space, seed=seed, epochs=epochs
        )
        self._random = sampler == "random"
        self._order = np.random.default_rng(seed).permutation(table.n_random)
        self._table = table
        self.rows: list[int] = []

    def ask(self, number: int) -> Suggestion | Wait | Done:
        if self._random:  # the nearest to a random point is not a random one
            row = int(self._order[number])
        else:
            asked = self._engine.ask(number)
            if not isinstance(asked, Suggestion):
                return asked
            point = self._table.point(asked.params)
            distances = ((self._table.points - point) ** 2).sum(axis=1)
            distances[self.rows] = np.inf
            row = int(distances.argmin())
        self.rows.append(row)
        return Suggestion(number, self._table.params[row])

    def tell(self, trial: Trial) -> None:
        if not self._random:
            self._engine.tell(trial)


def whole_table() -> CurveTable:
    """Return the table of this folder, with what the space begins with."""
    return CurveTable.load(FILE).beginning_with(CurveTable.load(INITIAL))


def _complete(journal: Path) -> tuple[Settings, list[Trial]]:
    lines = journal.read_bytes().splitlines()
    events = [event for line in lines if (event := read_object(line))]
    trials = read_trials(events).values()
    complete = [trial for trial in trials if trial.state is TrialState.COMPLETE]
    return present_settings(events), complete


def _places(param: Param, value: Scalar | None) -> list[float]:
    if isinstance(param, Choice):
        if value is None:
            return [0.5**0.5 / 2] * len(param.options)
        return [0.5**0.5 * (option == value) for option in param.options]
    if value is None or param.low == param.high:
        return [0.5]
    scale = math.log if param.log else float
    low, high, here = scale(param.low), scale(param.high), scale(value)  # type: ignore[arg-type]
    return [(here - low) / (high - low)]
