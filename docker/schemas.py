"""Which tables this MLflow knows, and whether the database's are its own.

Writes the revisions of tables to the file $SCHEMAS, the newest first, for restore.sh.
Exits with one line where the database is of another MLflow, which its server would say
in many or, worse, begin to change without a backup.
"""

import os
import sys
from pathlib import Path

import mlflow.store.db_migrations
from alembic.script import ScriptDirectory
from mlflow import __version__
from sqlalchemy import create_engine, inspect, text

TABLE = "alembic_version"


def revisions() -> list[str]:
    """Return all revisions that this MLflow can bring up to date, the newest first."""
    [folder] = mlflow.store.db_migrations.__path__
    script = ScriptDirectory(folder)
    return [each.revision for each in script.walk_revisions()]


def revision_of(uri: str) -> str | None:
    """Return that of a database; None where it is empty."""
    engine = create_engine(uri)
    with engine.connect() as connection:
        if not inspect(connection).has_table(TABLE):
            return None
        return connection.execute(text(f"SELECT version_num FROM {TABLE}")).scalar()


def main() -> str | None:
    """Return what is wrong; None where nothing is."""
    known = revisions()
    Path(os.environ["SCHEMAS"]).write_text("\n".join(known) + "\n")
    found = revision_of(os.environ["MLFLOW_BACKEND_STORE_URI"])
    if found is None or found == known[0]:
        return None
    if found in known:
        return (
            f"mlflow: the database is of an older MLflow than {__version__}; make a "
            "backup, then: docker compose run --rm mlflow sh /docker/mlflow.sh upgrade"
        )
    return (
        f"mlflow: the database is of a newer MLflow than {__version__}; build the "
        "image with that one, or restore a backup of this one"
    )


if __name__ == "__main__":
    sys.exit(main())
