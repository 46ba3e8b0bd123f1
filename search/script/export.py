"""From a recorded trial to the sections of a script that repeats its rerun.

The script does what `search.final.run_final` does with the first seed of `tunefold
rerun`, in the same order and with the same random numbers: on the same kind of machine,
with the same versions, it gives the same test scores.
"""

from collections.abc import Mapping

from search.errors import SettingsError
from search.scoring import mean_curve
from search.script.alterations import batches_code
from search.script.compiled import compiled_code
from search.script.data import data_code
from search.script.graph import graph_of
from search.script.measuring import metric_functions, metrics_code, predict_code
from search.script.network import Api, network_code
from search.script.sections import (
    Exported,
    Section,
    constants_code,
    environment_code,
    imports_code,
)
from search.script.shaped import shaped_code
from search.script.source import Source, description, source_of
from search.script.training import training_code
from search.seeding import derive_seed
from search.stored_study import RecordedTrial
from spaces.evaluation import MEMBERS, ROWS
from spaces.params import Scalar


def export(recorded: RecordedTrial, *, api: Api = "functional") -> Exported:
    """Write a trial as plain Keras code.

    Needs the data, to know the shape of a row and what the pipeline found out about it.

    Raises:
        SettingsError: The trial is not complete, or something of it cannot be written;
            the message names it.
        DataError: The data is not here or is not the study's.
    """
    source = source_of(recorded)
    load, prepare = data_code(source)
    sections = [
        Section(
            title="Load",
            words="Training rows, and test rows that no search has seen.",
            code=f"# {len(source.trained_on):,} training rows are expected.\n{load}",
        ),
        Section(
            title="Preprocess",
            words="Learned from the training rows alone.",
            code=prepare,
        ),
        Section(title="Build", words="The network.", code=_build(source, api)),
        Section(
            title="Train",
            words="On all training rows. Predictions are made in inference mode: "
            "dropout and its like are off.",
            code=_train(source),
        ),
        Section(
            title="Evaluate",
            words="On the test rows, once.",
            code=_evaluate(source),
        ),
    ]
    code = "".join(section.code for section in sections)
    return Exported(
        name=f"{source.settings.name}-{source.trial.number}",
        doc=description(source),
        classes=source.pipeline.classes,
        curves={
            name: mean_curve(source.trial.folds, name).tolist()
            for name in ("loss", "val_loss")
        },
        sections=(*_beginning(source, code), *sections),
    )


def _beginning(source: Source, code: str) -> tuple[Section, Section]:
    """Write what stands before code: environment, imports and parameters."""
    environment = environment_code(source.settings.backend)
    own: dict[str, object] = {
        "SEED": source.seed,
        "SEEDS": source.member_seeds,
        "ROWS_SEED": derive_seed(source.seed, ROWS),
        "N_CLASSES": source.pipeline.n_outputs,
        "EPOCHS": source.trial.epoch,
        "PLANNED_EPOCHS": source.trial.epochs,
    }
    return (
        Section(
            title="Environment",
            words="What decides about the last digits, before anything is imported.",
            code=f"{environment}\n{imports_code(code)}",
        ),
        Section(
            title="Parameters",
            words="Found by the search. `EPOCHS` is the common epoch: the best of the "
            "mean curve over the folds.",
            code=constants_code(own, source.params, code),
        ),
    )


def _build(source: Source, api: Api) -> str:
    params, shape = source.params, source.shape
    if api == "subclass" and params.get("weight_norm"):
        raise SettingsError(
            "--api subclass: no plain code is known for weight_norm, whose layers draw "
            "random numbers when they are called; use --api functional"
        )
    graph = graph_of(source.pipeline, params, shape)
    network = network_code(graph, api, compiled=compiled_code(params, shape))
    return f"{_steps(source)}\n\n{shaped_code(params)}{network}"


def _train(source: Source) -> str:
    params, task, sparse = source.params, source.pipeline.task, source.kind == "text"
    batches = batches_code(params, sparse=sparse, images=source.kind == "images")
    predict = predict_code(task, sparse=sparse, several=_is_several(params))
    train = training_code(
        params,
        task=task,
        batches=bool(batches),
        sparse=sparse,
        stratified=source.stratified,
    )
    return f"{predict}\n\n{batches}{train}\n\n{_run(params)}"


def _evaluate(source: Source) -> str:
    metrics = source.settings.metrics
    return (
        metric_functions(metrics)
        + _test(source.params)
        + metrics_code(metrics, source.pipeline.task)
    )


def _is_several(params: Mapping[str, Scalar]) -> bool:
    """Say whether one training gives several networks."""
    return params.get("snapshots", 1) != 1


def _steps(source: Source) -> str:
    """Write how many steps an epoch has, and what follows from the planned epochs."""
    params = source.params
    lines = ["n_rows = len(y_train)"]
    if (kind := params.get("resample", "none")) != "none":
        end = "max" if kind == "over" else "min"
        lines.append(
            f"counts = np.unique(y_train, return_counts=True)[1]\n"
            f"n_rows = len(counts) * counts.{end}()"
        )
    if params.get("early_stopping") == "on":
        lines.append("n_rows -= max(1, round(0.1 * n_rows))  # they stop the training")
    lines.append("STEPS = math.ceil(n_rows / BATCH_SIZE)  # of an epoch")
    if params.get("snapshots", 1) != 1:
        lines.append("CYCLE = max(1, PLANNED_EPOCHS // SNAPSHOTS)")
    if params.get("prune_share"):
        lines.append("PRUNED_FROM = max(1, PLANNED_EPOCHS // 2)")
    if params.get("averaging") == "swa":
        start = "int(SWA_START * PLANNED_EPOCHS)"
        if params.get("prune_share"):
            start = f"max({start}, PRUNED_FROM)"
        lines.append(f"AVERAGED_FROM = {start}")
    return "".join(f"{line}\n" for line in lines)


def _run(params: Mapping[str, Scalar]) -> str:
    """Write what trains; it leaves what `_test` predicts with."""
    taken = "model, networks" if _is_several(params) else "model"
    if params.get(MEMBERS, 1) == 1:
        return f"{taken} = train(SEED)\n"
    return "members = [train(seed) for seed in SEEDS]\n"


def _test(params: Mapping[str, Scalar]) -> str:
    several = _is_several(params)
    arguments = "model, networks, X_test" if several else "model, X_test"
    predicted = f"{'predict_mean' if several else 'predict'}({arguments})"
    if params.get(MEMBERS, 1) == 1:
        return f"predictions = {predicted}\n"
    taken = "model, networks" if several else "model"
    each = f"[{predicted} for {taken} in members]"
    return f"predictions = np.mean({each}, axis=0)\n"
