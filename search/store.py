"""The tracking store: finding it, and finding studies and trials in it.

Every run carries the tag `tunefold.key`: `STUDY` or `STUDY/NUMBER`. Runs are looked
up by it before they are created, for MLflow would create a second one.
"""

import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit
from urllib.request import url2pathname

from pipelines.outer import read_outer
from search.errors import TrackingError, UnknownStudyError
from search.mlflow_settings import set_mlflow, silence_mlflow
from search.store_checks import alone, refuse_old, refuse_unwritable
from search.store_errors import explain, first_line, without_login
from spaces.space import unknown

KEY = "tunefold.key"
KIND = "tunefold.kind"
PARENT = "mlflow.parentRunId"
DATABASE = "mlflow.db"
FINISHED, FAILED, KILLED, RUNNING = "FINISHED", "FAILED", "KILLED", "RUNNING"


def choose_uri(asked: str | None) -> str:
    """Return the tracking URI: asked for, of the environment, or the local default.

    The default is SQLite in the working folder, in the file that MLflow itself
    looks for.
    """
    named = asked or os.environ.get("MLFLOW_TRACKING_URI")
    return named or f"sqlite:///{DATABASE}"


class Store:
    """An MLflow tracking store, reached and checked.

    Args:
        uri: `sqlite:///FILE` or `http(s)://HOST:PORT`; see `choose_uri`.
        create: Whether a local store may be created; reading needs one.

    Raises:
        TrackingError: The store does not answer, or does not exist.

    Attributes:
        version: Of the MLflow whose UI shows it; empty where a server does not tell.
    """

    def __init__(self, uri: str, *, create: bool = False) -> None:
        set_mlflow()
        self.uri = uri
        self._local = local_file(uri)
        if self._local is not None and not create and not self._local.is_file():
            raise TrackingError(
                f"{uri}: there is no tracking store in {self._local.parent.resolve()}; "
                "run a search first, or name the store by --tracking-uri"
            )
        if self._local is not None and create:
            refuse_unwritable(self._local)
        from mlflow import MlflowClient

        silence_mlflow()
        creating = self._local if create else None
        try:
            with alone(creating) if creating is not None else nullcontext():
                self.client: Any = MlflowClient(tracking_uri=uri)
                self.client.search_experiments(max_results=1)
        except Exception as error:  # noqa: BLE001  (of the server's own kind)
            reason, cure = explain(error)
            raise TrackingError(
                f"{self.name}: the tracking store cannot be used ({reason}); {cure}"
            ) from None
        served = uri.startswith(("http://", "https://"))
        # a local store is looked at through the installed version, see `tunefold ui`
        self.version = refuse_old(uri, self.name) if served else version("mlflow")

    @property
    def name(self) -> str:
        """The address as it may be shown, without a login."""
        return without_login(self.uri)

    @property
    def is_local(self) -> bool:
        """Whether the store is a file on this machine."""
        return self._local is not None

    def experiment_id(self, name: str) -> str:
        """Return the experiment of that name, created when it is not there.

        Raises:
            TrackingError: It is deleted, which keeps its name taken.
        """
        found = self.client.get_experiment_by_name(name)
        if found is not None and found.lifecycle_stage == "deleted":
            raise TrackingError(
                f"{self.name}: experiment '{name}' is deleted; restore it "
                f"('mlflow experiments restore -x {found.experiment_id}'), or give "
                "another --experiment"
            )
        if found is not None:
            return str(found.experiment_id)
        location = None
        if self._local is not None:
            # Absolute: the UI may be started in another folder.
            location = (self._local.resolve().parent / "mlruns" / name).as_uri()
        try:
            made = self.client.create_experiment(name, artifact_location=location)
        except Exception:
            # another search may have been first; MLflow says so in several ways
            found = self.client.get_experiment_by_name(name)
            if found is None:
                raise
            return str(found.experiment_id)
        return str(made)

    @property
    def user(self) -> str | None:
        """The login by which a server is asked; None without one."""
        return login_of(self.uri)

    def own_experiment(self, pipeline: str) -> str:
        """Return the experiment a pipeline's studies go to where none is named.

        On a server with logins it is the user's own: others may not even see it.
        """
        return f"{self.user}/{pipeline}" if self.user else pipeline

    def own_model(self, study: str) -> str:
        """Return the name under which a study's models are registered.

        Names of models are shared by all users of a server.
        """
        return f"{self.user}-{study}" if self.user else study

    def find(self, key: str) -> Any | None:
        """Return the run with this key, or None; deleted runs do not count."""
        runs = self._search(f"tags.`{KEY}` = '{key}'", limit=1)
        return next(iter(runs), None)

    def find_study(self, name: str | None) -> Any:
        """Return the run of a study; the latest of the store when none is named.

        Studies inside an outer fold are parts of a nested search: they are only meant
        where they are named.

        Raises:
            UnknownStudyError: There are others, none of that name.
            TrackingError: There is none at all.
        """
        studies = self._search(f"tags.`{KIND}` = 'study'")
        names = [run.data.tags[KEY] for run in studies]
        if not names:
            raise TrackingError(
                f"{self.name}: holds no study; run 'tunefold search digits' first"
            )
        if name is None:
            words = [run.data.tags.get("pipeline", "") for run in studies]
            whole = [read_outer(word) is None for word in words]
            return studies[whole.index(True) if any(whole) else 0]
        if name not in names:
            raise UnknownStudyError(f"{self.name}: {unknown('study', name, names)}")
        return studies[names.index(name)]

    def children(self, run_id: str) -> list[Any]:
        """Return the runs directly below a run, the oldest first."""
        return self._search(f"tags.`{PARENT}` = '{run_id}'", newest_first=False)

    def trials(self, study_run_id: str) -> list[Any]:
        """Return the runs of a study's trials, the oldest first.

        Reruns of ensembles, which belong to no trial, lie beside them.
        """
        runs = self.children(study_run_id)
        return [run for run in runs if run.data.tags.get(KIND) == "trial"]

    def tagged(self, name: str, value: str, *, relation: str = "=") -> list[Any]:
        """Return all runs with a tag, the oldest first; `LIKE` takes a pattern."""
        return self._search(f"tags.`{name}` {relation} '{value}'", newest_first=False)

    def read_json(self, run_id: str, artifact: str) -> Any:
        """Return a JSON artifact of a run.

        Raises:
            TrackingError: It is missing or no JSON.
        """
        with self.artifact(run_id, artifact) as path:
            return _read_json(path, run_id)

    def read_json_of(self, run: Any, artifact: str) -> Any:
        """Return a JSON artifact of a run that is at hand.

        The files of a local store are read where they lie: MLflow takes 30 ms to find
        and copy one, which makes seconds of a hundred trials.

        Raises:
            TrackingError: It is missing or no JSON.
        """
        uri = urlsplit(run.info.artifact_uri)
        if self.is_local and uri.scheme == "file":
            path = Path(url2pathname(uri.path)) / artifact
            if path.is_file():
                return _read_json(path, run.info.run_id)
        return self.read_json(run.info.run_id, artifact)

    @contextmanager
    def artifact(self, run_id: str, artifact: str) -> Iterator[Path]:
        """Yield a local copy of an artifact; it is gone afterwards.

        Raises:
            TrackingError: The run does not have it.
        """
        with tempfile.TemporaryDirectory() as folder:
            try:
                path = self.client.download_artifacts(run_id, artifact, folder)
            except Exception as error:  # noqa: BLE001  (of the server's own kind)
                raise TrackingError(
                    f"run {run_id}: has no artifact {artifact} "
                    f"({first_line(error)}); is it a run of tunefold?"
                ) from None
            yield Path(path)

    def create_run(
        self, experiment_id: str, name: str, *, tags: Mapping[str, str], began: float
    ) -> str:
        """Create a run and return its id.

        Args:
            experiment_id: Where.
            name: Shown in the UI.
            tags: Must hold the key.
            began: Start, seconds since 1970.
        """
        run = self.client.create_run(
            experiment_id, start_time=int(began * 1000), run_name=name, tags=dict(tags)
        )
        return str(run.info.run_id)

    def _search(
        self, condition: str, *, newest_first: bool = True, limit: int | None = None
    ) -> list[Any]:
        experiments = [e.experiment_id for e in self.client.search_experiments()]
        runs: list[Any] = []
        token = None
        order = "attributes.start_time " + ("DESC" if newest_first else "ASC")
        while True:
            page = self.client.search_runs(
                experiments,
                condition,
                max_results=limit or 1000,
                order_by=[order],
                page_token=token,
            )
            runs += page
            token = page.token
            if not token or (limit and len(runs) >= limit):
                return runs


def _read_json(path: Path, run_id: str) -> Any:
    try:
        return json.loads(path.read_text())
    except ValueError as error:
        raise TrackingError(
            f"run {run_id}: {path.name} must be JSON ({error})"
        ) from None


def local_file(uri: str) -> Path | None:
    """Return the file of a local store, None for any other."""
    if not uri.startswith("sqlite:///"):
        return None
    return Path(uri.removeprefix("sqlite:///").partition("?")[0])


def login_of(uri: str) -> str | None:
    """Return the login by which a server is asked; None without one, or for a file."""
    if local_file(uri) is not None:
        return None
    set_mlflow()
    from mlflow.utils.credentials import read_mlflow_creds

    named = urlsplit(uri).username
    return unquote(named) if named else read_mlflow_creds().username
