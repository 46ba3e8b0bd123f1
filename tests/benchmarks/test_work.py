from dataclasses import dataclass

import pytest
import work
from work import Lines


@dataclass(frozen=True)
class Plan:
    rows: int
    narrowed: tuple[str, ...] = ("a", "b")


@pytest.fixture
def lines(tmp_path, monkeypatch):
    monkeypatch.setattr(work, "WORK", tmp_path / "runs")
    monkeypatch.setattr(work, "LINES", tmp_path / "lines")
    return Lines("short", "folds", Plan(rows=10))


def test_finished_is_found_again(lines):
    assert lines.get("tunefold-0") is None
    added = lines.add("tunefold-0", seconds=1.5)
    again = Lines("short", "folds", Plan(rows=10))
    assert again.get("tunefold-0") == added
    assert added["seconds"] == 1.5


def test_other_plan_is_measured_anew(lines):
    lines.add("tunefold-0", seconds=1.5)
    other = Lines("short", "folds", Plan(rows=20))
    assert other.get("tunefold-0") is None
    other.add("tunefold-0", seconds=3.0)
    assert lines.get("tunefold-0")["seconds"] == 1.5


def test_torn_line_is_not_finished_and_does_no_harm(lines, tmp_path):
    lines.add("tunefold-0", seconds=1.5)
    path = tmp_path / "lines" / "short" / "folds.jsonl"
    path.write_text(path.read_text() + '{"key": "peer-0", "pl')
    assert [line["key"] for line in lines.all()] == ["tunefold-0"]
    lines.add("peer-0", seconds=9.0)
    assert [line["key"] for line in lines.all()] == ["tunefold-0", "peer-0"]


def test_another_machine_is_measured_anew(lines, monkeypatch):
    lines.add("tunefold-0", seconds=1.5)
    file = lines.unfinished()
    with monkeypatch.context() as there:
        there.setattr(work, "facts", lambda: "another processor")
        assert lines.all() == []
        assert lines.unfinished() != file
    assert len(lines.all()) == 1
    assert lines.unfinished() == file


def test_folders_to_measure_in_are_empty(lines):
    (lines.folder("peer-0") / "trials.jsonl").touch()
    assert not list(lines.folder("peer-0").iterdir())
