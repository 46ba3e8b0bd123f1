"""Write studies and trials to MLflow; every write may be repeated.

One run for the study, one below it for each trial. Runs are looked up by their key
first, parameters and metric values carry the journal's times: the same trial sent
twice is stored once.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from search.diagnosis import Kind, diagnose, diagnose_all
from search.events import trial_to_events
from search.logged_values import Value, calibration, fold_values, trial_values
from search.metrics import METRICS
from search.run_tags import (
    MISSING,
    UNFINISHED,
    state_of,
    study_tags,
    trial_name,
    trial_tags,
)
from search.store import FAILED, FINISHED, KILLED, RUNNING, Store
from search.store_errors import is_refusal
from search.trial_runs import adopt, number_of, trials_named
from search.types import FoldResult, Settings, Trial, TrialState
from search.winner import ARTIFACT as WINNER
from search.winner import Winner, winner_metrics

_STATUS = {
    TrialState.COMPLETE: FINISHED,
    TrialState.STOPPED: KILLED,
    TrialState.FAILED: FAILED,
    TrialState.RUNNING: KILLED,  # the study ended before it
}


class Recorder:
    """Writes one study.

    Args:
        store: Where to.
        settings: The study's.
        began: Start of the study, seconds since 1970.
    """

    def __init__(self, store: Store, settings: Settings, *, began: float) -> None:
        self._store = store
        self._settings = settings
        self.client, self.store_version = store.client, store.version
        self._began = began
        self._runs: dict[int, str] = {}
        self._ended: dict[int, tuple[str, str | None]] = {}  # found at the begin
        self._lacking: set[int] = set()  # trials whose run misses a record
        self._beginning: dict[str, Any] = {}
        self.experiment_id = store.experiment_id(settings.experiment)
        self.run_id = ""

    def create(self, facts: Mapping[str, str], **beginning: Any) -> None:
        """Create the study's run where there is none; change nothing where there is.

        Args:
            facts: Versions and machine.
            beginning: What else the first line of a journal holds, to write it anew.
        """
        self._beginning = {"facts": dict(facts), **beginning}
        run = self._store.find(self._settings.name)
        if run is None:
            self._create_study()
        else:
            self.run_id = run.info.run_id

    def begin(self, facts: Mapping[str, str], **beginning: Any) -> None:
        """Create the study's run, or take it up again.

        Args:
            facts: As in `create`.
            beginning: As in `create`.
        """
        s = self._settings
        self.create(facts, **beginning)
        self.client.update_run(self.run_id, status=RUNNING)
        for name in ("engine", "sampler"):  # another one may have taken over
            self.client.set_tag(self.run_id, name, getattr(s, name))
        trials = trials_named(self._store, s.name)
        adopt(self._store, trials, self.run_id)
        self._take_up(trials)
        self._log_beginning()

    def begin_anew(self) -> bool:
        """Write the study's run anew where it is deleted; say whether it was."""
        name = self._settings.name
        if self._store.find(name) is not None:
            return False
        self._create_study()
        adopt(self._store, trials_named(self._store, name), self.run_id)
        self._log_beginning()
        return True

    def _create_study(self) -> None:
        self.run_id = self._store.create_run(
            self.experiment_id,
            self._settings.name,
            tags=study_tags(self._settings, self._beginning["facts"]),
            began=self._began,
        )

    def _log_beginning(self) -> None:
        study = {"settings": asdict(self._settings), **self._beginning}
        self.client.log_dict(self.run_id, study, "study.json")

    def _take_up(self, trials: Sequence[Any]) -> None:
        for run in trials:
            number, state = number_of(run), run.data.tags.get("state")
            if run.data.params:  # else cut short at once: `_run_of` completes it
                self._runs[number] = run.info.run_id
                self._ended[number] = (run.info.status, state)
            if MISSING in run.data.tags:
                self._lacking.add(number)
            if state == UNFINISHED:
                self.client.update_run(run.info.run_id, status=RUNNING)
                self.client.set_tag(run.info.run_id, "state", TrialState.RUNNING.value)

    def trial_begun(self, trial: Trial, *, began: float) -> None:
        """Create a trial's run.

        Args:
            trial: As it was proposed.
            began: Seconds since 1970.
        """
        self._run_of(trial, began=began)

    def fold(self, trial: Trial, result: FoldResult) -> None:
        """Write a fold's curves as `val_loss/fold_0`, one value per epoch."""
        self._log(self._run_of(trial), fold_values(result), ended=result.ended)

    def trial(self, trial: Trial, predictions: Path) -> None:
        """Write how a trial ended, and end its run.

        Args:
            trial: The ended trial, or one that a study left unfinished.
            predictions: Its predictions at the common epoch; only complete trials
                that were trained themselves have them.
        """
        run_id = self._run_of(trial)
        ended = trial.folds[-1].ended if trial.folds else self._began
        if trial.copy_of is not None:
            for result in trial.folds:
                self.fold(trial, result)
        values = trial_values(self._settings, trial)
        if predictions.is_file():
            values += calibration(self._settings, predictions)
        self._log(run_id, values, ended=ended)
        self.client.log_dict(run_id, list(trial_to_events(trial)), "trial.json")
        tags = {"state": state_of(trial), "reason": trial.reason or ""}
        if trial.state is TrialState.COMPLETE:
            tags["diagnosis"] = diagnose(trial.folds).kind.value
        if trial.copy_of is not None:
            tags["copy_of"] = f"{self._settings.name}/{trial.copy_of}"
        for name, value in tags.items():
            if value:
                self.client.set_tag(run_id, name, value)
        if predictions.is_file():
            # Under one name in every trial; the file lies under its number.
            self._log_file(run_id, predictions, "predictions.npz")
        self.client.set_terminated(
            run_id, _STATUS[trial.state], end_time=_milliseconds(ended)
        )

    def is_recorded(self, trial: Trial) -> bool:
        """Say whether the store held all of a trial, its end as well, at the begin."""
        ended = (_STATUS[trial.state], trial.state.value)
        whole = trial.number not in self._lacking
        return whole and self._ended.get(trial.number) == ended

    def forget_deleted(self, number: int) -> bool:
        """Forget a trial's run that is deleted, so that the next write creates one.

        Returns:
            Whether it was.
        """
        if number not in self._runs or self._store.find(self._key(number)) is not None:
            return False
        del self._runs[number]
        return True

    def lacks(self, number: int, reason: str) -> None:
        """Mark the run of a trial of which the store refused a record.

        Args:
            number: The trial's.
            reason: The store's, one line.
        """
        self._lacking.add(number)
        with _unless_refused():
            if number in self._runs:
                self.client.set_tag(self._runs[number], MISSING, reason)

    def is_whole(self, number: int) -> None:
        """Take back what `lacks` said of a trial, in an earlier process or this one."""
        with _unless_refused():  # an earlier try may have done it
            if number in self._lacking:
                self.client.delete_tag(self._runs[number], MISSING)
        self._lacking.discard(number)

    def underfit(self, trials: Sequence[Trial]) -> None:
        """Mark the trials that others show to be underfit; see `diagnose_all`."""
        metric = METRICS[self._settings.metrics[0]]
        for number, found in diagnose_all(metric, trials).items():
            if found.kind is Kind.UNDERFIT and number in self._runs:
                with _unless_refused():  # it may have been deleted since it ended
                    self.client.set_tag(
                        self._runs[number], "diagnosis", found.kind.value
                    )

    def winner(self, winner: Winner, *, ended: float) -> None:
        """Write the winner's corrected score to the study's run.

        Args:
            winner: Of the study as it stands.
            ended: When its last fold ended, seconds since 1970.
        """
        values = [(name, value, 0) for name, value in winner_metrics(winner).items()]
        self._log(self.run_id, values, ended=ended)
        self.client.log_dict(self.run_id, asdict(winner), WINNER)

    def end(self, description: str, *, reason: str, finished: bool) -> None:
        """Write the study's description and why it ended, and end its run."""
        self.client.set_tag(self.run_id, "mlflow.note.content", description)
        self.client.set_tag(self.run_id, "reason", reason)
        self.client.set_terminated(self.run_id, FINISHED if finished else KILLED)

    def _run_of(self, trial: Trial, *, began: float | None = None) -> str:
        if trial.number in self._runs:
            return self._runs[trial.number]
        # The store may have it although this process does not know: the answer to an
        # earlier try may have been lost.
        found = self._store.find(self._key(trial.number))
        if found is not None:
            run_id = str(found.info.run_id)
        else:
            run_id = self._store.create_run(
                self.experiment_id,
                trial_name(self._settings, trial),
                tags=trial_tags(self._settings, trial, study_run_id=self.run_id),
                began=_began(trial, began or self._began),
            )
        self._log_params(run_id, trial)
        self._runs[trial.number] = run_id
        return run_id

    def _key(self, number: int) -> str:
        return f"{self._settings.name}/{number}"

    def _log_params(self, run_id: str, trial: Trial) -> None:
        from mlflow.entities import Param

        params = [Param(name, str(value)) for name, value in trial.params.items()]
        self.client.log_batch(run_id, params=params)

    def _log(self, run_id: str, values: Sequence[Value], *, ended: float) -> None:
        from mlflow.entities import Metric

        stamp = _milliseconds(ended)
        metrics = [Metric(name, value, stamp, step) for name, value, step in values]
        self.client.log_batch(run_id, metrics=metrics)

    def _log_file(self, run_id: str, path: Path, name: str) -> None:
        import shutil
        import tempfile

        with tempfile.TemporaryDirectory() as folder:
            named = Path(folder) / name
            shutil.copyfile(path, named)
            self.client.log_artifact(run_id, str(named))


@contextmanager
def _unless_refused() -> Iterator[None]:
    """Go on where the store refuses a mark; an outage is raised."""
    try:
        yield
    except Exception as error:
        if not is_refusal(error):
            raise


def _began(trial: Trial, default: float) -> float:
    return trial.folds[0].ended - trial.folds[0].seconds if trial.folds else default


def _milliseconds(seconds: float) -> int:
    return int(seconds * 1000)
