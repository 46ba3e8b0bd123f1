"""Addresses of a tracking server for which MLflow's client has no method."""

from collections.abc import Mapping
from typing import Any


def ask_server(
    uri: str,
    method: str,
    path: str,
    *,
    body: Mapping[str, str] | None = None,
    **options: Any,
) -> str:
    """Ask with the login and the certificates that MLflow itself would use.

    Args:
        uri: The server, `http(s)://HOST:PORT`.
        method: `GET`, `POST`, ...
        path: With its leading slash.
        body: Sent as JSON.
        **options: Of MLflow's `http_request`, for example `timeout` in seconds.

    Returns:
        The answer's text.

    Raises:
        MlflowException: The server did not answer, or refused.
    """
    from mlflow.utils.credentials import get_default_host_creds
    from mlflow.utils.rest_utils import http_request, verify_rest_response

    creds = get_default_host_creds(uri)
    answer = http_request(creds, path, method, json=body, **options)
    return str(verify_rest_response(answer, path).text)


def server_version(uri: str, *, timeout: float) -> str:
    """Return what the server answers to GET /version, `3.17.2` for example.

    Args:
        uri: The server.
        timeout: Seconds.

    Raises:
        MlflowException: As `ask_server`.
    """
    return ask_server(
        uri, "GET", "/version", timeout=timeout, max_retries=0, raise_on_status=False
    ).strip()
