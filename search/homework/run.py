"""The homework from its first network to the notebook, resumable at every step."""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from pipelines.registry import complete, get_pipeline
from search.cores import n_cores
from search.homework.boundaries import draw_boundaries, train_planes
from search.homework.choices import (
    Chosen,
    NothingOverfitsError,
    choose_finalists,
    choose_settings,
    make_entries,
    write_choices,
)
from search.homework.engines import (
    LadderEngine,
    ListEngine,
    TechniquesEngine,
    overfits_visibly,
)
from search.homework.finals import Tested, test_configurations
from search.homework.grid import BASELINE, CAPACITIES, Setting, with_capacity
from search.homework.measured import make_capacity, make_effects
from search.homework.notebook import write_notebook
from search.homework.plan import (
    VALID_SHARE,
    Plan,
    fit_to_time,
    read_plan,
    write_plan,
)
from search.homework.request import (
    HomeworkRequest,
    check_request,
    default_name,
    full_plan,
    rows_or_all,
    same_plan,
)
from search.homework.results import Entry, Results, Tried, read_results, write_results
from search.homework.show import show_capacities, show_plan
from search.homework.studies import Measured, Workplace, run_study
from search.homework.template import read_template
from search.homework.timing import read_cost
from search.names import check_name
from search.plane import has_plane
from search.rows import make_folds
from search.session import closing
from search.store import Store
from search.workers import make_slots

FOLDER = "tunefold-homework"
PLAN = "plan.json"
PROBE_ROWS = 6_000
"""Rows of the first step, which also times what the plan is made of."""


def run_homework(
    request: HomeworkRequest,
    *,
    store_uri: str,
    console: Console,
    show: Callable[[Results], None],
) -> Path:
    """Do the homework, or go on with it, and return its notebook.

    Args:
        request: What to do.
        store_uri: The tracking store.
        console: For plan and progress; stderr.
        show: Prints the table of techniques.

    Raises:
        NothingOverfitsError: No network overfits visibly.
        TunefoldError: A setting is wrong, or a study could not go on.
    """
    spec = complete(request.pipeline)
    pipeline = get_pipeline(spec)
    check_request(request, pipeline)
    read_template(request.template)  # a mistake in it is told before the training
    name = request.name or default_name(pipeline, request.student)
    check_name(name)
    folder = Path(FOLDER) / name
    if (folder / "results.json").is_file():
        console.print(f"homework '{name}' is done; its notebook is written again")
        results = read_results(folder / "results.json")
        show(results)
        return write_notebook(results, folder, template=request.template)
    data = pipeline.load("train")
    wanted = full_plan(request, spec, pipeline, data)
    begun = folder / PLAN
    if begun.is_file():
        wanted = same_plan(read_plan(begun), wanted, name)
        console.print(f"homework '{name}' goes on with its plan, {begun}")
    folder.mkdir(parents=True, exist_ok=True)
    slots = make_slots(request.workers or n_cores(), backend=wanted.backend)
    with closing(slots):
        store = Store(store_uri, create=True)
        place = Workplace(
            homework=name,
            pipeline=pipeline,
            data=data,
            slots=slots,
            store=store,
            experiment=request.experiment or store.own_experiment(pipeline.name),
            console=console,
        )
        given = request.plan is not None or begun.is_file()
        results = _Homework(place, folder, wanted, given=given).run()
        _draw_plane(place, results, folder)
    show(results)
    console.print("writing the notebook and running its cells, some minutes ...")
    return write_notebook(results, folder, template=request.template)


