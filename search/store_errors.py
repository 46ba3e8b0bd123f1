"""What errors of a tracking store mean: what to do, and whether to try again."""

import re

NO_SERVER = "start the server, or leave --tracking-uri and MLFLOW_TRACKING_URI out"
NO_MLFLOW = "correct --tracking-uri or MLFLOW_TRACKING_URI"
NO_LOGIN = "set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD to yours"
FORBIDDEN = "ask the server's administrator"
FAILED = "look into the server's log"
NO_TLS = "write http:// in place of https://"
UNTRUSTED = "name its authority's file by MLFLOW_TRACKING_SERVER_CERT_PATH"

_CAUSES = (
    # What the libraries below MLflow write, the most exact first.
    ("WRONG_VERSION_NUMBER", "it speaks no TLS", NO_TLS),
    ("record layer failure", "it speaks no TLS", NO_TLS),
    ("CERTIFICATE_VERIFY_FAILED", "its certificate is not trusted", UNTRUSTED),
    ("Read timed out", "it does not answer in time", NO_SERVER),
    ("error responses", "it fails or is overloaded", FAILED),  # of all tries
    ("Max retries exceeded", "it does not answer", NO_SERVER),
    ("not in a valid JSON format", "no MLflow server answers there", NO_MLFLOW),
)

_REFUSED = (
    "INVALID_PARAMETER_VALUE",  # a run that is deleted, too
    "RESOURCE_DOES_NOT_EXIST",  # or gone for good
    "RESOURCE_ALREADY_EXISTS",
)
_BAD_ROW = re.compile(r"sqlalche\.me/e/\d+/(9h9h|gkpj)\b")
"""SQLAlchemy's DataError and IntegrityError; all else may be a database's outage."""
_TOO_LARGE = 413  # of a proxy before the server


def is_refusal(error: Exception) -> bool:
    """Say whether a store has answered that it will never take a record.

    Whatever else happens may be an outage: no answer, a login service that restarts, a
    proxy without its server, a database that is away.

    Args:
        error: What writing the record raised.
    """
    text = str(error)
    answer = getattr(error, "response", None)  # of `requests`, where files are sent
    if (getattr(answer, "status_code", None) or _status(error, text)) == _TOO_LARGE:
        return True
    if getattr(error, "error_code", None) in _REFUSED:
        return True
    return _BAD_ROW.search(text) is not None


def explain(error: Exception) -> tuple[str, str]:
    """Return the reason and the cure of an error that a store's first use raised.

    Args:
        error: MLflow's, or of what lies below it.
    """
    text = str(error)
    for word, reason, cure in _CAUSES:
        if word in text:
            return reason, cure
    match _status(error, text):
        case 401:
            return "it refuses the login", NO_LOGIN
        case 403:
            return f"it forbids this: {first_line(error)}", FORBIDDEN
        case 404:
            return "no MLflow server answers there", NO_MLFLOW
        case int(status) if status >= 500:
            return f"it fails: {first_line(error)}", FAILED
    return first_line(error), NO_SERVER


def first_line(error: Exception) -> str:
    """Return the first line of an error's message, at most 200 characters of it."""
    lines = (str(error).strip() or type(error).__name__).splitlines()
    return without_login(lines[0])[:200]


def without_login(text: str) -> str:
    """Return a text whose addresses have lost their `user:password@`.

    A password may itself hold an @: all up to the last one before the path goes.

    Example:
        >>> without_login("http://user:p@ss@host:5000/path")
        'http://host:5000/path'
    """
    return re.sub(r"://[^/\s]*@", "://", text)


def _status(error: Exception, text: str) -> int | None:
    found = re.search(r"error code (\d{3})\b", text)
    if found:
        return int(found[1])
    if getattr(error, "json", None) is None:  # MLflow answers for no server
        return None
    status = getattr(error, "get_http_status_code", None)
    return int(status()) if status is not None else None
