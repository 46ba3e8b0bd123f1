import gzip
import http.server
import shutil
import socket
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from pipelines import fashion_mnist_files
from pipelines.fashion_mnist_files import FILES, load_fashion_mnist
from pipelines.part import digest
from pipelines.prepared import fetch
from spaces.errors import DataError

ROOT = Path(__file__).parents[2]
OFFICIAL = fashion_mnist_files.DEBIAN_FOLDER
IMAGES, LABELS = FILES["test"]


@pytest.fixture
def official():
    """The folder of the installed files: they are too large for the repository."""
    if not OFFICIAL.is_dir():
        pytest.skip(f"needs the Debian package dataset-fashion-mnist in {OFFICIAL}")
    return OFFICIAL


@pytest.fixture(autouse=True)
def nowhere(tmp_path, monkeypatch):
    """No source has anything: no folders, no network. Returns the empty folders."""
    for name in ("data", "home", "keras"):
        (tmp_path / name).mkdir()
    monkeypatch.delenv("TUNEFOLD_DATA", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setattr(fashion_mnist_files, "DEBIAN_FOLDER", tmp_path / "debian")
    with socket.socket() as closed:  # a port on which nobody listens afterwards
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}/"
    monkeypatch.setattr(fashion_mnist_files, "DOWNLOAD_URL", url)
    return tmp_path


