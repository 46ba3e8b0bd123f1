"""The weights of a rerun's logged model, read from the tracking store."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pipelines.transfer import Layer, content_digest, layer_weights
from search.errors import SettingsError
from search.initial_weights import keep, kept
from search.model_log import load_logged
from search.results import load_trial
from search.store import FINISHED, KEY, KIND, PARENT, Store
from search.store_errors import first_line
from search.types import Settings


@dataclass(frozen=True, kw_only=True)
class Rerun:
    """A finished run of `tunefold rerun`.

    Attributes:
        run_id: In the tracking store.
        experiment_id: Its experiment.
        settings: Of the study whose trial was trained again, on all training rows.
    """

    run_id: str
    experiment_id: str
    settings: Settings


def find_rerun(store: Store, name: str) -> Rerun:
    """Return a rerun by its run id, or the latest one of a study.

    Raises:
        SettingsError: The run is no finished rerun, or the study has none.
        UnknownStudyError: There is neither a run nor a study of that name.
    """
    run = _run(store, name) or _latest_of(store, name)
    kind = run.data.tags.get(KIND, "other run")
    if kind != "rerun" or run.info.status != FINISHED:
        words = f"a {kind}" if kind != "rerun" else f"one that is {run.info.status}"
        raise SettingsError(
            f"--init-from {name}: must be a finished run of 'tunefold rerun', which "
            f"keeps its weights, got {words}; 'tunefold rerun' takes a study's name or "
            "a trial's run id"
        )
    trial = load_trial(store, run.data.tags[PARENT])
    return Rerun(
        run_id=run.info.run_id,
        experiment_id=run.info.experiment_id,
        settings=trial.study.settings,
    )


def lineage(store: Store, name: str | None) -> Iterator[Rerun]:
    """Yield a rerun, the one whose weights its study began with, and so on.

    Nothing is yielded where no name is given: for a study with fresh weights.

    Raises:
        SettingsError: One of them is not in the store any more.
    """
    while name is not None:
        rerun = find_rerun(store, name)
        yield rerun
        name = rerun.settings.init_from


def read_weights(store: Store, rerun: Rerun) -> list[Layer]:
    """Return the weights of a rerun's logged model, layer by layer.

    The model is read as Keras reads an untrusted one: nothing of it is run.

    Raises:
        SettingsError: The run has no model, or it cannot be read.
    """
    run_id = rerun.run_id
    try:
        model = load_logged(store, experiment_id=rerun.experiment_id, run_id=run_id)
    except Exception as error:  # noqa: BLE001  (of the server's or the file's kind)
        raise SettingsError(
            f"--init-from {run_id}: its model must be a Keras file that can be read "
            f"without running code of it ({first_line(error)}); name another run"
        ) from None
    if model is None:
        raise SettingsError(
            f"--init-from {run_id}: its model must be in {store.name}, got none; "
            f"'tunefold rerun {rerun.settings.name}' trains and logs another one"
        )
    return layer_weights(model)


def provide(store: Store, settings: Settings) -> None:
    """Make sure that the weights a study began with are there for its workers.

    Does nothing for a study that begins with fresh ones.

    Raises:
        TunefoldError: They are neither in the cache folder nor, any more, in the
            tracking store.
    """
    digest, run_id = settings.init_digest, settings.init_from
    if digest is None or run_id is None:
        return
    if kept(digest) is not None:
        return
    weights = read_weights(store, find_rerun(store, run_id))
    for known in (weights, weights[:-1]):  # it may have begun without the head
        if content_digest(known) == digest:
            keep(known)
            return
    raise SettingsError(
        f"study '{settings.name}': began with weights of the digest {digest[:16]}, the "
        f"model of run {run_id} has others; restore that run, or start a new study"
    )


def _run(store: Store, name: str) -> Any | None:
    if len(name) != 32:
        return None
    try:
        return store.client.get_run(name)
    except Exception:  # noqa: BLE001  (a name of 32 letters is tried as a study)
        return None


def _latest_of(store: Store, name: str) -> Any:
    store.find_study(name)
    finished = [
        run
        for run in store.tagged(KIND, "rerun")
        if run.data.tags[KEY].startswith(f"{name}/") and run.info.status == FINISHED
    ]
    if not finished:
        raise SettingsError(
            f"--init-from {name}: this study must have been rerun, which keeps the "
            f"weights; do it by 'tunefold rerun {name}'"
        )
    return finished[-1]
