"""Write studies and trials to MLflow; every write may be repeated.

One run for the study, one below it for each trial. Runs are looked up by their key
first, parameters and metric values carry the journal's times: the same trial sent
twice is stored once.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from search.diagnosis import Kind, diagnose, diagnose_all
from search.events import asked_event, trial_to_events
from search.logged_values import Value, calibration, fold_values, trial_values
from search.metrics import METRICS
from search.store import FAILED, FINISHED, KEY, KILLED, KIND, PARENT, RUNNING, Store
from search.types import FoldResult, Settings, Trial, TrialState
from search.winner import ARTIFACT as WINNER
from search.winner import Winner, winner_metrics

_STATUS = {
    TrialState.COMPLETE: FINISHED,
    TrialState.STOPPED: KILLED,
    TrialState.FAILED: FAILED,
    TrialState.RUNNING: KILLED,  # the study ended before it
}

ASKED = "tunefold.asked"
"""Tag of a trial's run: what was proposed, as the journal has it."""

UNFINISHED = "unfinished"
"""State of a trial that its study left open; `tunefold resume` goes on with it."""


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
        self.client = store.client
        self._began = began
        self._runs: dict[int, str] = {}
        self._ended: dict[int, tuple[str, str | None]] = {}  # found at the begin
        self.experiment_id = store.experiment_id(settings.experiment)
        self.run_id = ""

    def begin(self, facts: Mapping[str, str], **beginning: Any) -> None:
        """Create the study's run, or take it up again.

        Args:
            facts: Versions and machine.
            beginning: What else the first line of a journal holds, to write it anew.
        """
        s = self._settings
        run = self._store.find(s.name)
        if run is None:
            self.run_id = self._create_study(facts)
        else:
            self.run_id = run.info.run_id
            self.client.update_run(self.run_id, status=RUNNING)
            for name in ("engine", "sampler"):  # another one may have taken over
                self.client.set_tag(self.run_id, name, getattr(s, name))
            self._take_up_trials()
        study = {"settings": asdict(s), "facts": dict(facts), **beginning}
        self.client.log_dict(self.run_id, study, "study.json")

    def _take_up_trials(self) -> None:
        for run in self._store.trials(self.run_id):
            number = run.data.tags[KEY].rpartition("/")[2]
            if run.data.params:  # else cut short at once: `_run_of` completes it
                self._runs[int(number)] = run.info.run_id
                state = run.data.tags.get("state")
                self._ended[int(number)] = (run.info.status, state)
            if run.data.tags.get("state") == UNFINISHED:
                self.client.update_run(run.info.run_id, status=RUNNING)
                self.client.set_tag(run.info.run_id, "state", TrialState.RUNNING.value)

    def _create_study(self, facts: Mapping[str, str]) -> str:
        s = self._settings
        tags = {
            KEY: s.name,
            KIND: "study",
            "engine": s.engine,
            "sampler": s.sampler,
            "backend": s.backend,
            "pipeline": s.pipeline,
            "space": s.space_name,
            "objectives": ",".join(s.objectives),
            "max_parameters": str(s.max_parameters or "none"),
            "max_seconds": str(s.max_seconds or "none"),
            "max_memory": str(s.max_memory or "none"),
            "cv": s.cv,
            "groups": s.groups or "none",
            "seed": str(s.seed),
            "split_seed": str(s.split_seed),
            "epochs": str(s.epochs),
            "metric": s.metrics[0],
            "epoch_rule": s.epoch,
            "workers": str(s.workers),
            "rows": "all" if s.n_rows is None else str(s.n_rows),
            "data_source": s.data_source,
            "data_digest": s.data_digest,
            "split_digest": s.split_digest,
            **_init_tags(s),
            **{f"version.{name}": value for name, value in facts.items()},
            **s.tags,
        }
        return self._store.create_run(
            self.experiment_id, s.name, tags=tags, began=self._began
        )

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
        tags = {"state": _state(trial), "reason": trial.reason or ""}
        if trial.state is TrialState.COMPLETE:
            tags["diagnosis"] = diagnose(trial.folds).kind.value
        if trial.copy_of is not None:
            tags["copy_of"] = f"{self._settings.name}/{trial.copy_of}"
        for name, value in tags.items():
            if value:
                self.client.set_tag(run_id, name, value)
        self.client.log_dict(run_id, list(trial_to_events(trial)), "trial.json")
        if predictions.is_file():
            # Under one name in every trial; the file lies under its number.
            self._log_file(run_id, predictions, "predictions.npz")
        self.client.set_terminated(
            run_id, _STATUS[trial.state], end_time=_milliseconds(ended)
        )

    def is_recorded(self, trial: Trial) -> bool:
        """Say whether the store held at the begin how this trial ended."""
        ended = (_STATUS[trial.state], trial.state.value)
        return self._ended.get(trial.number) == ended

    def underfit(self, trials: Sequence[Trial]) -> None:
        """Mark the trials that others show to be underfit; see `diagnose_all`."""
        metric = METRICS[self._settings.metrics[0]]
        for number, found in diagnose_all(metric, trials).items():
            if found.kind is Kind.UNDERFIT and number in self._runs:
                self.client.set_tag(self._runs[number], "diagnosis", found.kind.value)

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
        key = f"{self._settings.name}/{trial.number}"
        # The store may have it although this process does not know: the answer to an
        # earlier try may have been lost.
        found = self._store.find(key)
        if found is not None:
            run_id = str(found.info.run_id)
        else:
            run_id = self._store.create_run(
                self.experiment_id,
                self._run_name(trial),
                tags={
                    KEY: key,
                    KIND: "trial",
                    PARENT: self.run_id,
                    "state": TrialState.RUNNING.value,
                    ASKED: json.dumps(asked_event(trial)),
                    **self._tags_of(trial),
                    **self._settings.tags,
                },
                began=_began(trial, began or self._began),
            )
        self._log_params(run_id, trial)
        self._runs[trial.number] = run_id
        return run_id

    def _run_name(self, trial: Trial) -> str:
        if "technique" in trial.tags:  # a homework's
            return f"{trial.tags['technique']}, {trial.tags['setting']}"
        return f"{self._settings.name}-{trial.number}"

    def _tags_of(self, trial: Trial) -> dict[str, str]:
        tags = {
            "engine": trial.engine,
            "sampler": trial.sampler,
            "backend": self._settings.backend,
            **_init_tags(self._settings),
            **trial.tags,
        }
        if trial.rung:
            tags["rung"] = str(trial.epochs)
        if trial.continues is not None:
            tags["continues"] = f"{self._settings.name}/{trial.continues}"
        return tags

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


def _init_tags(settings: Settings) -> dict[str, str]:
    return {} if settings.init_from is None else {"init_from": settings.init_from}


def _state(trial: Trial) -> str:
    return UNFINISHED if trial.state is TrialState.RUNNING else trial.state.value


def _began(trial: Trial, default: float) -> float:
    return trial.folds[0].ended - trial.folds[0].seconds if trial.folds else default


def _milliseconds(seconds: float) -> int:
    return int(seconds * 1000)
