"""A study as the tracking store tells it: for who has no access to its journal."""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from search.configuration import describe
from search.live.snapshot import EndedTrial, RunningTrial, Snapshot
from search.live.tally import MAX_LATEST, about
from search.metrics import METRICS
from search.results import load_study
from search.splitters import make_splitter
from search.store import RUNNING, Store
from search.trial_runs import number_of
from search.types import TrialState
from spaces.params import Scalar

NOTE = "read from the tracking store: it does not know slots, budget and time left"


class RecordedView:
    """A study of a tracking store.

    Args:
        store: The store.
        name: The study; None for the latest.

    Raises:
        TrackingError: The store has no such study, or cannot be read.
    """

    def __init__(self, store: Store, name: str | None) -> None:
        self._store = store
        self._study = load_study(store, name)
        settings = self._study.settings
        self._metric = METRICS[settings.metrics[0]]
        splitter = make_splitter(settings.cv, seed=0, stratified=False)
        self._n_folds = splitter.n_folds
        self._curves: dict[tuple[str, int], tuple[float, ...]] = {}

    def look(self, now: float) -> Snapshot:
        """Return the study as it stands.

        Args:
            now: Seconds since 1970.
        """
        s = self._study.settings
        run = self._store.client.get_run(self._study.run_id)
        runs = self._store.trials(self._study.run_id)
        running = [r for r in runs if _state(r) == TrialState.RUNNING]
        ended = [r for r in runs if _state(r) != TrialState.RUNNING]
        runs_on = run.info.status == RUNNING
        return Snapshot(
            study=s.name,
            about=about(s),
            metric=self._metric.name,
            epochs=s.epochs,
            n_folds=self._n_folds,
            n_trials=None,
            n_ended=len(ended),
            folds_trained=sum(map(_n_folds, runs)),
            gone=now - run.info.start_time / 1000 if runs_on else None,
            left=None,
            saved=None,
            best=self._best(ended),
            running=tuple(map(self._running, running)),
            latest=tuple(
                self._ended(r)
                for r in sorted(ended, key=lambda r: r.info.end_time or 0)[-MAX_LATEST:]
            ),
            notes=(NOTE,),
            outcome=None if runs_on else run.data.tags.get("reason", "ended"),
        )

    def _best(self, ended: Sequence[Any]) -> EndedTrial | None:
        scored = [run for run in ended if "score" in run.data.metrics]
        sign = self._metric.sign
        best = max(scored, key=lambda r: sign(r.data.metrics["score"]), default=None)
        return None if best is None else self._ended(best)

    def _ended(self, run: Any) -> EndedTrial:
        return EndedTrial(
            number=number_of(run),
            state=_state(run),
            configuration=describe(_params(run)),
            score=run.data.metrics.get("score"),
            curve=self._curve(run),
        )

    def _running(self, run: Any) -> RunningTrial:
        return RunningTrial(
            number=number_of(run),
            configuration=describe(_params(run)),
            folds_done=_n_folds(run),
            curve=self._curve(run),
        )

    def _curve(self, run: Any) -> tuple[float, ...]:
        """Return the mean over the folds so far; what is known is not asked again."""
        key = run.info.run_id, _n_folds(run)
        if key not in self._curves:
            mean = f"val_{self._metric.curve}"
            names = [name for name in run.data.metrics if name.startswith(f"{mean}/")]
            if mean in run.data.metrics:  # of a complete trial
                names = [mean]
            curves = [self._history(run, name) for name in names]
            self._curves[key] = tuple(
                sum(values) / len(values) for values in zip(*curves, strict=False)
            )
        return self._curves[key]

    def _history(self, run: Any, name: str) -> list[float]:
        points = self._store.client.get_metric_history(run.info.run_id, name)
        return [point.value for point in sorted(points, key=lambda point: point.step)]


def _state(run: Any) -> str:
    return str(run.data.tags.get("state", TrialState.RUNNING))


def _n_folds(run: Any) -> int:
    return sum(name.startswith("seconds/fold_") for name in run.data.metrics)


def _params(run: Any) -> dict[str, Scalar]:
    return {name: _scalar(text) for name, text in run.data.params.items()}


def _scalar(text: str) -> Scalar:
    """Read a parameter as the store has it: as the text of a plain Python scalar."""
    if text in ("True", "False"):
        return text == "True"
    with suppress(ValueError):
        return int(text)
    with suppress(ValueError):
        return float(text)
    return text
