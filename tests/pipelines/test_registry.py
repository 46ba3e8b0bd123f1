import os

import pandas as pd
import pytest

from pipelines import registry
from pipelines.part import digest
from pipelines.registry import MODULES, complete, get_pipeline
from spaces.errors import UnknownNameError


@pytest.fixture
def table(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("pipelines.mapped.user_cache_folder", lambda: tmp_path / "c")
    path = tmp_path / "t.csv"
    pd.DataFrame({"a": [0.5, 1.5] * 20, "y": ["u", "v"] * 20}).to_csv(path, index=False)
    return path


def test_a_word_is_complete_wherever_it_is_read(table, monkeypatch):
    word = complete("table:t.csv?target=y")
    assert complete(word) == word
    monkeypatch.chdir("/")
    assert get_pipeline(word).classes == ("u", "v")
    for name in MODULES:
        assert complete(name) == name


def test_a_file_is_read_once_until_it_changes(table):
    first = get_pipeline("table:t.csv?target=y")
    assert get_pipeline(f"table:{table}?target=y") is first
    table.write_text(table.read_text().replace("v", "w2"))
    assert get_pipeline("table:t.csv?target=y").classes == ("u", "w2")


def test_a_file_named_like_a_pipeline_gets_a_hint():
    with pytest.raises(UnknownNameError, match=r"table:FILE\.csv"):
        get_pipeline("penguins.csv")
    with pytest.raises(UnknownNameError, match="did you mean 'digits'"):
        get_pipeline("digit")


def test_a_worker_knows_the_table_without_reading_it(table, monkeypatch):
    word = complete("table:t.csv?target=y")
    pipeline = get_pipeline(word)
    text, stat = table.read_text(), table.stat()

    def write(content):
        table.write_text(content)  # equal in size and time: the same file, it seems
        os.utime(table, ns=(stat.st_atime_ns, stat.st_mtime_ns))
        registry._own.cache_clear()  # as in another process

    monkeypatch.setattr("multiprocessing.parent_process", lambda: "a parent")
    write("x" * stat.st_size)
    told = get_pipeline(word)
    assert (told.classes, told.note) == (pipeline.classes, pipeline.note)
    write(text)
    assert digest(get_pipeline(word).load("train")) == digest(pipeline.load("train"))
