"""How the run of a rerun ends: its files, its model, and what every report says."""

import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from search.facts import differing_facts, gather_facts
from search.held_out import HeldOutReport, HeldOutScore
from search.model_log import log_model
from search.rerun_script import NO_SCRIPT, write_script
from search.rerun_steps import RerunData
from search.script.sections import Exported
from search.store import FINISHED, Store
from search.stored_study import RecordedStudy


def log_files(
    store: Store,
    run_id: str,
    write: Callable[[Path], None],
    export: Callable[[], Exported],
) -> None:
    """Log what is written into a folder, and the script beside it.

    Args:
        store: The tracking store.
        run_id: The rerun's run; a tag says why there is no script.
        write: Writes the files.
        export: Returns what was trained as code, or refuses to.
    """
    with tempfile.TemporaryDirectory() as name:
        write(Path(name))
        if (reason := write_script(Path(name), export)) is not None:
            store.client.set_tag(run_id, NO_SCRIPT, reason)
        store.client.log_artifacts(run_id, name)


def end_run(
    store: Store,
    study: RecordedStudy,
    data: RerunData,
    *,
    run_id: str,
    look: int,
    model: bytes,
    metrics: Mapping[str, HeldOutScore],
    repeated: NDArray[np.bool_],
) -> HeldOutReport:
    """Log and register the model under the study's name, and end the run.

    Args:
        store: The tracking store.
        study: The study.
        data: Its data.
        run_id: The rerun's run.
        look: How many times the test set has been opened.
        model: A `.keras` file's bytes.
        metrics: Test scores.
        repeated: Which test rows the networks have seen, bool (n,).
    """
    settings = study.settings
    facts = gather_facts(settings.backend)
    address = log_model(
        store,
        experiment_id=study.experiment_id,
        run_id=run_id,
        model=model,
        registered_name=store.own_model(settings.name),
        requirements=[
            f"{package}=={facts[package]}"
            for package in ("keras", settings.backend, "numpy")
            if package in facts
        ],
    )
    store.client.set_terminated(run_id, FINISHED)
    return HeldOutReport(
        study=settings.name,
        metrics=metrics,
        n_train=len(data.train.y),
        n_test=len(data.test.y),
        n_repeated=int(repeated.sum()),
        look=look,
        run_id=run_id,
        model=address,
        differences=differing_facts(study.facts, facts),
    )
