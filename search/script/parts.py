"""Parts of a script that a trial has by itself: its network, and how it is trained."""

from collections.abc import Mapping

from search.errors import SettingsError
from search.script.alterations import batches_code
from search.script.compiled import compiled_code
from search.script.graph import graph_of
from search.script.layout import constant_name
from search.script.measuring import predict_code
from search.script.network import Api, network_code
from search.script.shaped import shaped_code
from search.script.source import Source
from search.script.training import training_code
from search.seeding import derive_seed
from spaces.evaluation import MEMBERS, ROWS
from spaces.params import Scalar


def constants(source: Source) -> dict[str, object]:
    """Return what a trial's code may use, by the names of its constants."""
    return {
        "SEED": source.seed,
        "SEEDS": source.member_seeds,
        "ROWS_SEED": derive_seed(source.seed, ROWS),
        "N_CLASSES": source.pipeline.n_outputs,
        "EPOCHS": source.trial.epoch,
        "PLANNED_EPOCHS": source.trial.epochs,
        **{constant_name(name): value for name, value in source.params.items()},
    }


def build_code(source: Source, api: Api) -> str:
    """Write the steps of an epoch, and `build_model` with what it needs.

    Raises:
        SettingsError: The network cannot be written in this of Keras' ways.
    """
    params, shape = source.params, source.shape
    if api == "subclass" and params.get("weight_norm"):
        raise SettingsError(
            "--api subclass: no plain code is known for weight_norm, whose layers draw "
            "random numbers when they are called; use --api functional"
        )
    graph = graph_of(source.pipeline, params, shape)
    network = network_code(graph, api, compiled=compiled_code(params, shape))
    return f"{_steps(source)}\n\n{shaped_code(params)}{network}"


def predicting_code(source: Source, *, several: bool) -> str:
    """Write `predict`, and `predict_mean` where one training gives several networks."""
    task, sparse = source.pipeline.task, source.kind == "text"
    return predict_code(task, sparse=sparse, several=several)


def train_code(source: Source) -> str:
    """Write `train_network`, with what makes its batches."""
    params, sparse = source.params, source.kind == "text"
    batches = batches_code(params, sparse=sparse, images=source.kind == "images")
    train = training_code(
        params,
        task=source.pipeline.task,
        batches=bool(batches),
        sparse=sparse,
        stratified=source.stratified,
    )
    return f"{batches}{train}"


def is_several(params: Mapping[str, Scalar]) -> bool:
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


def run_code(params: Mapping[str, Scalar]) -> str:
    """Write what trains; it leaves what `predictions_code` predicts with."""
    taken = "model, networks" if is_several(params) else "model"
    if params.get(MEMBERS, 1) == 1:
        return f"{taken} = train_network(SEED)\n"
    return "members = [train_network(seed) for seed in SEEDS]\n"


def predictions_code(params: Mapping[str, Scalar]) -> str:
    """Write what sets `predictions`, those of the test rows."""
    several = is_several(params)
    arguments = "model, networks, X_test" if several else "model, X_test"
    predicted = f"{'predict_mean' if several else 'predict'}({arguments})"
    if params.get(MEMBERS, 1) == 1:
        return f"predictions = {predicted}\n"
    taken = "model, networks" if several else "model"
    each = f"[{predicted} for {taken} in members]"
    return f"predictions = np.mean({each}, axis=0)\n"
