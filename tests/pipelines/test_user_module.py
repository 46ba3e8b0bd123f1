import sys

import pytest

from pipelines.registry import complete, get_pipeline, recorded_word
from pipelines.spec import read_spec
from pipelines.user_module import located
from spaces.errors import DataError, UnknownNameError

CODE = """
from dataclasses import replace
from pipelines.digits import PIPELINE as DIGITS
from my_summary import SUMMARY
PIPELINE = replace(DIGITS, name="mine", summary=SUMMARY)
NUMBER = 1
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The working folder with a module of the user's; nothing of it stays behind."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setattr(sys, "dont_write_bytecode", True)  # equal size, same second
    before = {*sys.modules}
    (tmp_path / "my_nets.py").write_text(CODE)
    (tmp_path / "my_summary.py").write_text("SUMMARY = 'my own'")
    yield tmp_path
    for name in {*sys.modules} - before:
        if name.startswith("my_"):
            del sys.modules[name]


def test_a_module_and_what_it_imports_are_found_from_any_folder(folder, monkeypatch):
    word = complete("my_nets:PIPELINE")
    assert "my_nets" not in sys.modules  # naming it imports nothing
    monkeypatch.chdir(folder.parent)
    assert get_pipeline(word).summary == "my own"
    assert read_spec(word).name == "my_nets"


def test_a_file_is_the_same_as_its_module(folder):
    word = complete("my_nets:PIPELINE")
    assert complete("my_nets.py:PIPELINE") == word
    assert complete(f"{folder / 'my_nets.py'}:PIPELINE") == word
    assert complete(word) == word
    (folder / "lab").mkdir()
    (folder / "lab" / "my_lab.py").write_text(CODE)
    assert complete("lab.my_lab:PIPELINE").startswith("lab.my_lab:PIPELINE?")


def test_a_changed_file_is_not_imported(folder):
    word = complete("my_nets:PIPELINE")
    (folder / "my_nets.py").write_text(CODE + "raise SystemExit")
    with pytest.raises(DataError, match="it was changed"):
        get_pipeline(word)
    assert "my_nets" not in sys.modules


def test_a_record_alone_imports_nothing(folder):
    word = complete("my_nets:PIPELINE")
    with pytest.raises(DataError, match="--pipeline my_nets:PIPELINE"):
        recorded_word(word, named=None)
    assert recorded_word(word, named="my_nets.py:PIPELINE") == word
    with pytest.raises(DataError, match="must be the study's"):
        recorded_word(word, named="my_summary:SUMMARY")
    with pytest.raises(DataError, match="must be the study's"):
        recorded_word("digits", named="my_nets:PIPELINE")
    (folder / "my_nets.py").write_text(CODE + "# more")
    with pytest.raises(DataError, match="must be the study's"):
        recorded_word(word, named="my_nets:PIPELINE")
    assert "my_nets" not in sys.modules
    assert recorded_word("digits", named=None) == "digits"
    assert recorded_word("table:a.csv?target=y", named=None) == "table:a.csv?target=y"


def test_what_is_no_pipeline_is_refused(folder):
    with pytest.raises(DataError, match=r"NUMBER must be a .*Pipeline, got int"):
        get_pipeline("my_nets:NUMBER")
    with pytest.raises(DataError, match="got nothing of that name"):
        get_pipeline("my_nets:PIPELIN")
    with pytest.raises(UnknownNameError, match="there is no module 'my_net' in"):
        get_pipeline("my_net:PIPELINE")
    with pytest.raises(UnknownNameError, match="did you mean 'table'"):
        get_pipeline("tables:a.csv")
    (folder / "my_bad.py").write_text("\n1 / 0")
    with pytest.raises(DataError, match=r"ZeroDivisionError.*my_bad\.py, line 2"):
        get_pipeline("my_bad:PIPELINE")


def test_a_name_that_python_knows_already_is_refused(folder):
    (folder / "json.py").write_text(CODE)
    assert located(read_spec("json:PIPELINE")).options["folder"] == folder.as_posix()
    with pytest.raises(DataError, match="rename your file"):
        get_pipeline("json:PIPELINE")
