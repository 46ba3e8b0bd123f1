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
from search.store_errors import first_line, is_refusal
from search.types import FoldResult, Settings, Trial, TrialState
from search.ui_view import Contents, save_views, understands_views
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
        say: Told in one line what the person who waits should know.
        assure: Called before each write; raises where nothing may be written.

    Attributes:
        left_behind: Records that were given up, see `settle`.
        refused: Records that the store answered it will not take. Nothing waits for
            them.
    """

    def __init__(
        self,
        recorder: Recorder,
        journal: Journal,
        settings: Settings,
        say: Callable[[str], None] = lambda _: None,
        assure: Callable[[], None] = lambda: None,
    ) -> None:
        self.left_behind = self.refused = 0
        self._recorder = recorder
        self._journal = journal
        self._settings = settings
        self._say = say
        self._anew: set[int] = set()  # trials whose run was deleted
        self._winner = ""  # in words
        self._writer = BackgroundWriter(assure)

    def catch_up(self, trials: Sequence[Trial]) -> None:
        """Send what the journal holds and the store does not."""
        for trial in trials:
            self._writer.put(lambda trial=trial: self._catch_up(trial))  # type: ignore[misc]

    def trial_begun(self, trial: Trial) -> None:
        """Send what was proposed."""
        began = time.time()
        self._put(trial, lambda: self._recorder.trial_begun(trial, began=began))

    def fold_done(self, trial: Trial, result: FoldResult) -> None:
        """Send a fold."""
        self._put(trial, lambda: self._recorder.fold(trial, result))

    def trial_done(self, trial: Trial) -> None:
        """Send how a trial ended."""
        path = self._journal.predictions.of_trial(trial.number)
        self._put(trial, lambda: self._recorder.trial(trial, path))

    def study_done(
        self, trials: Sequence[Trial], *, reason: str, finished: bool
    ) -> None:
        """Send the study's summary; trials it left unfinished end as killed."""
        for trial in trials:
            if trial.state is TrialState.RUNNING:
                self.trial_done(trial)
        self._writer.put(
            lambda: self._of_study(lambda: self._summarise(trials, reason, finished))
        )

    def report(self, trials: Sequence[Trial]) -> None:
        """Send figures and page of a study that is done and wholly stored."""
        if not self.left_behind:
            self._writer.put(lambda: self._of_study(lambda: self._report(trials)))

    def settle(self) -> None:
        """Wait for the writer; `left_behind` then counts what was not sent.

        Raises:
            KeyboardInterrupt: Of the user, who leaves the rest to `tunefold resume`.
        """
        self._wait(self._writer.settle)

    def close(self) -> None:
        """Do as `settle`; nothing can be sent any more."""
        self._wait(self._writer.close)

    def abandon(self) -> None:
        """Send nothing more; may be called anywhere."""
        self.left_behind = self._writer.give_up()

    @property
    def behind(self) -> int:
        """How many records the store has yet to take."""
        return self._writer.behind

    def _wait(self, wait: Callable[..., int]) -> None:
        try:
            self.left_behind = wait(patience=PATIENCE)
        except KeyboardInterrupt:
            self.abandon()
            raise

    def _put(self, trial: Trial, record: Callable[[], None]) -> None:
        self._writer.put(lambda: self._write(trial, record))

    def _catch_up(self, trial: Trial) -> None:
        ended = trial.state is not TrialState.RUNNING
        if ended and self._recorder.is_recorded(trial):
            return
        whole = self._write_folds(trial)
        if ended:
            path = self._journal.predictions.of_trial(trial.number)
            whole &= self._try(trial, lambda: self._recorder.trial(trial, path))
        if whole:
            self._recorder.is_whole(trial.number)

    def _write_folds(self, trial: Trial) -> bool:
        whole = True
        for result in trial.folds:
            whole &= self._try(trial, lambda r=result: self._recorder.fold(trial, r))  # type: ignore[misc]
        self._anew.discard(trial.number)
        return whole

    def _write(self, trial: Trial, record: Callable[[], None]) -> None:
        if trial.number in self._anew:
            self._write_folds(trial)
        self._try(trial, record)

    def _try(self, trial: Trial, record: Callable[[], None]) -> bool:
        """Write a record of a trial; return False where the store refuses it."""
        number = trial.number
        try:
            record()
        except Exception as error:
            if not is_refusal(error):
                raise
            if self._recorder.forget_deleted(number):
                self._anew.add(number)
                self._say(
                    f"trial {number}: its run was deleted in MLflow and is written "
                    "anew, for a study keeps all its trials; delete it when the study "
                    "has ended"
                )
                raise  # and is tried again
            self._recorder.lacks(number, first_line(error))
            self._refuse(f"trial {number}", error)
            return False
        return True

    def _of_study(self, record: Callable[[], None]) -> None:
        """Write a record of the study itself."""
        name = self._settings.name
        try:
            record()
        except Exception as error:
            if not is_refusal(error):
                raise
            if self._recorder.begin_anew():
                self._say(
                    f"study '{name}': its run was deleted in MLflow and is written anew"
                )
                raise  # and is tried again
            self._refuse(f"study '{name}'", error)

    def _refuse(self, of: str, error: Exception) -> None:
        self.refused += 1
        if self.refused == 1:  # they are counted at the end
            self._say(
                f"{of}: MLflow refuses a record of it ({first_line(error)}); the "
                f"journal keeps it, 'tunefold resume {self._settings.name}' sends it "
                "again"
            )

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
            views=understands_views(self._recorder.store_version),
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
