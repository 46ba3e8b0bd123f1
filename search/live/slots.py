"""What each slot trains at this moment, in a small file that anyone may read.

The journal holds what is finished; these files hold what is not: who looks at a search
from another process finds the running folds there. Nothing depends on them: they are
never synced, and where they cannot be written the training goes on without.
"""

import json
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from search.metrics import METRICS
from search.types import FoldJob
from search.workers import Slot
from spaces.params import Scalar

Result = TypeVar("Result")

FOLDER = "slots"
"""In the folder of the study."""


@dataclass(frozen=True, kw_only=True)
class RunningFold:
    """A fold that is being trained.

    Attributes:
        slot: Where, from 0.
        trial: Number of its trial.
        fold: Number of the fold, from 0.
        began: Start, seconds since 1970.
        epochs: Epochs it is to have.
        params: The trial's parameters.
        curve: The searched metric on the validation rows after each epoch so far; of
            the present network where a configuration has several.
    """

    slot: int
    trial: int
    fold: int
    began: float
    epochs: int
    params: Mapping[str, Scalar]
    curve: tuple[float, ...] = ()


class ShownSlot:
    """A slot that says what it trains.

    Args:
        slot: Does the work.
        path: The file in which it is said.
    """

    def __init__(self, slot: Slot, path: Path) -> None:
        self._slot = slot
        self._path = path

    def is_ready(self) -> bool:
        """Say whether it could train now."""
        return self._slot.is_ready()

    def run(self, function: Callable[..., Result], job: Any, *, trial: int) -> Result:
        """Run a job; see `search.workers.Slot.run`.

        Args:
            function: As `search.fold.run_fold`: it takes the job, and `on_epoch`.
            job: The `FoldJob` to run.
            trial: Number of its trial.
        """
        head = {
            "trial": trial,
            "fold": job.fold,
            "began": time.time(),
            "epochs": job.epochs,
            "params": job.params,
        }
        with suppress(OSError):
            self._path.write_text(json.dumps(head) + "\n")
        try:
            return self._slot.run(
                partial(_reporting, function, self._path), job, trial=trial
            )
        finally:
            with suppress(OSError):
                self._path.unlink()

    def close(self) -> None:
        """End the slot."""
        self._slot.close()


def show(slots: Sequence[Slot], study: Path) -> list[ShownSlot]:
    """Return slots that say what they train.

    Args:
        slots: Where the folds of a study are trained.
        study: Its folder; what a killed search left there is dropped.
    """
    hide(study)
    folder = study.resolve() / FOLDER  # workers may have another working folder
    with suppress(OSError):
        folder.mkdir()
    return [
        ShownSlot(slot, folder / f"{number}.jsonl") for number, slot in enumerate(slots)
    ]


def hide(study: Path) -> None:
    """Drop what slots said: nothing is trained any more."""
    shutil.rmtree(study / FOLDER, ignore_errors=True)


def running_folds(study: Path) -> list[RunningFold]:
    """Return what the slots of a study train now, in the order of the slots.

    Args:
        study: Its folder.
    """
    found = []
    with suppress(OSError):  # dropped this moment
        for path in (study / FOLDER).glob("*.jsonl"):
            with suppress(OSError, ValueError, TypeError):  # written this moment
                found.append(_read(path))
    return sorted(found, key=lambda running: running.slot)


def _read(path: Path) -> RunningFold:
    text = path.read_text()
    head, *lines = text[: text.rindex("\n")].split("\n")
    curve: list[float] = []
    for line in lines:
        epoch, value = json.loads(line)
        # a further network of the configuration begins with its first epoch
        curve = [*curve[: epoch - 1], value]
    return RunningFold(slot=int(path.stem), curve=tuple(curve), **json.loads(head))


def _reporting(function: Callable[..., Result], path: Path, job: FoldJob) -> Result:
    """Train a fold and add a line to the slot's file after each epoch."""
    name = f"val_{METRICS[job.metrics[0]].curve}"
    try:
        # unbuffered: a line is there when the epoch is over
        file = path.open("ab", buffering=0)
    except OSError:  # another machine, a full disk
        return function(job)

    def on_epoch(epoch: int, values: Mapping[str, float]) -> None:
        with suppress(OSError):
            file.write(f"{json.dumps([epoch, values[name]])}\n".encode())

    with file:
        return function(job, on_epoch=on_epoch)
