import pytest
import report
import target
import work
from flops import gflop
from target import common_epoch_score
from work import Lines

DOCUMENT = "Before.\n\n<!-- peers -->\nold\n<!-- end of peers -->\n\nAfter.\n"


def test_only_what_is_between_the_markers_changes():
    new = report.between(DOCUMENT, "peers", "new")
    assert new == DOCUMENT.replace("old\n", "\nnew\n\n")
    assert report.between(new, "peers", "new") == new


def test_missing_marker_is_refused():
    with pytest.raises(ValueError, match="'other'"):
        report.between(DOCUMENT, "other", "new")


@pytest.mark.parametrize("size", ["short", "full"])
@pytest.mark.parametrize("part", report.PARTS)
def test_readme_has_the_markers(part, size):
    text = report.README.read_text()
    assert report.between(text, f"{part}, {size}", "x") != text


def test_what_is_not_measured_here_stays(lines, tmp_path, monkeypatch):
    readme = tmp_path / "README.md"
    readme.write_text(report.README.read_text())
    monkeypatch.setattr(report, "README", readme)
    before = readme.read_text()
    report.write("full")
    assert readme.read_text() == before
    lines.add("peer", seconds=600.0, scores=[0.88, 0.87])
    lines.add("tunefold", reached=True, score=0.89, seconds=30.0, trials=2)
    report.write("full")
    after = readme.read_text()
    assert "**20.0 times** as fast" in after
    assert after == report.between(before, "target, full", target.to_best("full"))


def test_flops_of_a_network_counted_by_hand():
    params = {"n_layers": 2, "width_1": 3, "width_2": 5}
    first, others = 784 * 3, 3 * 5 + 5 * 10
    # forward and gradient by weights: all; gradient by inputs: not the first layer
    by_hand = 2 * (first + others) + 2 * (first + others) + 2 * others
    assert gflop(params, rows=10) == pytest.approx(by_hand * 10 / 1e9)


def test_score_is_of_one_epoch_for_all_folds():
    assert common_epoch_score([[0.5, 0.9], [0.9, 0.6]]) == pytest.approx(0.75)


@pytest.fixture
def lines(tmp_path, monkeypatch):
    monkeypatch.setattr(work, "WORK", tmp_path / "runs")
    monkeypatch.setattr(work, "LINES", tmp_path / "lines")
    return Lines("full", "target", target.PLANS["full"])


def test_no_ratio_is_claimed_where_the_score_was_not_reached(lines):
    lines.add("peer", seconds=600.0, scores=[0.88, 0.87])
    outcome = {"reached": False, "score": 0.87, "seconds": 30.0, "trials": 2}
    lines.add("tunefold", **outcome)
    text = target.report("full")
    assert "none as good after 0.5 min" in text
    assert "times" not in text


def test_ratio_is_of_the_clocks(lines):
    lines.add("peer", seconds=600.0, scores=[0.88, 0.87])
    lines.add("tunefold", reached=True, score=0.89, seconds=30.0, trials=2)
    assert "**20.0 times** as fast" in target.report("full")
