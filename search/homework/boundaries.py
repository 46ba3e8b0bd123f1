"""How each technique changes the boundary between classes in a plane."""

import queue
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from search.final import FinalJob
from search.homework.grid import BASELINE
from search.homework.plan import Plan
from search.homework.results import Entry
from search.homework.studies import Workplace
from search.pictures import boundaries
from search.pictures.boundaries import WORDS, Panel, over_time
from search.plane import Plane, run_plane
from search.seeding import derive_seed
from search.workers import Slot


def train_planes(
    place: Workplace, plan: Plan, entries: Sequence[Entry]
) -> dict[str, Plane]:
    """Train each configuration once and predict the plane; no test row is read.

    Only where rows have two inputs and there are classes: `search.plane.has_plane`.

    Args:
        place: Where.
        plan: Rows and epochs; the seed is that of the first final training.
        entries: The table's.

    Returns:
        By technique: before training, at the best and at the last epoch.
    """
    free: queue.Queue[Slot] = queue.Queue()
    for slot in place.slots:
        free.put(slot)

    def train(numbered: tuple[int, Entry]) -> Plane:
        number, entry = numbered
        job = FinalJob(
            pipeline=plan.pipeline,
            train_digest=plan.data_digest,
            test_digest="",  # not opened
            params=entry.params,
            epochs=plan.epochs,
            horizon=plan.epochs,
            seed=derive_seed(plan.seed, 0, "rerun"),
            metrics=place.metrics,
            backend=plan.backend,
            keep_model=False,
            n_rows=plan.n_rows,
            rows_seed=plan.fresh_seed,
            also_after=(0, entry.epoch),
        )
        slot = free.get()
        try:
            # Another process than any study's trial.
            return slot.run(run_plane, job, trial=-1000 - number)
        finally:
            free.put(slot)

    with ThreadPoolExecutor(len(place.slots)) as threads:
        planes = list(threads.map(train, enumerate(entries)))
    return {e.technique: plane for e, plane in zip(entries, planes, strict=True)}


def draw_boundaries(
    path: Path,
    planes: Mapping[str, Plane],
    entries: Sequence[Entry],
    *,
    classes: Sequence[str],
    names: Mapping[str, str],
    words: Mapping[str, str] = WORDS,
) -> None:
    """Draw the baseline over time, then each technique after its last epoch.

    Args:
        path: PNG to write.
        planes: By technique; those without are left out.
        entries: The table's, the baseline among them, in the order to draw.
        classes: Names of the classes.
        names: Of the techniques, as titles.
        words: Labels, with the keys of `WORDS`.
    """
    panels = []
    for entry in entries:
        if entry.technique not in planes:
            continue
        plane, name = planes[entry.technique], names[entry.technique]
        last = max(plane.by_epoch)
        shown = over_time(plane, best=entry.epoch, last=last, words=words)
        for panel in shown if entry.technique == BASELINE else shown[-1:]:
            title = f"{name}\n{panel.title}"
            panels.append(Panel(title=title, plane=plane, epoch=panel.epoch))
    boundaries.draw_boundaries(path, panels, classes=classes, words=words)