def put(folder, official, part="test"):
    """Copy the files of a part into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in FILES[part]:
        shutil.copy(official / name, folder)
    return folder


def refused(part="test"):
    """Load, expecting one line of error."""
    with pytest.raises(DataError) as error:
        load_fashion_mnist(part)
    assert "\n" not in str(error.value)
    return str(error.value)


def test_without_any_source_the_error_is_quick_and_names_the_cures():
    start = time.perf_counter()
    text = refused("train")
    assert time.perf_counter() - start < 2  # Keras is not even imported
    for cure in (
        "apt-get install dataset-fashion-mnist",
        "tunefold data fetch fashion_mnist --to FOLDER",
        "TUNEFOLD_DATA",
        "go online",
    ):
        assert cure in text


def test_the_published_arrays(official, monkeypatch):
    monkeypatch.setattr(fashion_mnist_files, "DEBIAN_FOLDER", official)
    train, test = load_fashion_mnist("train"), load_fashion_mnist("test")
    assert train.source == test.source == "Debian package dataset-fashion-mnist"
    for part, n in ((train, 60_000), (test, 10_000)):
        assert (part.X.shape, part.X.dtype) == ((n, 28, 28), np.uint8)
        assert (part.y.shape, part.y.dtype) == ((n,), np.int64)
        assert np.bincount(part.y).tolist() == [n // 10] * 10
    # As in the data set's own README: the first rows, and the pixels' mean.
    assert train.y[:5].tolist() == [9, 0, 0, 3, 0]
    assert round(float(train.X.mean() / 255), 4) == 0.2860


def test_look_up_order_and_the_same_arrays_from_everywhere(
    official, nowhere, monkeypatch
):
    """Add one source after the other, from the last choice to the first."""
    seen = {}

    def load():
        part = load_fashion_mnist("test")
        seen[part.source] = digest(part)
        return part.source

    put(nowhere / "keras" / "datasets" / "fashion-mnist", official)
    assert load() == "Keras cache folder"
    put(nowhere / "debian", official)
    assert load() == "Debian package dataset-fashion-mnist"
    monkeypatch.setenv("TUNEFOLD_DATA", str(nowhere / "data"))
    assert load() == "Debian package dataset-fashion-mnist"  # the folder is empty
    hyphen = put(nowhere / "data" / "fashion-mnist", official)
    assert load() == "TUNEFOLD_DATA (original gzip files)"
    hyphen.rename(nowhere / "data" / "fashion_mnist")
    assert load() == "TUNEFOLD_DATA (original gzip files)"
    tiny = {"fashion_mnist": lambda _: load_fashion_mnist("test")}
    shutil.rmtree(nowhere / "data" / "fashion_mnist")
    fetch([], nowhere / "data", tiny)
    put(nowhere / "data" / "fashion_mnist", official)
    assert load() == "TUNEFOLD_DATA (Debian package dataset-fashion-mnist)"
    assert len(seen) == 4
    assert len(set(seen.values())) == 1


def test_keras_cache_in_the_home_folder(official, nowhere, monkeypatch):
    monkeypatch.delenv("KERAS_HOME")
    put(nowhere / "home" / ".keras" / "datasets" / "fashion-mnist", official)
    assert load_fashion_mnist("test").source == "Keras cache folder"


def test_only_the_files_of_the_asked_part_are_opened(official, nowhere):
    folder = put(nowhere / "debian", official, part="train")
    for name in FILES["test"]:
        (folder / name).write_bytes(b"garbage")
    assert len(load_fashion_mnist("train").y) == 60_000
    assert IMAGES in refused("test")


@pytest.mark.parametrize(
    "place", ["data/fashion_mnist", "data/fashion-mnist", "debian"]
)
@pytest.mark.parametrize("name", [IMAGES, LABELS])
def test_a_cut_file_is_an_error_and_no_other_source_is_used(
    name, place, official, nowhere, monkeypatch
):
    monkeypatch.setenv("TUNEFOLD_DATA", str(nowhere / "data"))
    put(nowhere / "keras" / "datasets" / "fashion-mnist", official)
    path = put(nowhere / place, official) / name
    content = path.read_bytes()
    path.write_bytes(content[:-100])
    text = refused()
    assert text.startswith(f"{path}: must be a complete gzip file")
    assert ("apt-get" if place == "debian" else "tunefold data fetch") in text


def test_a_cut_file_in_keras_cache_is_an_error(official, nowhere):
    folder = put(nowhere / "keras" / "datasets" / "fashion-mnist", official)
    (folder / LABELS).write_bytes((folder / LABELS).read_bytes()[:2000])
    assert "delete it" in refused()


def test_altered_content_is_an_error(official, nowhere):
    path = put(nowhere / "debian", official) / LABELS
    content = bytearray(gzip.decompress(path.read_bytes()))
    content[100] ^= 1
    path.write_bytes(gzip.compress(content))
    text = refused()
    assert text.startswith(f"{path}: the unzipped content must have the official md5")
    assert FILES["test"][LABELS] in text


@pytest.mark.parametrize("missing", [IMAGES, LABELS])
def test_half_a_part_is_an_error_where_it_cannot_be_completed(
    missing, official, nowhere
):
    path = put(nowhere / "debian", official) / missing
    path.unlink()
    assert refused().startswith(f"{path}: ")


def test_half_a_part_in_keras_cache_is_completed_online(official, nowhere):
    folder = put(nowhere / "keras" / "datasets" / "fashion-mnist", official)
    (folder / IMAGES).unlink()
    assert "go online" in refused()


def test_the_variable_must_name_a_folder(official, nowhere, monkeypatch):
    put(nowhere / "debian", official)
    monkeypatch.setenv("TUNEFOLD_DATA", str(nowhere / "none"))
    assert refused().startswith("TUNEFOLD_DATA: must name a folder")


@pytest.fixture
def online(nowhere, monkeypatch):
    """A web server where Keras' would be; the folder it serves."""
    folder = nowhere / "web"
    folder.mkdir()

    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *args):
            super().__init__(*args, directory=folder)

        def log_message(self, *args):
            asked.append((self.command, self.path))

    asked = []
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    url = f"http://127.0.0.1:{server.server_port}/"
    monkeypatch.setattr(fashion_mnist_files, "DOWNLOAD_URL", url)
    yield folder, asked
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_download_that_the_server_refuses_is_quick(online):
    start = time.perf_counter()
    assert "404" in refused()
    assert time.perf_counter() - start < 2


def test_a_download_takes_the_asked_part_alone_and_stays(official, online, nowhere):
    folder, asked = online
    put(folder, official, part="test")
    part = load_fashion_mnist("test")
    assert (part.source, len(part.y)) == ("download from Keras", 10_000)
    assert asked == [("GET", f"/{name}") for name in FILES["test"]]
    kept = nowhere / "keras" / "datasets" / "fashion-mnist"
    assert {path.name for path in kept.iterdir()} == set(FILES["test"])
    assert load_fashion_mnist("test").source == "Keras cache folder"


def test_a_login_page_instead_of_a_file_is_an_error_and_is_not_kept(online, nowhere):
    folder, _ = online
    for name in FILES["test"]:
        (folder / name).write_text("<html>please log in</html>")
    text = refused()
    assert "login page" in text
    assert "\n" not in text
    kept = nowhere / "keras" / "datasets" / "fashion-mnist"
    assert list(kept.iterdir()) == []
