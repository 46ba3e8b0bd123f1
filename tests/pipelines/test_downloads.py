import hashlib

import pytest
from web_server import closed_url, serving

from pipelines.downloads import PublishedFile, find_or_download, keras_datasets
from spaces.errors import DataError

CONTENT = b"as published"
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setenv("no_proxy", "*")
    return tmp_path / "keras"


@pytest.fixture
def web(tmp_path):
    (tmp_path / "web").mkdir()
    with serving(tmp_path / "web") as web:
        yield web


def published(url):
    return PublishedFile(url + "table.npz", "sha256", SHA256)


def test_a_download_is_kept_where_keras_keeps_it(web, home, capfd):
    (web.folder / "table.npz").write_bytes(CONTENT)
    path, source = find_or_download(published(web.url))
    assert path == home / "datasets" / "table.npz"
    assert path.read_bytes() == CONTENT
    assert source == "download"
    said = capfd.readouterr()
    assert said.out == ""
    assert "table.npz" in said.err
    assert find_or_download(published(web.url)) == (path, "Keras cache folder")
    assert web.asked == ["/table.npz"]


def test_a_login_page_instead_of_the_file_is_not_kept(web, home):
    (web.folder / "table.npz").write_text("<html>please log in</html>")
    with pytest.raises(DataError, match="login page") as error:
        find_or_download(published(web.url))
    assert "\n" not in str(error.value)
    assert list((home / "datasets").iterdir()) == []


def test_a_file_with_other_content_is_refused_and_stays(web, home):
    """Keras would delete it."""
    (web.folder / "table.npz").write_bytes(CONTENT)
    path = published(web.url).cached
    path.parent.mkdir(parents=True)
    path.write_bytes(b"rebuilt")
    with pytest.raises(DataError, match=f"official sha256 {SHA256}") as error:
        find_or_download(published(web.url))
    assert str(error.value).startswith(f"{path}: ")
    assert path.read_bytes() == b"rebuilt"
    assert web.asked == []


@pytest.mark.parametrize("there", [True, False])
def test_what_cannot_be_had_is_an_os_error(there, web):
    url = web.url if there else closed_url()  # the server has no such file
    with pytest.raises(OSError, match=r"404|refused"):
        find_or_download(published(url))


def test_the_folder_follows_keras_rule(tmp_path, monkeypatch):
    monkeypatch.delenv("KERAS_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert keras_datasets() == tmp_path / ".keras" / "datasets"

    def no_home():
        raise RuntimeError

    monkeypatch.setattr("pathlib.Path.home", no_home)
    assert keras_datasets().parts[-2:] == (".keras", "datasets")
