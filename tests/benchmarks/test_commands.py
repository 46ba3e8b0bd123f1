import json
import sys

import commands
import pytest


def test_nothing_that_steers_a_side_reaches_it(monkeypatch, tmp_path):
    for name in ("KERAS_BACKEND", "OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS"):
        monkeypatch.setenv(name, "1")
    monkeypatch.setenv("JAX_COMPILATION_CACHE_DIR", "/warm")
    monkeypatch.setenv("TUNEFOLD_DATA", "/data")
    kept = commands.environment(tmp_path, KERAS_BACKEND="tensorflow")
    assert kept["KERAS_BACKEND"] == "tensorflow"
    assert kept["TUNEFOLD_DATA"] == "/data"
    assert kept["XDG_CACHE_HOME"].startswith(str(tmp_path))
    for name in ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS"):
        assert name not in kept
    assert "JAX_COMPILATION_CACHE_DIR" not in kept


def test_failed_peer_stops_the_benchmark_with_its_error(tmp_path):
    with pytest.raises(SystemExit, match="can't open file"):
        commands.peer("missing", folder=tmp_path)


SEARCH = """
import json, pathlib, sys, time
folder = pathlib.Path("tunefold-studies", sys.argv[-1])
folder.mkdir(parents=True)
with (folder / "journal.jsonl").open("w", buffering=1) as file:
    for score in (0.5, 0.6, None, 0.7, 0.8, 0.9):
        state = {0.8: "pruned", None: "failed"}.get(score, "complete")
        event = {"event": "ended", "state": state, "score": score}
        print(json.dumps(event), file=file)
        time.sleep(float(sys.argv[2]) * (score == 0.6))
"""


def searching(monkeypatch, tmp_path, seconds):
    """A command that ends a trial every so many seconds."""
    command = tmp_path / "command"
    command.write_text(f"#!{sys.executable}\n{SEARCH}")
    command.chmod(0o755)
    monkeypatch.setattr(commands, "COMMAND", command)
    return {"name": "s", "folder": tmp_path, "max_seconds": 60}


def test_search_is_stopped_at_the_first_score_that_is_good_enough(
    monkeypatch, tmp_path
):
    # the trial after it would end 5 s later: looked at 25 times until then
    options = searching(monkeypatch, tmp_path, 5)
    reached = commands.tunefold_until(0.6, 5, **options)
    assert (reached.score, reached.reached, reached.trials) == (0.6, True, 2)


def test_search_that_ends_by_itself_says_what_its_complete_trials_reached(
    monkeypatch, tmp_path
):
    options = searching(monkeypatch, tmp_path, 0)
    reached = commands.tunefold_until(0.95, 0, **options)
    assert (reached.score, reached.reached, reached.trials) == (0.9, False, 4)


def test_torn_journal_line_is_passed_over(tmp_path):
    folder = tmp_path / "tunefold-studies" / "s"
    folder.mkdir(parents=True)
    line = json.dumps({"event": "ended", "score": 0.5})
    (folder / "journal.jsonl").write_text(f'{line}\n{{"event": "en')
    assert commands.journal(tmp_path, "s") == [json.loads(line)]