class _Homework:
    """The steps, each a study of its own; what is done is taken from its journal."""

    def __init__(
        self, place: Workplace, folder: Path, wanted: Plan, *, given: bool
    ) -> None:
        self._place = place
        self._folder = folder
        self._wanted = wanted
        self._given = given
        (self._main, _) = place.metrics

    def run(self) -> Results:
        began = time.monotonic()
        ladder = self._overfit()
        plan = self._plan(ladder, time.monotonic() - began)
        tuned = self._tune(plan)
        chosen = choose_settings(plan, tuned, metric=self._main)
        fresh = run_study(
            self._place,
            plan,
            "3-fresh",
            ListEngine([setting for setting, _ in chosen], step="fresh splits"),
            n_trials=len(chosen),
            cv=plan.fresh_cv,
            split_seed=plan.fresh_seed,
        )
        entries, failed = make_entries(
            chosen, tuned, fresh, metrics=self._place.metrics
        )
        for line in failed:
            self._place.console.print(line, markup=False)
        finalists = choose_finalists(entries, metric=self._main)
        write_choices(self._folder, entries, finalists)
        tested = test_configurations(
            self._place, plan, finalists, folder=self._folder, parent=fresh.name
        )
        results = self._results(plan, ladder, tuned, fresh, chosen, entries, tested)
        write_results(results, self._folder / "results.json")
        return results

    def _overfit(self) -> Measured:
        plan = self._wanted
        rows = min(PROBE_ROWS, plan.n_rows or len(self._place.data.y))
        settings = [
            Setting(
                BASELINE, with_capacity(plan.base, widths), "-".join(map(str, widths))
            )
            for widths in CAPACITIES
        ]
        ladder = run_study(
            self._place,
            replace(plan, n_rows=rows_or_all(rows, len(self._place.data.y))),
            "1-overfit",
            LadderEngine(settings),
            n_trials=len(settings),
            cv=plan.cv,
            split_seed=plan.tuning_seed,
        )
        show_capacities(ladder.complete, self._place.console)
        if not any(overfits_visibly(trial.folds) for trial in ladder.complete):
            raise NothingOverfitsError(
                f"homework: no network overfits visibly in {plan.epochs} epochs, the "
                "largest neither (table above), so techniques against overfitting "
                "would have nothing to show; give more --epochs or fewer --rows"
            )
        return ladder

    def _plan(self, ladder: Measured, seconds: float) -> Plan:
        path = self._folder / PLAN
        plan = self._wanted
        if not self._given:
            trial = next(t for t in ladder.complete if overfits_visibly(t.folds))
            folds = make_folds(
                self._place.data.y,
                self._wanted.cv,
                split_seed=0,
                n_rows=min(PROBE_ROWS, len(self._place.data.y)),
                stratified=self._place.pipeline.task == "classification",
                classes=self._place.pipeline.classes,
            )
            plan = fit_to_time(
                replace(self._wanted, base=trial.params),
                read_cost(
                    trial,
                    ladder.complete,
                    n_train=len(folds[0].train),
                    workers=len(self._place.slots),
                ),
                n_available=len(self._place.data.y),
                n_folds=len(folds),
                spent=seconds / 60,
            )
        write_plan(plan, path)
        show_plan(plan, self._place.console, path)
        return plan

    def _tune(self, plan: Plan) -> Measured:
        return run_study(
            self._place,
            plan,
            "2-techniques",
            TechniquesEngine(
                plan.base,
                plan.techniques,
                n_settings=plan.n_settings,
                epochs=plan.epochs,
                metric=self._main,
            ),
            n_trials=(len(plan.techniques) + 2) * plan.n_settings,
            cv=plan.cv,
            split_seed=plan.tuning_seed,
        )

    def _results(
        self,
        plan: Plan,
        ladder: Measured,
        tuned: Measured,
        fresh: Measured,
        chosen: Chosen,
        entries: Sequence[Entry],
        tested: Tested,
    ) -> Results:
        pipeline = self._place.pipeline
        taken = {trial.number for _, trial in chosen}
        studies = (ladder, tuned, fresh)
        return Results(
            name=self._place.homework,
            plan=plan,
            metrics=self._place.metrics,
            unit=pipeline.unit,
            note=pipeline.note,
            classes=pipeline.classes,
            capacities=[make_capacity(trial) for trial in ladder.complete],
            tried=[
                Tried(
                    technique=trial.tags["technique"],
                    setting=trial.tags["setting"],
                    score=trial.score,
                    epoch=trial.epoch,
                    chosen=number in taken,
                )
                for number, trial in tuned.trials.items()
            ],
            entries=entries,
            effects=make_effects(entries, self._main, valid_share=VALID_SHARE),
            test=tested.scores,
            n_test=tested.n_test,
            look=tested.look,
            data_source=self._place.data.source,
            split_digests={study.name: study.split_digest for study in studies},
            minutes={study.name: _minutes(study) for study in studies},
        )


def _draw_plane(place: Workplace, results: Results, folder: Path) -> None:
    """Draw where the classes meet under each technique, for rows of two inputs."""
    data, plan = place.data, results.plan
    row = place.pipeline.prepare(data.X, data.y, plan.base)(data.X[:1])
    if not has_plane(place.pipeline, row.shape[1:]):
        return
    path = folder / "boundaries.png"
    draw_boundaries(
        path,
        train_planes(place, plan, results.entries),
        results.entries,
        classes=results.classes,
        names={entry.technique: entry.technique for entry in results.entries},
    )
    place.console.print(f"boundaries between the classes: {path}")


def _minutes(study: Measured) -> float:
    return sum(f.seconds for t in study.trials.values() for f in t.folds) / 60
