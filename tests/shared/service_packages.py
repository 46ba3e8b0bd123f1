"""What the service's tests need beside Python's packages."""

import shutil

import pytest
from native_postgres import NotInstalledError, postgres_bin


def _is_there() -> bool:
    try:
        postgres_bin()
    except NotInstalledError:
        return False
    return shutil.which("docker-compose") is not None


needs_service = pytest.mark.skipif(
    not _is_there(), reason="Debian's docker-compose and postgresql"
)
