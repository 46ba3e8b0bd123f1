"""How MLflow's client behaves here, unless the user's environment says otherwise."""

import logging
import os

_SETTINGS = {
    # By default a dead server stalls each call for four minutes.
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "10",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
}


def set_mlflow() -> None:
    """Set what the environment does not; before MLflow is imported."""
    for name, value in _SETTINGS.items():
        os.environ.setdefault(name, value)


def silence_mlflow() -> None:
    """Leave out of its log what is raised as well, or nobody asked for.

    The migration of a new database is told line by line on stderr.
    """
    for name in ("alembic", "mlflow", "mlflow.store.db.utils"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
