import numpy as np
import pytest

from search.errors import FatalError, SettingsError
from search.initial_weights import FILE, initial_weights, keep, kept

WEIGHTS = [{"kernel": np.ones((2, 3), np.float32), "bias": np.zeros(3, np.float32)}]


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setattr("pipelines.mapped.user_cache_folder", lambda: tmp_path)
    initial_weights.cache_clear()
    yield tmp_path
    initial_weights.cache_clear()


def test_a_job_finds_them_by_their_digest():
    (found,) = initial_weights(keep(WEIGHTS))
    assert np.array_equal(found["kernel"], WEIGHTS[0]["kernel"])
    assert initial_weights(None) is None


def test_missing_and_other_weights_are_refused(cache):
    with pytest.raises(FatalError, match="'tunefold resume' reads them again"):
        initial_weights("a" * 64)
    digest = keep(WEIGHTS)
    other = keep([{"kernel": np.zeros((2, 3), np.float32)}])
    (cache / other / FILE).replace(cache / digest / FILE)
    assert kept(digest) is None
    with pytest.raises(FatalError, match=f"under {digest[:16]}, got none or others"):
        initial_weights(digest)
    assert keep(WEIGHTS) == digest  # mended
    assert initial_weights(digest) is not None


def test_without_a_place_to_put_them_it_is_said_how_to_make_one(cache, monkeypatch):
    (cache / "file").touch()
    for folder in (cache / "file", None):
        monkeypatch.setattr(
            "pipelines.mapped.user_cache_folder", lambda folder=folder: folder
        )
        with pytest.raises(SettingsError, match="set XDG_CACHE_HOME to a folder"):
            keep(WEIGHTS)
