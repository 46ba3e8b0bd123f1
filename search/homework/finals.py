"""Step 4: the only place of a homework where test rows meet a model."""

import json
import queue
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipelines.atomic_file import replacing
from pipelines.part import digest
from search.final import FinalJob, run_final
from search.homework.plan import Plan
from search.homework.results import Entry, OnTestRows
from search.homework.studies import Workplace
from search.intervals import score_interval
from search.metrics import METRICS
from search.rerun_steps import TEST_DIGEST
from search.seeding import derive_seed
from search.store import FINISHED, KEY, KIND, PARENT
from search.workers import Slot

Predictions = Mapping[str, Sequence[NDArray[np.float32]]]
"""By reading: one array per seed."""


@dataclass(frozen=True, kw_only=True)
class Tested:
    """What the test rows gave.

    Attributes:
        scores: By configuration and reading.
        n_test: Test rows.
        look: How often this test set has been opened in this store.
    """

    scores: Sequence[OnTestRows]
    n_test: int
    look: int


def test_configurations(
    place: Workplace, plan: Plan, entries: Sequence[Entry], *, folder: Path, parent: str
) -> Tested:
    """Train each configuration with several seeds and predict the test rows.

    Each training is on the disk before the next begins; what is there is not trained
    again.

    Args:
        place: Where.
        plan: Rows, epochs and number of seeds.
        entries: Chosen before; the choices are written down already.
        folder: Of the homework; `choices.json` must be there.
        parent: Key of the study whose trials were chosen.
    """
    assert (folder / "choices.json").is_file()  # nothing is chosen by test rows
    test = place.pipeline.load("test")
    test_digest = digest(test)
    look = _look(place, folder, test_digest)
    kept = folder / "test"
    kept.mkdir(exist_ok=True)
    jobs = {
        (entry.technique, number): FinalJob(
            pipeline=plan.pipeline,
            train_digest=plan.data_digest,
            test_digest=test_digest,
            params=entry.params,
            epochs=plan.epochs,
            horizon=plan.epochs,
            seed=derive_seed(plan.seed, number, "rerun"),
            metrics=place.metrics,
            backend=plan.backend,
            keep_model=False,
            n_rows=plan.n_rows,
            rows_seed=plan.fresh_seed,
            also_after=(entry.epoch,),
        )
        for entry in entries
        for number in range(plan.n_seeds)
    }
    runs = _open_runs(
        place,
        [entry.technique for entry in entries],
        parent=parent,
        tags={TEST_DIGEST: test_digest, "look": str(look)},
    )
    with place.console.status(f"training {len(jobs)} times for the test rows"):
        _train(place.slots, jobs, kept)
    scores = []
    for entry in entries:
        predictions = _read(kept, entry, plan.n_seeds)
        for reading, epoch in (("last", plan.epochs), ("best", entry.epoch)):
            of_seeds = predictions[reading]
            scores.append(
                OnTestRows(
                    technique=entry.technique,
                    reading=reading,
                    epoch=epoch,
                    scores={
                        name: [METRICS[name].function(test.y, p) for p in of_seeds]
                        for name in place.metrics
                    },
                    intervals={
                        name: score_interval(METRICS[name], test.y, of_seeds)[1:]
                        for name in place.metrics
                    },
                )
            )
    _record(place, runs, scores)
    return Tested(scores=scores, n_test=len(test.y), look=look)


def _look(place: Workplace, folder: Path, test_digest: str) -> int:
    # Counted before it is opened; the same homework, gone on with, is one look.
    path = folder / "look.json"
    if path.is_file():
        return int(json.loads(path.read_text())["look"])
    look = len(place.store.tagged(TEST_DIGEST, test_digest)) + 1
    with replacing(path) as file:
        file.write(json.dumps({"look": look}).encode())
    return look


def _train(
    slots: Sequence[Slot], jobs: Mapping[tuple[str, int], FinalJob], kept: Path
) -> None:
    free: queue.Queue[Slot] = queue.Queue()
    for slot in slots:
        free.put(slot)
    trials = {technique: n for n, (technique, _) in enumerate(jobs)}

    def train(key: tuple[str, int]) -> None:
        technique, number = key
        path = kept / f"{technique}-{number}.npz"
        if path.is_file():
            return
        slot = free.get()
        try:
            # Another process than any study's trial.
            result = slot.run(run_final, jobs[key], trial=-2 - trials[technique])
        finally:
            free.put(slot)
        (epoch,) = jobs[key].also_after
        with replacing(path) as file:
            np.savez_compressed(file, last=result.predictions, best=result.also[epoch])

    with ThreadPoolExecutor(len(slots)) as threads:
        list(threads.map(train, jobs))


def _read(kept: Path, entry: Entry, n_seeds: int) -> Predictions:
    found: dict[str, list[NDArray[np.float32]]] = {"last": [], "best": []}
    for number in range(n_seeds):
        with np.load(kept / f"{entry.technique}-{number}.npz") as file:
            for reading, arrays in found.items():
                arrays.append(file[reading])
    return found


def _open_runs(
    place: Workplace,
    techniques: Sequence[str],
    *,
    parent: str,
    tags: Mapping[str, str],
) -> dict[str, str]:
    """Return a run per configuration, below the study of the fresh splits."""
    study = place.store.find_study(parent)
    runs = {}
    for technique in techniques:
        key = f"{parent}/test-{technique}"
        found = place.store.find(key)
        runs[technique] = (
            str(found.info.run_id)
            if found is not None
            else place.store.create_run(
                study.info.experiment_id,
                f"{place.homework}-test-{technique}",
                tags={
                    KEY: key,
                    KIND: "rerun",
                    PARENT: study.info.run_id,
                    "homework": place.homework,
                    "technique": technique,
                    "step": "4 test",
                    **tags,
                },
                began=time.time(),
            )
        )
    return runs


def _record(
    place: Workplace, runs: Mapping[str, str], scores: Sequence[OnTestRows]
) -> None:
    for score in scores:
        for name, values in score.scores.items():
            place.store.client.log_metric(
                runs[score.technique],
                f"test_{name}_{score.reading}",
                float(np.mean(values)),
            )
    for run_id in runs.values():
        place.store.client.set_terminated(run_id, FINISHED)
