"""A search as it stands at one moment: what the screen shows of it."""

from dataclasses import dataclass

from search.live.time_left import TimeLeft


@dataclass(frozen=True, kw_only=True)
class RunningTrial:
    """A trial that has not ended.

    Attributes:
        number: From 0.
        configuration: In one line.
        folds_done: Folds that have ended.
        mean: The searched metric over these at their common epoch, None without any.
        slot: Where a fold of it is trained now, from 0; None for nowhere, or unknown.
        fold: Number of that fold, from 0.
        seconds: For so long.
        curve: The searched metric on its validation rows after each epoch so far;
            without a slot, the mean over the ended folds.
    """

    number: int
    configuration: str
    folds_done: int
    mean: float | None = None
    slot: int | None = None
    fold: int | None = None
    seconds: float | None = None
    curve: tuple[float, ...] = ()


@dataclass(frozen=True, kw_only=True)
class EndedTrial:
    """A trial that has ended.

    Attributes:
        number: From 0.
        state: How it ended, in a word.
        configuration: In one line.
        score: Of a complete one.
        curve: The searched metric on the validation rows after each epoch, mean over
            its folds.
    """

    number: int
    state: str
    configuration: str
    score: float | None = None
    curve: tuple[float, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """A study at one moment.

    Attributes:
        study: Its name.
        about: What is searched and how, in a few words.
        metric: The searched one.
        epochs: Epochs of a fold.
        n_folds: Folds of a trial.
        n_trials: Trials of the budget, None where it has no such limit.
        n_ended: Trials that have ended.
        folds_trained: Folds that have ended.
        gone: Seconds since this session of the study began, None where unknown.
        left: The time it still takes, None while too little is known.
        saved: What pruning saved, in words; None for nothing.
        best: The best complete trial.
        running: Trials that have not ended, by slot, then those without one.
        latest: The trials that ended last, the very last at the end.
        notes: What else there is to say, a line each.
        outcome: How the study ended; None while it runs.
    """

    study: str
    about: str
    metric: str
    epochs: int
    n_folds: int
    n_trials: int | None
    n_ended: int
    folds_trained: int
    gone: float | None
    left: TimeLeft | None
    saved: str | None
    best: EndedTrial | None
    running: tuple[RunningTrial, ...]
    latest: tuple[EndedTrial, ...]
    notes: tuple[str, ...] = ()
    outcome: str | None = None
