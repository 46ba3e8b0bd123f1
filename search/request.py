"""From what a user asks for to a study that can begin: everything is checked here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from pipelines.groups import row_groups
from pipelines.part import Part, digest
from pipelines.pipeline import Pipeline
from pipelines.registry import complete, get_pipeline
from search.cores import MAX_WORKERS, allowed_workers, n_cores
from search.dummy import dummy_scores
from search.duplicates import leak_warning
from search.engines.registry import check_engine, make_engine
from search.environment import BACKENDS, set_environment
from search.errors import SettingsError
from search.fold_jobs import JobMaker
from search.fold_sizes import sizes_of
from search.metrics import choose_metrics, imbalance_note
from search.objectives import read_objectives
from search.protocols import Engine
from search.pruners.registry import check_pruner, default_pruner
from search.rows import make_folds
from search.seen_rows import target_digest
from search.splitters import default_cv, rows_digest
from search.types import MAX_PARAMETERS, Settings
from search.worker_process import start_imports
from spaces.errors import SpaceError
from spaces.narrow import narrow
from spaces.nas import has_convolutions, too_large_blocks
from spaces.space import SearchSpace, unknown


@dataclass(frozen=True, kw_only=True)
class Request:
    """What a user asks for; None leaves the choice to the pipeline or the task.

    Attributes are those of the command line's options; see `tunefold search --help`.
    """

    pipeline: str
    space: str | None = None
    changes: Sequence[str] = ()
    engine: str = "optuna"
    sampler: str | None = None
    objectives: str | None = None
    pruner: str | None = None
    max_parameters: int | None = MAX_PARAMETERS
    max_seconds: float | None = None
    max_memory: int | None = None
    warm_start: str | None = None
    init_from: str | None = None
    groups: str | None = None
    cv: str | None = None
    split_seed: int = 0
    seed: int = 0
    epochs: int | None = None
    metric: str | None = None
    epoch: str = "best"
    workers: int | None = None
    n_rows: int | None = None
    backend: str | None = None
    name: str | None = None
    experiment: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, eq=False)
class Draft:
    """A study that can begin; its name may still be empty.

    Attributes:
        settings: Completed by the pipeline's and the task's defaults.
        jobs: Made from the training data.
        space: The narrowed space.
        engine: Fresh.
        notes: Lines for the user: what was chosen by looking at the data.
    """

    settings: Settings
    jobs: JobMaker
    space: SearchSpace
    engine: Engine
    notes: tuple[str, ...]


def for_cluster(request: Request, *, n_places: int) -> Request:
    """Complete a request whose folds a cluster trains.

    Args:
        request: What to search.
        n_places: Folds that its workers can train at once now.

    Raises:
        SettingsError: It asks for what only this machine has.
    """
    if request.init_from is not None:
        raise SettingsError(
            "--init-from: its weights lie on this machine, --cluster trains on others; "
            "leave out one of the two"
        )
    return replace(request, workers=request.workers or allowed_workers(n_places))


def make_draft(
    request: Request, *, in_process: bool, trains_here: bool = True
) -> Draft:
    """Check a request and complete it; reads the training data, writes nothing.

    Args:
        request: What to search.
        in_process: One worker, unless more are asked for.
        trains_here: Whether workers are going to start on this machine.

    Raises:
        TunefoldError: A setting is wrong or the data is not there.
    """
    word = complete(request.pipeline)
    pipeline = get_pipeline(word)
    space_name, space = _space(pipeline, request)
    objectives = read_objectives(request.objectives)
    sampler = check_engine(request.engine, request.sampler, objectives)
    pruner = check_pruner(
        request.pruner or default_pruner(objectives, sampler), objectives
    )
    max_parameters = _max_parameters(request.max_parameters)
    _check_limits(request, in_process=in_process)
    workers = _workers(request.workers, in_process=in_process)
    if request.epochs is not None and request.epochs < 1:
        raise SettingsError(f"--epochs: must be at least 1, got {request.epochs}")
    epochs = request.epochs or pipeline.epochs
    backend = request.backend or default_backend(space)
    if trains_here and not in_process:
        start_imports(backend)
    # An engine may import Keras; where nothing is trained here, the lighter will do.
    set_environment(backend if in_process else BACKENDS[0])
    engine = make_engine(
        request.engine,
        sampler,
        space,
        seed=request.seed,
        epochs=epochs,
        objectives=objectives,
        max_parameters=max_parameters,
    )
    data = pipeline.load("train")
    metrics = choose_metrics(pipeline.task, request.metric, data.y)
    groups = _groups(request, data)
    settings = Settings(
        name=request.name or "",
        pipeline=word,
        space_name=space_name,
        space=space.to_dict(),
        engine=request.engine,
        sampler=sampler,
        objectives=objectives,
        pruner=pruner,
        max_parameters=max_parameters,
        max_seconds=request.max_seconds,
        max_memory=request.max_memory,
        cv=request.cv or _default_cv(pipeline, groups),
        groups=groups,
        split_seed=request.split_seed,
        seed=request.seed,
        epochs=epochs,
        metrics=metrics,
        epoch=request.epoch,
        workers=workers,
        n_rows=request.n_rows,
        backend=backend,
        experiment=request.experiment or pipeline.name,
        data_digest=digest(data),
        target_digest=target_digest(data),
        data_source=data.source,
        unit=pipeline.unit,
        split_digest="",
        tags=dict(request.tags),
    )
    jobs = make_jobs(settings, pipeline, data)
    dummy = dummy_scores(metrics, jobs.y, jobs.folds, jobs.n_outputs)
    jobs = replace(jobs, settings=replace(jobs.settings, dummy=dummy))
    notes = (
        *pipeline.note.splitlines(),
        _size_note(space, max_parameters),
        None if request.metric else imbalance_note(pipeline.task, data.y),
        leak_warning(data, jobs.folds, digest=settings.data_digest),
    )
    return Draft(
        settings=jobs.settings,
        jobs=jobs,
        space=space,
        engine=engine,
        notes=tuple(note for note in notes if note is not None),
    )


def _space(pipeline: Pipeline, request: Request) -> tuple[str, SearchSpace]:
    name = request.space or next(iter(pipeline.spaces))
    if request.engine == "autokeras" and request.space is None:
        if "nas" not in pipeline.spaces:
            raise SpaceError(
                f"--engine autokeras: pipeline '{pipeline.name}' has no builder for "
                "the space 'nas'; use another engine, or this one with --space "
                f"{name}"
            )
        name = "nas"
    if name not in pipeline.spaces:
        raise SpaceError(f"--space: {unknown('space', name, list(pipeline.spaces))}")
    return name, narrow(pipeline.spaces[name], request.changes)


def default_backend(space: SearchSpace) -> str:
    """Return the Keras backend that trains a space's networks faster on a CPU.

    JAX by a factor for small dense networks, TensorFlow for convolutions, which XLA
    compiles badly for a CPU (benchmarks/backends.py).
    """
    return "tensorflow" if has_convolutions(space) else "jax"


def _size_note(space: SearchSpace, limit: int | None) -> str | None:
    blocks = [] if limit is None else too_large_blocks(space, limit)
    if not blocks:
        return None
    return (
        f"note: every {' and '.join(blocks)} network has more than {limit:,} weights "
        "and will be refused; leave them out (--set block=dense,conv) or raise "
        "--max-parameters"
    )


def _max_parameters(asked: int | None) -> int | None:
    if asked is not None and asked < 0:
        raise SettingsError(
            f"--max-parameters: must be at least 1, or 0 for no limit, got {asked}"
        )
    return asked or None


def _check_limits(request: Request, *, in_process: bool) -> None:
    limits = {"--max-seconds": request.max_seconds, "--max-memory": request.max_memory}
    for option, limit in limits.items():
        if limit is not None and not 0 < limit < float("inf"):
            raise SettingsError(f"{option}: must be above 0, got {limit:g}")
        if limit is not None and in_process:
            raise SettingsError(
                f"{option}: ends a worker process, and --in-process has none; leave "
                "out one of the two"
            )


def _groups(request: Request, data: Part) -> str | None:
    if request.groups == "none":
        return None
    ordered = (request.cv or "").startswith("time-series")
    if request.groups is None and data.groups is not None and not ordered:
        return "pipeline"
    return request.groups


def _default_cv(pipeline: Pipeline, groups: str | None) -> str:
    return "time-series:5" if pipeline.in_order else default_cv(groups)


def _workers(asked: int | None, *, in_process: bool) -> int:
    if asked is None:
        return 1 if in_process else allowed_workers(n_cores())
    allowed = allowed_workers(asked)
    if allowed < asked:
        raise SettingsError(
            f"--workers: {MAX_WORKERS} allows at most {allowed} here, got {asked}"
        )
    return asked


def make_jobs(settings: Settings, pipeline: Pipeline, data: Part) -> JobMaker:
    """Split the data as the settings say.

    Args:
        settings: An empty `split_digest` is filled in, any other one must be met.
        pipeline: Says whether splits are stratified.
        data: The training part.

    Raises:
        SettingsError: The splitter does not fit the data, or data or folds are not
            those the study began with.
    """
    groups = row_groups(settings.groups, data, digest=settings.data_digest)
    folds = make_folds(
        data.y,
        settings.cv,
        split_seed=settings.split_seed,
        n_rows=settings.n_rows,
        stratified=pipeline.task == "classification",
        groups=groups,
        classes=pipeline.classes,
    )
    split_digest = rows_digest(folds)
    if settings.split_digest not in ("", split_digest):
        raise SettingsError(
            f"study '{settings.name}': its folds have the digest "
            f"{settings.split_digest}, those made here {split_digest}; continue with "
            "the data and the versions it began with"
        )
    if settings.data_digest != digest(data):
        raise SettingsError(
            f"study '{settings.name}': its data have the digest "
            f"{settings.data_digest[:16]}, those here {digest(data)[:16]}; continue "
            f"with the data it began with ({settings.data_source})"
        )
    return JobMaker(
        settings=replace(
            settings, split_digest=split_digest, fold_sizes=sizes_of(folds)
        ),
        folds=folds,
        y=data.y,
        n_outputs=pipeline.n_outputs,
        groups=groups,
    )
