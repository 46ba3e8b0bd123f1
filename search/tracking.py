"""The tracker: mirrors the journal into MLflow from the background."""

import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from search.background import BackgroundWriter
from search.description import describe_study
from search.journal import Journal
from search.metrics import METRICS
from search.out_of_fold import OutOfFold, load_out_of_fold
from search.pictures.learning_curve import draw_learning_curve, find_grid
from search.recorder import Recorder
from search.report.ended import draw_report
from search.scoring import best_trial
from search.types import FoldResult, Settings, Trial, TrialState
from search.ui_view import Contents, save_views
from search.winner import find_winner

PATIENCE = 30.0
"""Seconds without progress at the end of a study after which the rest is left to
`tunefold resume`: the journal has it."""


class MlflowTracker:
    """Implements `search.protocols.Tracker` over a `Recorder`.

    Args:
        recorder: Has begun the study.
        journal: Where predictions lie.
        settings: The study's.
    """

    def __init__(
        self, recorder: Recorder, journal: Journal, settings: Settings
    ) -> None:
        self.left_behind = 0
        self._recorder = recorder
        self._journal = journal
        self._settings = settings
        self._winner = ""  # in words
        self._writer = BackgroundWriter()

    def catch_up(self, trials: Sequence[Trial]) -> None:
        """Send what the journal holds and the store does not."""
        for trial in trials:
            self._put(lambda trial=trial: self._catch_up(trial))  # type: ignore[misc]

    def trial_begun(self, trial: Trial) -> None:
        """Send what was proposed."""
        began = time.time()
        self._put(lambda: self._recorder.trial_begun(trial, began=began))

    def fold_done(self, trial: Trial, result: FoldResult) -> None:
        """Send a fold."""
        self._put(lambda: self._recorder.fold(trial, result))

    def trial_done(self, trial: Trial) -> None:
        """Send how a trial ended."""
        path = self._journal.predictions.of_trial(trial.number)
        self._put(lambda: self._recorder.trial(trial, path))

    def study_done(
        self, trials: Sequence[Trial], *, reason: str, finished: bool
    ) -> None:
        """Send the study's summary; trials it left unfinished end as killed."""
        for trial in trials:
            if trial.state is TrialState.RUNNING:
                self.trial_done(trial)
        self._put(lambda: self._summarise(trials, reason, finished))

    def report(self, trials: Sequence[Trial]) -> None:
        """Send figures and page of a study that is done and wholly stored."""
        if not self.left_behind:
            self._put(lambda: self._report(trials))

    def settle(self) -> None:
        """Wait for the writer; `left_behind` then counts what was not sent.

        Raises:
            KeyboardInterrupt: Of the user, who leaves the rest to `tunefold resume`.
        """
        self._wait(self._writer.settle)

    def close(self) -> None:
        """Do as `settle`; nothing can be sent any more."""
        self._wait(self._writer.close)

    @property
    def behind(self) -> int:
        """How many records the store has yet to take."""
        return self._writer.behind

    def _wait(self, wait: Callable[..., int]) -> None:
        try:
            self.left_behind = wait(patience=PATIENCE)
        except KeyboardInterrupt:
            self.left_behind = self._writer.give_up()
            raise

    def _put(self, action: Callable[[], None]) -> None:
        self._writer.put(action)

    def _catch_up(self, trial: Trial) -> None:
        if trial.state is not TrialState.RUNNING and self._recorder.is_recorded(trial):
            return
        for result in trial.folds:
            self._recorder.fold(trial, result)
        if trial.state is not TrialState.RUNNING:
            path = self._journal.predictions.of_trial(trial.number)
            self._recorder.trial(trial, path)

    def _summarise(self, trials: Sequence[Trial], reason: str, finished: bool) -> None:
        s = self._settings
        names = varying(trials)
        save_views(
            self._recorder.client,
            self._recorder.experiment_id,
            self._recorder.run_id,
            Contents(
                greater_is_better=METRICS[s.metrics[0]].greater_is_better,
                varying_params=names,
                common_params=[
                    name for name in names if all(name in t.params for t in trials)
                ],
                curves=list(dict.fromkeys(METRICS[name].curve for name in s.metrics)),
                techniques=any("technique" in trial.tags for trial in trials),
            ),
        )
        self._recorder.underfit(trials)
        self._draw_learning_curve(trials)
        description = describe_study(
            s,
            trials,
            experiment_id=self._recorder.experiment_id,
            run_id=self._recorder.run_id,
            winner=self._store_winner(trials),
        )
        self._recorder.end(description, reason=reason, finished=finished)

    def _store_winner(self, trials: Sequence[Trial]) -> str:
        """Store what the winner's score is worth, and say it; empty without one."""
        self._winner = ""
        try:
            winner = find_winner(self._settings, trials, self._predictions)
        except Exception as error:  # noqa: BLE001  (a study ends without a correction)
            tag = f"not corrected: {error}"
            self._recorder.client.set_tag(self._recorder.run_id, "winner", tag)
            return ""
        if winner is None:
            return ""
        ended = max(trial.folds[-1].ended for trial in trials if trial.folds)
        self._recorder.winner(winner, ended=ended)
        self._winner = winner.describe(self._settings)
        return self._winner

    def _predictions(self, trial: Trial) -> OutOfFold:
        return load_out_of_fold(self._journal.predictions.of_trial(trial.number))

    def _report(self, trials: Sequence[Trial]) -> None:
        """Send figures and page; the study has ended, whatever becomes of them."""
        best = best_trial(METRICS[self._settings.metrics[0]], trials)
        if best is None:
            return
        number = best.number if best.copy_of is None else best.copy_of
        client, run_id = self._recorder.client, self._recorder.run_id
        [study] = self._journal.events("study")
        with tempfile.TemporaryDirectory() as folder:
            try:
                failed = draw_report(
                    Path(folder),
                    self._settings,
                    trials,
                    facts=study["facts"],
                    predictions=self._journal.predictions.of_trial(number),
                    winner=self._winner,
                )
            except Exception as error:  # noqa: BLE001  (a study ends without a report)
                failed = f"not written: {error}"
            if failed is not None:
                client.set_tag(run_id, "report", failed[:500])
            client.log_artifacts(run_id, folder)

    def _draw_learning_curve(self, trials: Sequence[Trial]) -> None:
        grid = find_grid(trials, self._settings)
        if grid is None:
            return
        client, run_id = self._recorder.client, self._recorder.run_id
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "learning_curve.png"
            try:
                draw_learning_curve(path, grid, self._settings)
            except Exception as error:  # noqa: BLE001  (a study ends without a picture)
                client.set_tag(run_id, "learning_curve", f"not drawn: {error}")
                return
            client.log_artifact(run_id, str(path), "figures")


def varying(trials: Sequence[Trial]) -> list[str]:
    """Return the parameters with more than one value, those of all trials first."""
    values: dict[str, set[object]] = {}
    for trial in trials:
        for name, value in trial.params.items():
            values.setdefault(name, set()).add(value)
    everywhere = [
        name for name in values if all(name in trial.params for trial in trials)
    ]
    rest = [name for name in values if name not in everywhere]
    return [name for name in (*everywhere, *rest) if len(values[name]) > 1]
