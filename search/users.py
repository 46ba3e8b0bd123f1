"""Logins of a tracking server that asks for them: one for each student of a course."""

import re
import secrets
from collections.abc import Iterable, Iterator

from search.errors import SettingsError, TrackingError
from search.server import ask_server
from search.store import Store

PASSWORD_BYTES = 15
"""120 random bits, 20 characters."""

READ, EDIT = "READ", "EDIT"

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,63}")


class Users:
    """The users of a server, managed with its administrator's login.

    Args:
        store: The server, `http(s)://...`.

    Raises:
        SettingsError: The store is a file, which has no users.
    """

    def __init__(self, store: Store) -> None:
        if store.is_local:
            raise SettingsError(
                f"users: a tracking server with logins is needed, got {store.name}; "
                "name it by --tracking-uri"
            )
        self._store = store

    def add(self, names: Iterable[str]) -> Iterator[tuple[str, str]]:
        """Make users, and yield each with its password as soon as it is there.

        Raises:
            SettingsError: A name is no login; none is made then.
            TrackingError: There is one of that name, or the login is no administrator.
        """
        names = checked(names)
        for name in names:
            password = secrets.token_urlsafe(PASSWORD_BYTES)
            self._call("POST", "2.0/mlflow/users/create", name, password=password)
            yield name, password

    def renew(self, names: Iterable[str]) -> Iterator[tuple[str, str]]:
        """Give users a new password, and yield it.

        Raises:
            SettingsError: A name is no login.
            TrackingError: There is none of that name.
        """
        for name in checked(names):
            password = secrets.token_urlsafe(PASSWORD_BYTES)
            path = "2.0/mlflow/users/update-password"
            self._call("PATCH", path, name, password=password)
            yield name, password

    def remove(self, names: Iterable[str]) -> None:
        """Remove users; what they logged stays.

        Raises:
            SettingsError: A name is no login.
            TrackingError: There is none of that name.
        """
        for name in checked(names):
            self._call("DELETE", "2.0/mlflow/users/delete", name)

    def share(self, experiment: str, names: Iterable[str], permission: str) -> None:
        """Let users see an experiment, or log to it as well.

        Args:
            experiment: Its name; who shares it must be its owner or administrator.
            names: Who else may.
            permission: `READ` or `EDIT`.

        Raises:
            SettingsError: A name is no login.
            TrackingError: There is no such experiment, or no such user.
        """
        names = checked(names)
        found = self._store.client.get_experiment_by_name(experiment)
        if found is None:
            raise TrackingError(
                f"{self._store.name}: has no experiment '{experiment}' that you may see"
            )
        for name in names:
            self._call(
                "POST",
                "3.0/mlflow/users/permissions/grant",
                name,
                resource_type="experiment",
                resource_id=found.experiment_id,
                permission=permission,
            )

    def _call(self, method: str, path: str, name: str, **fields: str) -> None:
        # MLflow's own client of these addresses needs what only a server has installed
        from mlflow.exceptions import MlflowException

        body = {"username": name, **fields}
        try:
            ask_server(self._store.uri, method, f"/api/{path}", body=body)
        except MlflowException as error:
            # never the whole of it: it may repeat what was sent
            reasons = {
                "RESOURCE_ALREADY_EXISTS": "there is one of that name already",
                "RESOURCE_DOES_NOT_EXIST": "there is none of that name",
                "PERMISSION_DENIED": "the login that asked must be an administrator's "
                "(MLFLOW_TRACKING_USERNAME, MLFLOW_TRACKING_PASSWORD)",
            }
            code = str(error.error_code)
            raise TrackingError(
                f"user '{name}': {reasons.get(code, f'refused ({code})')}"
            ) from None


def checked(names: Iterable[str]) -> list[str]:
    """Return names that can be logins, each once.

    Raises:
        SettingsError: One cannot.
    """
    found = list(dict.fromkeys(names))
    for name in found:
        if not _NAME.fullmatch(name):
            raise SettingsError(
                "users: a name is letters, digits and ._@+- (not first), at most 64, "
                f"got {name!r}"
            )
    return found
