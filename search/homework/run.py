"""The homework from its first network to the notebook, resumable at every step."""

import json
import math
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rich.console import Console

from pipelines.atomic_file import replacing
from pipelines.part import Part, digest
from pipelines.pipeline import Pipeline
from pipelines.registry import complete, get_pipeline
from search.compile_cache import use_compile_cache
from search.errors import FatalError, SearchError, SettingsError
from search.homework.base import base_params, inputs_of
from search.homework.engines import (
    LadderEngine,
    ListEngine,
    TechniquesEngine,
    choose,
    overfits_visibly,
)
from search.homework.finals import Tested, test_configurations
from search.homework.grid import (
    BASELINE,
    CAPACITIES,
    CHOSEN_FROM,
    COMBINED,
    ENSEMBLE,
    MOST_SETTINGS,
    Setting,
    check_techniques,
    fitting_techniques,
    with_capacity,
)
from search.homework.notebook import write_notebook
from search.homework.plan import (
    MAX_ROWS,
    MOST_SEEDS,
    SPLITS,
    VALID_SHARE,
    Cost,
    Plan,
    fit_to_time,
    read_plan,
    write_plan,
)
from search.homework.results import (
    Entry,
    Results,
    Tried,
    make_capacity,
    make_effects,
    make_entry,
    read_results,
    write_results,
)
from search.homework.seeds import student_seeds
from search.homework.show import show_capacities, show_plan, show_results
from search.homework.studies import Measured, Workplace, run_study
from search.request import check_name, default_backend
from search.rows import make_folds
from search.session import closing
from search.store import Store
from search.types import Trial
from search.workers import make_slots, n_cores
from spaces.dense import DENSE
from spaces.evaluation import MEMBERS
from spaces.space import Params

FOLDER = "tunefold-homework"
ALL = "all"
"""Stands for every technique that fits the rows and the task."""

MIN_EPOCHS = 8
"""In fewer, no curve can be seen to fall and to rise again."""

PROBE_ROWS = 6_000
"""Rows of the first step, which also times what the plan is made of."""


@dataclass(frozen=True, kw_only=True)
class HomeworkRequest:
    """What a user asks for; attributes as the options of `tunefold homework`."""

    pipeline: str
    techniques: tuple[str, ...] | None = None
    minutes: float | None = None
    cv: str = "kfold:3"
    n_rows: int | None = None
    epochs: int | None = None
    student: str = ""
    plan: Path | None = None
    name: str | None = None
    experiment: str | None = None
    backend: str | None = None
    workers: int | None = None
    template: Path | None = None


class NothingOverfitsError(SearchError):
    """No network of the first step overfits visibly: there is nothing to regularise."""


