import json
import random

import numpy as np
import pytest

from pipelines.part import Part, digest
from pipelines.prepared import fetch, load_prepared
from spaces.errors import DataError, UnknownNameError


def load_tiny(part):
    n = {"train": 30, "test": 10}[part]
    X = np.arange(n * 4, dtype=np.uint8).reshape(n, 2, 2)
    return Part(X, np.arange(n, dtype=np.int64) % 3, source="a made-up package")


def load_grouped(part):
    tiny = load_tiny(part)
    return Part(tiny.X, tiny.y, source="made up", groups=np.arange(len(tiny.y)))


LOADERS = {"tiny": load_tiny, "grouped": load_grouped}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with prepared data that TUNEFOLD_DATA names."""
    to = tmp_path / "class" / "data"
    fetch(["tiny"], to, LOADERS)
    monkeypatch.setenv("TUNEFOLD_DATA", str(to))
    return to


@pytest.mark.parametrize("part", ["train", "test"])
@pytest.mark.parametrize("name", LOADERS)
def test_what_was_fetched_is_loaded_again(name, part, tmp_path, monkeypatch):
    files = fetch([], tmp_path, LOADERS)
    assert [(file.name, file.part) for file in files] == [
        ("tiny", "train"),
        ("tiny", "test"),
        ("grouped", "train"),
        ("grouped", "test"),
    ]
    monkeypatch.setenv("TUNEFOLD_DATA", str(tmp_path))
    original, loaded = LOADERS[name](part), load_prepared(name, part)
    assert loaded.source == f"TUNEFOLD_DATA ({original.source})"
    assert loaded.arrays().keys() == original.arrays().keys()
    for field, array in original.arrays().items():
        np.testing.assert_array_equal(loaded.arrays()[field], array, strict=True)
    [file] = [file for file in files if (file.name, file.part) == (name, part)]
    assert file.digest == digest(loaded)
    assert file.n_rows == len(loaded.y)
    assert file.n_bytes == file.path.stat().st_size
    left = {path.name for path in (tmp_path / name).iterdir()}
    assert left == {"train.npz", "test.npz", "digest.json"}  # nothing temporary


def test_fetching_from_a_fetched_copy_keeps_the_original_source(folder, tmp_path):
    def load_copy(part):
        return load_prepared("tiny", part)

    files = fetch(["tiny"], tmp_path / "second", {"tiny": load_copy})
    assert {file.source for file in files} == {"a made-up package"}


def test_fetching_twice_into_the_same_folder_is_harmless(folder):
    first = load_prepared("tiny", "train")
    fetch(["tiny", "tiny"], folder, {"tiny": lambda part: load_prepared("tiny", part)})
    assert digest(load_prepared("tiny", "train")) == digest(first)


@pytest.mark.parametrize("value", [None, ""])
def test_without_the_variable_there_is_nothing_prepared(value, folder, monkeypatch):
    if value is None:
        monkeypatch.delenv("TUNEFOLD_DATA")
    else:
        monkeypatch.setenv("TUNEFOLD_DATA", value)
    assert load_prepared("tiny", "train") is None


def test_a_data_set_that_is_not_in_the_folder_is_looked_up_elsewhere(folder):
    assert load_prepared("other", "train") is None


@pytest.mark.parametrize("kind", ["missing", "file"])
def test_the_variable_must_name_a_folder(kind, tmp_path, monkeypatch):
    path = tmp_path / "data"
    if kind == "file":
        path.touch()
    monkeypatch.setenv("TUNEFOLD_DATA", str(path))
    with pytest.raises(DataError, match=r"^TUNEFOLD_DATA: must name a folder, got '"):
        load_prepared("tiny", "train")


def one_line(error, *words):
    text = str(error.value)
    assert "\n" not in text
    for word in words:
        assert word in text


def test_only_the_asked_part_is_opened(folder):
    (folder / "tiny" / "test.npz").write_bytes(b"garbage")
    assert len(load_prepared("tiny", "train").y) == 30
    with pytest.raises(DataError) as error:
        load_prepared("tiny", "test")
    one_line(error, "test.npz", "npz file", "tunefold data fetch tiny --to")


@pytest.mark.parametrize("keep", [0.0, 0.3, 0.99])
def test_a_cut_file_is_refused(keep, folder):
    path = folder / "tiny" / "train.npz"
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * keep)])
    with pytest.raises(DataError) as error:
        load_prepared("tiny", "train")
    one_line(error, str(path), "complete npz file", "tunefold data fetch tiny --to")


def test_damaged_bytes_never_give_other_data_or_another_error(folder):
    path = folder / "tiny" / "train.npz"
    content, expected = path.read_bytes(), digest(load_tiny("train"))
    generator = random.Random(0)
    refused = 0
    for _ in range(300):
        damaged = bytearray(content)
        damaged[generator.randrange(len(damaged))] = generator.randrange(256)
        path.write_bytes(damaged)
        try:
            assert digest(load_prepared("tiny", "train")) == expected
        except DataError:
            refused += 1
    assert refused > 150  # the others hit times and flags, which carry no data


def test_other_data_in_a_sound_file_is_refused(folder):
    path = folder / "tiny" / "train.npz"
    changed = load_tiny("train").X.copy()
    changed[7] += 1
    np.savez(path, X=changed, y=load_tiny("train").y)
    with pytest.raises(DataError) as error:
        load_prepared("tiny", "train")
    one_line(error, str(path), "the data was altered", "tunefold data fetch tiny --to")


def test_pickled_objects_are_not_loaded(folder):
    path = folder / "tiny" / "train.npz"
    np.savez(path, X=np.array([{}, {}]), y=np.zeros(2))
    with pytest.raises(DataError, match="allow_pickle=False"):
        load_prepared("tiny", "train")


@pytest.mark.parametrize("text", ["", "[]", "{", '{"train": {"digest": "00"}}', None])
def test_a_damaged_or_missing_list_is_refused(text, folder):
    path = folder / "tiny" / "digest.json"
    path.unlink() if text is None else path.write_text(text)
    with pytest.raises(DataError) as error:
        load_prepared("tiny", "train")
    one_line(error, str(path), "tunefold data fetch tiny --to")


def test_a_list_without_the_part_is_refused(folder):
    path = folder / "tiny" / "digest.json"
    path.write_text(json.dumps({"test": {}}))
    with pytest.raises(DataError, match="must list 'train'"):
        load_prepared("tiny", "train")


def test_a_listed_file_that_is_missing_is_refused(folder):
    (folder / "tiny" / "train.npz").unlink()
    with pytest.raises(DataError, match=r"train\.npz: must be a complete npz file"):
        load_prepared("tiny", "train")


def test_an_unknown_name_is_refused_before_anything_is_written(tmp_path):
    to = tmp_path / "data"
    with pytest.raises(UnknownNameError, match="got 'tinny'; did you mean 'tiny'"):
        fetch(["tiny", "tinny"], to, LOADERS)
    with pytest.raises(UnknownNameError, match="got 'q'; known: grouped, tiny"):
        fetch(["q"], to, LOADERS)
    assert not to.exists()


def test_a_target_that_cannot_be_written_is_one_line(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(DataError) as error:
        fetch(["tiny"], tmp_path / "file", LOADERS)
    one_line(error, "data fetch", str(tmp_path / "file"), "--to")
