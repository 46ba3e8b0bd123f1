"""Log a trained Keras model to MLflow and register it; load it again."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from search.quiet import quiet_stderr
from search.store import Store


def log_model(
    store: Store,
    *,
    experiment_id: str,
    run_id: str,
    model: bytes,
    registered_name: str,
    requirements: list[str],
) -> str:
    """Log a model of a run and register it under a name.

    The model takes prepared rows; `mlflow.keras.load_model` loads it again.

    Args:
        store: Where to.
        experiment_id: The run's experiment.
        run_id: The run that trained it.
        model: A `.keras` file's bytes.
        registered_name: Each further model becomes a new version of it.
        requirements: What loading it needs, as `name==version`.

    Returns:
        The model's address, `models:/ID`.
    """
    with quiet_stderr(), tempfile.TemporaryDirectory() as folder:
        import mlflow.keras
        from keras.saving import load_model

        file = Path(folder) / "model.keras"
        file.write_bytes(model)
        saved = Path(folder) / "saved"
        mlflow.keras.save_model(
            load_model(file, safe_mode=True),
            str(saved),
            pip_requirements=requirements,
        )
        logged = store.client.create_logged_model(
            experiment_id, name="model", source_run_id=run_id
        )
        store.client.log_model_artifacts(logged.model_id, str(saved))
    store.client.finalize_logged_model(logged.model_id, "READY")
    address = f"models:/{logged.model_id}"
    _register(store, registered_name, address, run_id, logged.model_id)
    return address


def load_logged(store: Store, *, experiment_id: str, run_id: str) -> Any | None:
    """Return the model that a run has logged, not compiled; None where it has none.

    It is read as Keras reads a model of unknown origin: only its own layers are built.

    Raises:
        Exception: Of MLflow's or Keras' own kind, where it cannot be read.
    """
    found = store.client.search_logged_models(
        [experiment_id], filter_string=f"source_run_id = '{run_id}'"
    )
    if not found:
        return None
    with quiet_stderr(), tempfile.TemporaryDirectory() as folder:
        import mlflow.artifacts
        from keras.saving import load_model

        file = mlflow.artifacts.download_artifacts(
            artifact_uri=f"{found[0].artifact_location}/data/model.keras",
            dst_path=folder,
            tracking_uri=store.uri,
        )
        return load_model(file, compile=False, safe_mode=True)


def _register(
    store: Store, name: str, address: str, run_id: str, model_id: str
) -> None:
    from mlflow.exceptions import MlflowException

    try:
        store.client.create_registered_model(name)
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise
    with _as_default(store.uri):
        store.client.create_model_version(name, address, run_id, model_id=model_id)


@contextmanager
def _as_default(uri: str) -> Iterator[None]:
    # MLflow 3.17's registry looks the model up in the default store, whichever store
    # it was asked through (`sqlalchemy_store.create_model_version`).
    import mlflow

    named = os.environ.get("MLFLOW_TRACKING_URI")
    mlflow.set_tracking_uri(uri)
    try:
        yield
    finally:
        mlflow.set_tracking_uri(named)  # type: ignore[arg-type]  # None unsets it