def run_homework(
    request: HomeworkRequest, *, store_uri: str, console: Console, out: Console
) -> Path:
    """Do the homework, or go on with it, and return its notebook.

    Args:
        request: What to do.
        store_uri: The tracking store.
        console: For plan and progress; stderr.
        out: For the table; stdout.

    Raises:
        NothingOverfitsError: No network overfits visibly.
        TunefoldError: A setting is wrong, or a study could not go on.
    """
    spec = complete(request.pipeline)
    pipeline = get_pipeline(spec)
    _check(request, pipeline)
    name = request.name or _default_name(pipeline, request.student)
    check_name(name)
    folder = Path(FOLDER) / name
    if (folder / "results.json").is_file():
        console.print(f"homework '{name}' is done; its notebook is written again")
        results = read_results(folder / "results.json")
        return write_notebook(results, folder, template=request.template)
    data = pipeline.load("train")
    request = replace(request, techniques=_techniques(request, pipeline, data))
    folder.mkdir(parents=True, exist_ok=True)
    wanted = _wanted(request, spec, pipeline, len(data.y), digest(data))
    use_compile_cache()
    slots = make_slots(request.workers or n_cores(), backend=wanted.backend)
    with closing(slots):
        place = Workplace(
            homework=name,
            pipeline=pipeline,
            data=data,
            slots=slots,
            store=Store(store_uri, create=True),
            experiment=request.experiment or pipeline.name,
            console=console,
        )
        homework = _Homework(place, folder, wanted, given=request.plan is not None)
        results = homework.run()
    show_results(results, out)
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
        self._minutes: dict[str, float] = {}
        (self._main, _) = place.metrics

    def run(self) -> Results:
        began = time.monotonic()
        ladder = self._overfit()
        plan = self._plan(ladder, time.monotonic() - began)
        tuned = self._tune(plan)
        chosen = self._chosen(plan, tuned)
        fresh = run_study(
            self._place,
            plan,
            "3-fresh",
            ListEngine([setting for setting, _ in chosen], step="fresh splits"),
            n_trials=len(chosen),
            cv=plan.fresh_cv,
            split_seed=plan.fresh_seed,
        )
        entries = self._entries(tuned, chosen, fresh)
        finalists = self._finalists(entries)
        self._write_choices(entries, finalists)
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
            replace(plan, n_rows=_rows(rows, len(self._place.data.y))),
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
        path = self._folder / "plan.json"
        if path.is_file():
            plan = read_plan(path)
        elif self._given:
            plan = self._wanted
        else:
            trial = next(t for t in ladder.complete if overfits_visibly(t.folds))
            folds = make_folds(
                self._place.data.y,
                self._wanted.cv,
                split_seed=0,
                n_rows=min(PROBE_ROWS, len(self._place.data.y)),
                stratified=self._place.pipeline.task == "classification",
            )
            plan = fit_to_time(
                replace(self._wanted, base=trial.params),
                _cost(trial, len(folds[0].train), len(self._place.slots)),
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

    def _chosen(self, plan: Plan, tuned: Measured) -> list[tuple[Setting, Trial]]:
        """Return each technique's chosen setting and the trial that chose it."""
        settings = {n: _setting(trial) for n, trial in tuned.trials.items()}
        in_order = [settings[n] for n in sorted(settings)]
        found = []
        for technique in (BASELINE, *plan.techniques, COMBINED):
            best = choose(in_order, tuned.trials, technique, metric=self._main)
            if best is None:
                if technique == BASELINE:
                    raise NothingOverfitsError(
                        "homework: on the planned rows the network overfits visibly "
                        "at no learning rate; give more --epochs or fewer --rows"
                    )
                continue
            setting = best[0]
            trial = next(t for n, t in tuned.trials.items() if settings[n] is setting)
            found.append((_with_ensemble(setting, plan), trial))
        return found

    def _entries(
        self,
        tuned: Measured,
        chosen: Sequence[tuple[Setting, Trial]],
        fresh: Measured,
    ) -> list[Entry]:
        entries = []
        for number, (setting, trial) in enumerate(chosen):
            tried = [
                t
                for t in tuned.trials.values()
                if t.tags["technique"] == setting.technique
            ]
            measured = fresh.trials[number]
            if measured.score is None:
                self._leave_out(setting, measured)
                continue
            trained = [*tried, measured]
            entries.append(
                make_entry(
                    measured,
                    tuned=trial,
                    fits=sum(_networks(t.params) * len(t.folds) for t in trained),
                    seconds=sum(f.seconds for t in trained for f in t.folds),
                    metrics=self._place.metrics,
                )
            )
        return entries

    def _leave_out(self, setting: Setting, trial: Trial) -> None:
        if setting.technique == BASELINE:
            raise FatalError(
                f"homework: the baseline failed on the fresh splits ({trial.reason}); "
                "without it nothing can be compared"
            )
        self._place.console.print(
            f"{setting.technique} is left out, it failed on the fresh splits: "
            f"{trial.reason}",
            markup=False,
        )

    def _finalists(self, entries: Sequence[Entry]) -> list[Entry]:
        """Return baseline, best single technique and combination."""
        singles = [e for e in entries if e.technique not in (BASELINE, COMBINED)]
        best = min(singles, key=lambda e: e.mean("best", self._main))
        return [
            entry
            for entry in entries
            if entry.technique in (BASELINE, best.technique, COMBINED)
        ]

    def _write_choices(
        self, entries: Sequence[Entry], finalists: Sequence[Entry]
    ) -> None:
        path = self._folder / "choices.json"
        if path.is_file():
            return
        choices = {
            "written": time.time(),
            "meet the test rows": [entry.technique for entry in finalists],
            "settings": [
                {
                    "technique": entry.technique,
                    "params": entry.params,
                    "epoch": entry.epoch,
                }
                for entry in entries
            ],
        }
        with replacing(path) as file:
            file.write(json.dumps(choices, indent=2).encode() + b"\n")

    def _results(
        self,
        plan: Plan,
        ladder: Measured,
        tuned: Measured,
        fresh: Measured,
        chosen: Sequence[tuple[Setting, Trial]],
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


def _check(request: HomeworkRequest, pipeline: Pipeline) -> None:
    if pipeline.in_order:
        raise SettingsError(
            f"homework: {pipeline.name} is a series in time, and fresh random splits "
            "would learn from its future; take a pipeline whose rows may be shuffled"
        )
    if request.epochs is not None and request.epochs < MIN_EPOCHS:
        raise SettingsError(
            f"--epochs: overfitting needs at least {MIN_EPOCHS} epochs to be seen, got "
            f"{request.epochs}; leave it out for twice a search's"
        )
    if request.minutes is not None and not 0 < request.minutes < math.inf:
        raise SettingsError(f"--minutes: must be above 0, got {request.minutes:g}")


def _techniques(
    request: HomeworkRequest, pipeline: Pipeline, data: Part
) -> tuple[str, ...]:
    inputs = inputs_of(data)
    if request.techniques is None:
        return fitting_techniques(pipeline.task, inputs)
    if request.techniques == (ALL,):
        return fitting_techniques(pipeline.task, inputs, CHOSEN_FROM)
    check_techniques(request.techniques, task=pipeline.task, inputs=inputs)
    return request.techniques


def _wanted(
    request: HomeworkRequest, spec: str, pipeline: Pipeline, n: int, data_digest: str
) -> Plan:
    """Return the full plan, before anything is timed or cut; a given one as it is."""
    if request.plan is not None:
        plan = read_plan(request.plan)
        if (plan.pipeline, plan.data_digest) != (spec, data_digest):
            raise SettingsError(
                f"--plan: {request.plan} is for {plan.pipeline} with the data digest "
                f"{plan.data_digest[:16]}, got {spec} with {data_digest[:16]}; plan "
                "anew without --plan"
            )
        return plan
    if request.n_rows is not None and not 1 <= request.n_rows <= n:
        raise SettingsError(
            f"--rows: must lie between 1 and the {n:,} training rows, got "
            f"{request.n_rows:,}"
        )
    n_rows = min(request.n_rows or MAX_ROWS, MAX_ROWS, n)
    seed, tuning_seed, fresh_seed = student_seeds(request.student)
    return Plan(
        pipeline=spec,
        student=request.student,
        techniques=request.techniques or (),
        base=base_params(pipeline, n_rows),
        epochs=request.epochs or 2 * pipeline.epochs,
        cv=request.cv,
        n_rows=_rows(n_rows, n),
        n_settings=MOST_SETTINGS,
        n_splits=SPLITS[0],
        n_seeds=MOST_SEEDS,
        notebook_rows=n_rows,
        asked_minutes=request.minutes,
        data_digest=data_digest,
        seed=seed,
        tuning_seed=tuning_seed,
        fresh_seed=fresh_seed,
        backend=request.backend or default_backend(DENSE),
    )


def _rows(wanted: int, available: int) -> int | None:
    return None if wanted >= available else wanted


def _cost(trial: Trial, n_train: int, workers: int) -> Cost:
    """Read off a trial what one network takes; its first fold compiled."""
    training = [
        len(fold.epoch_seconds) * statistics.median(fold.epoch_seconds)
        + fold.measure_seconds
        for fold in trial.folds
    ]
    starts = [
        fold.seconds - seconds
        for fold, seconds in zip(trial.folds, training, strict=True)
    ]
    return Cost(
        start=max(0.0, max(starts)),
        per_row=statistics.median(training) / n_train,
        workers=workers,
    )


def _setting(trial: Trial) -> Setting:
    return Setting(trial.tags["technique"], trial.params, trial.tags["setting"])


def _with_ensemble(setting: Setting, plan: Plan) -> Setting:
    if setting.technique != COMBINED or ENSEMBLE not in plan.techniques:
        return setting
    return Setting(
        COMBINED,
        {**setting.params, MEMBERS: plan.members},
        f"{setting.label} + {plan.members} networks",
    )


def _networks(params: Params) -> int:
    return int(params.get(MEMBERS, 1))


def _minutes(study: Measured) -> float:
    return sum(f.seconds for t in study.trials.values() for f in t.folds) / 60


def _default_name(pipeline: Pipeline, student: str) -> str:
    plain = "".join(c if c.isascii() and c.isalnum() else "-" for c in student.lower())
    return "-".join(filter(None, ("homework", pipeline.name, plain)))
