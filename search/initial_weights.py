"""The weights that a study's networks begin with, where its workers find them.

They lie in the user's cache folder under the digest of their content, which is all that
a job holds of them.
"""

from functools import lru_cache
from pathlib import Path

from pipelines import mapped
from pipelines.transfer import Layer, content_digest, load_weights, save_weights
from search.errors import FatalError, SettingsError

FILE = "initial-weights.npz"


def keep(weights: list[Layer]) -> str:
    """Put weights where workers find them, and return the digest of their content.

    Raises:
        SettingsError: There is no cache folder, or it cannot be written.
    """
    digest = content_digest(weights)
    if kept(digest) is None:
        try:
            save_weights(_file(digest), weights)
        except OSError as error:
            raise SettingsError(
                "--init-from: the weights must be written to the cache folder for the "
                f"workers ({error}); set XDG_CACHE_HOME to a folder where you may write"
            ) from None
    return digest


@lru_cache(maxsize=1)
def initial_weights(digest: str | None) -> list[Layer] | None:
    """Return the weights that a job names, None where it names none.

    Raises:
        FatalError: They are not there, or are others.
    """
    if digest is None:
        return None
    weights = kept(digest)
    if weights is None:
        raise FatalError(
            "worker: the weights that the study begins with must be in the cache "
            f"folder under {digest[:16]}, got none or others; 'tunefold resume' reads "
            "them again from the tracking store"
        )
    return weights


def kept(digest: str) -> list[Layer] | None:
    """Return the weights of that digest, None where they are not there or damaged."""
    try:
        weights = load_weights(_file(digest))
    except (OSError, ValueError):
        return None
    return weights if content_digest(weights) == digest else None


def _file(digest: str) -> Path:
    cache = mapped.user_cache_folder()
    if cache is None:
        raise OSError("this user has no home")
    return cache / digest / FILE
