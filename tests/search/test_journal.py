"""The journal: what is written comes back, whatever a crash leaves behind."""

import errno
import json
import math
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from search import journal as journal_module
from search.errors import FatalError, SettingsError
from search.events import fold_from_json, fold_to_json, read_trials, settings_from_json
from search.journal import Journal, has_begun, studies_in
from search.journal_line import read_line, write_line
from search.types import Budget, FoldResult, Settings, Trial, TrialState

SETTINGS = Settings(
    name="s",
    pipeline="toy",
    space_name="toy",
    space={"x": {"kind": "float", "low": 0.0, "high": 1.0}},
    engine="random",
    sampler="random",
    cv="kfold:2",
    split_seed=0,
    seed=0,
    epochs=2,
    metrics=("accuracy", "log_loss"),
    epoch="best",
    workers=1,
    n_rows=None,
    backend="jax",
    experiment="tunefold",
    data_digest="d",
    data_source="made up",
    split_digest="e",
    tags={"who": "me"},
)
ASKED = Trial(
    number=0, params={"x": 0.1 + 0.2, "on": True}, state=TrialState.RUNNING, epochs=2
)
COMPLETE = replace(ASKED, state=TrialState.COMPLETE, score=0.75, epoch=2, told=0.75)

HOLD = """
import sys, time
from pathlib import Path
from search.journal import Journal
journal = Journal.open(Path(sys.argv[1]))
journal.stopped("for now")
print("open", flush=True)
time.sleep(60)
"""


def make_fold(number, *, curves=None):
    return FoldResult(
        fold=number,
        curves=curves
        or {
            "loss": [0.5, 0.25],
            "val_loss": [0.5, 0.5],
            "accuracy": [0.5, 0.75],
            "val_accuracy": [0.5, 0.75],
        },
        rows=np.arange(3, dtype=np.int64) + 3 * number,
        predictions=np.full((2, 3, 2), number, dtype=np.float32),
        n_parameters=7,
        seconds=1.5,
        epoch_seconds=[0.5, 0.25],
        measure_seconds=0.125,
        peak_memory_mb=100.0,
        ended=1.7e9,
    )


def plain(trial):
    """What of a trial can be compared: folds hold arrays."""
    return replace(trial, folds=()), [fold_to_json(f) for f in trial.folds]


def keep(journal, number, result):
    """Both steps of a fold; return what is in the journal."""
    stored = journal.predictions.keep_fold(number, result)
    journal.fold(number, stored)
    return stored


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "studies" / "s"


@pytest.fixture
def journal(folder):
    made = Journal.create(folder, SETTINGS, {"python": "3"})
    yield made
    made.close()


def write_study(journal):
    """One complete trial, a copy of it, a stopped, a failed and an open one."""
    journal.asked(ASKED)
    folds = tuple(keep(journal, 0, make_fold(n)) for n in (1, 0))  # as they end
    trials = [replace(COMPLETE, folds=folds[::-1])]
    journal.ended(trials[0])
    journal.told(0)
    for number, changes in enumerate(
        [
            {"copy_of": 0, "folds": folds[::-1], "told": 0.75},
            {"state": TrialState.STOPPED, "score": None, "reason": "slow, \N{BUG}"},
            {"state": TrialState.FAILED, "score": None, "told": -1.0},
            {"state": TrialState.RUNNING, "score": None, "told": None, "epoch": None},
        ],
        start=1,
    ):
        trial = replace(COMPLETE, number=number, **changes)
        journal.asked(trial)
        if number > 1:
            keep(journal, number, make_fold(2))  # another slot's, before fold 1
            folds = (keep(journal, number, make_fold(0)),)
            trial = replace(trial, folds=folds)
        if trial.state is not TrialState.RUNNING:
            journal.ended(trial)  # fold 2 does not count
        else:
            trial = replace(trial, folds=(*folds, make_fold(2)))
        trials.append(trial)
    return trials


# Round trips


def test_the_first_line_holds_settings_and_facts(journal):
    [event] = journal.events()
    assert event["event"] == "study"
    assert event["python"] == "3"
    assert settings_from_json(event["settings"]) == SETTINGS


def test_every_trial_is_read_back(journal):
    written = write_study(journal)
    read = read_trials(journal.events())
    assert list(read) == [0, 1, 2, 3, 4]
    for trial in written:
        assert plain(read[trial.number]) == plain(trial)
        assert all(fold.predictions is None for fold in read[trial.number].folds)


def test_another_process_reads_the_same(journal, folder):
    written = write_study(journal)
    journal.stopped("all 5 trials are asked")
    journal.close()
    again = Journal.open(folder)
    assert again.events() == journal.events()
    assert again.events()[-1]["reason"] == "all 5 trials are asked"
    assert list(map(plain, read_trials(again.events()).values())) == [
        plain(trial) for trial in written
    ]
    again.close()


def test_each_session_of_a_study_leaves_its_budget(journal):
    write_study(journal)
    before = read_trials(journal.events())
    journal.session(Budget(trials=20, minutes=1.5), began=12.5)
    assert journal.events("session") == [
        {
            "event": "session",
            "began": 12.5,
            "budget": {"trials": 20, "minutes": 1.5, "max_failures": 5},
        }
    ]
    after = read_trials(journal.events())
    assert list(map(plain, after.values())) == list(map(plain, before.values()))


def test_parameters_keep_their_types_and_last_digit(journal):
    params = {"flag": True, "n": 1, "x": 0.1 + 0.2, "one": 1.0, "word": "true"}
    journal.asked(replace(ASKED, params=params))
    read = read_trials(journal.events())[0].params
    assert read == params
    assert list(map(type, read.values())) == [bool, int, float, float, str]


def test_what_is_not_finite_becomes_null_and_nan():
    curves = {"loss": [1.0, math.nan], "val_loss": [math.inf, -math.inf]}
    text = json.dumps(fold_to_json(make_fold(0, curves=curves)), allow_nan=False)
    assert json.loads(text)["curves"] == {"loss": [1.0, None], "val_loss": [None] * 2}
    read = fold_from_json(json.loads(text)).curves
    assert read["loss"][0] == 1.0
    assert [math.isnan(v) for v in (read["loss"] + read["val_loss"])[1:]] == [True] * 3


def test_a_line_is_in_the_file_before_the_call_returns(journal, folder):
    for number in range(3):
        journal.told(number)
        last = (folder / "journal.jsonl").read_bytes().splitlines(keepends=True)[-1]
        assert read_line(last) == {"event": "told", "number": number}
        assert last.endswith(b"\n")


# Commits


@pytest.fixture
def disk(monkeypatch):
    """Counts writes to the disk; `fails` lets the next one fail, `slow` takes time."""

    class Disk:
        syncs = 0
        fails = False
        slow = 0.0

        def sync(self, descriptor):
            self.syncs += 1
            time.sleep(self.slow)
            if self.fails:
                self.fails = False
                raise OSError(errno.EIO, "Input/output error")

    disk = Disk()
    monkeypatch.setattr(journal_module, "_sync", disk.sync)
    return disk


def test_a_commit_covers_all_lines_before_it(journal, disk):
    for number in range(3):
        journal.told(number)
    assert disk.syncs == 0
    assert journal.commit() == journal.written == 4  # with the first line
    assert disk.syncs == 1
    assert journal.commit() == 4  # nothing new
    assert disk.syncs == 1


def test_threads_that_wait_share_a_commit(journal, disk):
    disk.slow = 0.02
    together = threading.Barrier(20)
    writing = threading.Lock()
    covered = []

    def work(number):
        together.wait()
        with writing:
            journal.told(number)
            mine = journal.written
        covered.append(journal.commit() >= mine)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert covered == [True] * 20
    assert disk.syncs < 10  # 2 or 3, more where threads start late


def test_after_a_commit_that_failed_nothing_is_written(journal, disk, folder):
    journal.told(0)
    disk.fails = True
    clear = r"journal.jsonl: cannot be written \(Input/output error\); make room"
    with pytest.raises(FatalError, match=clear):
        journal.commit()
    # The disk may have dropped the lines, though it takes the next ones.
    with pytest.raises(FatalError, match=clear):
        journal.commit()
    before = (folder / "journal.jsonl").read_bytes()
    with pytest.raises(FatalError, match=clear):
        journal.told(1)
    assert (folder / "journal.jsonl").read_bytes() == before
    assert disk.syncs == 1


def test_a_closed_journal_is_written_no_more(journal, folder):
    before = (folder / "journal.jsonl").read_bytes()
    journal.close()
    with pytest.raises(FatalError, match="is closed"):
        journal.told(0)
    assert (folder / "journal.jsonl").read_bytes() == before


# Damage


def test_a_torn_last_line_is_cut_off_wherever_it_tore(journal, folder):
    write_study(journal)
    path = folder / "journal.jsonl"
    whole = path.read_bytes()
    events = journal.events()
    journal.close()
    begin = whole[:-1].rfind(b"\n") + 1
    for end in range(begin, len(whole)):  # without its newline a line is not whole
        path.write_bytes(whole[:end])
        assert Journal(folder).events() == events[:-1]  # a reader cuts nothing
        again = Journal.open(folder)
        assert path.read_bytes() == whole[:end]  # nor does who has not begun to write
        again.told(77)  # lands on a line of its own
        assert again.events() == [*events[:-1], {"event": "told", "number": 77}]
        again.close()


DAMAGES = [b'{"event":"to', b"\0\0\0", b"", b"12", b"[]", b'{"number":3}']


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_line_in_the_middle_is_named(damage, journal, folder):
    write_study(journal)
    path = folder / "journal.jsonl"
    lines = path.read_bytes().split(b"\n")
    lines[3] = damage
    path.write_bytes(b"\n".join(lines))
    with pytest.raises(FatalError, match=r"journal\.jsonl: line 4 must be an event"):
        journal.events()


def test_no_bit_of_a_line_can_be_changed_unseen():
    event = {"event": "ended", "number": 3, "reason": 'so "far"', "score": 0.25}
    line = write_line(event)
    assert read_line(line) == event
    for place, byte in enumerate(line[:-1]):
        for bit in range(8):
            changed = bytes([byte ^ 1 << bit])
            assert read_line(line[:place] + changed + line[place + 1 :]) is None


def test_a_line_of_before_there_were_checksums_is_read():
    event = {"event": "told", "number": 3}
    assert read_line(json.dumps(event).encode() + b"\n") == event


def test_a_write_that_fails_leaves_whole_lines_only(journal, folder):
    # A limit on the size of files stands for a full disk: the last write is short.
    code = (
        "import resource, sys\n"
        "from pathlib import Path\n"
        "from search.errors import FatalError\n"
        "from search.journal import Journal\n"
        "journal = Journal.open(Path(sys.argv[1]))\n"
        "size = (journal.folder / 'journal.jsonl').stat().st_size\n"
        "hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (size + 20, hard))\n"
        "try:\n"
        "    journal.stopped('x' * 100)\n"
        "except FatalError as error:\n"
        "    print(error)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))\n"
        "journal.told(0)\n"
    )
    pytest.importorskip("resource", reason="file size limits are POSIX")
    journal.close()
    done = run_python(code, folder)
    assert (
        "cannot be written (File too large); make room, then 'tunefold resume s'"
        in done
    )
    assert [event["event"] for event in journal.events()] == ["study", "told"]


# Folders


def names_synced(monkeypatch):
    """Return a list of folders the disk was told to keep, with the names in them."""
    if not Path("/proc/self/fd").exists():
        pytest.skip("only Linux tells which file a descriptor is of")
    synced = []
    sync = os.fsync

    def noted(descriptor):
        path = Path(f"/proc/self/fd/{descriptor}").readlink()
        if path.is_dir():
            synced.append((path, sorted(inside.name for inside in path.iterdir())))
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", noted)
    return synced


def test_the_disk_knows_the_names_of_a_new_study(tmp_path, folder, monkeypatch):
    synced = names_synced(monkeypatch)
    journal = Journal.create(folder, SETTINGS, {})
    names = ["journal.jsonl", "predictions", "running.json", "running.lock"]
    assert synced == [
        (folder, names),
        (folder.parent, ["s"]),
        (tmp_path, ["studies"]),
    ]
    journal.asked(ASKED)
    journal.predictions.keep_fold(0, make_fold(0))
    assert synced[3:] == [(folder / "predictions", ["trial-00000-fold-0.npy"])]
    journal.commit()
    assert len(synced) == 4  # once for each file
    journal.close()


def test_who_opens_it_and_writes_nothing_changes_nothing(journal, folder):
    write_study(journal)
    journal.close()
    with (folder / "journal.jsonl").open("ab") as file:
        file.write(b'{"event":"to')
    (folder / "running.json").write_text('{"pid": 7}')  # of a process that was killed

    def content():
        return {f: f.read_bytes() for f in folder.rglob("*") if f.is_file()}

    before = content()
    Journal.open(folder).close()
    assert content() == before


def test_an_existing_study_is_left_alone(journal, folder):
    before = (folder / "journal.jsonl").read_bytes()
    with pytest.raises(SettingsError, match=r"'s': exists already.*tunefold resume s"):
        Journal.create(folder, SETTINGS, {})
    assert (folder / "journal.jsonl").read_bytes() == before


def test_a_file_in_place_of_the_folder_above(tmp_path):
    (tmp_path / "studies").write_text("")
    with pytest.raises(SettingsError, match="cannot be written"):
        Journal.create(tmp_path / "studies" / "s", SETTINGS, {})


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0,
    reason="root may write everywhere, Windows has no such mode",
)
def test_an_unwritable_folder(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(SettingsError, match=r"cannot be written \(Permission denied"):
        Journal.create(tmp_path / "studies" / "s", SETTINGS, {})
    tmp_path.chmod(0o700)
    assert list(tmp_path.iterdir()) == []


# One writer


def run_python(code, *args):
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, args)],
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    return done.stdout


@pytest.fixture
def holder(journal, folder):
    """Another process that has the study open."""
    journal.close()
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder)], stdout=subprocess.PIPE, text=True
    )
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == "open\n"
        yield process
        process.kill()


def test_a_second_process_is_refused_while_the_first_lives(holder, folder):
    before = (folder / "journal.jsonl").read_bytes()
    with pytest.raises(SettingsError, match=f"'s': process {holder.pid} is working"):
        Journal.open(folder)
    assert (folder / "journal.jsonl").read_bytes() == before
    assert Journal(folder).events()  # reading is free
    holder.send_signal(signal.SIGKILL)
    os.waitid(os.P_PID, holder.pid, os.WEXITED | os.WNOWAIT)
    Journal.open(folder).close()  # dead, though its parent has not looked yet
    holder.wait()
    Journal.open(folder).close()  # nobody has to tidy up after a crash


@pytest.mark.parametrize("first_line", [None, b"", b'{"event":"stu'])
def test_a_start_that_was_killed_before_its_first_line_is_no_study(
    tmp_path, first_line
):
    folder = tmp_path / "s"
    folder.mkdir()
    if first_line is not None:
        (folder / "journal.jsonl").write_bytes(first_line)
    assert not has_begun(folder)
    assert studies_in(tmp_path) == []
    journal = Journal.create(folder, SETTINGS, {"python": "3"})
    assert [event["event"] for event in journal.events()] == ["study"]
    assert studies_in(tmp_path) == [folder]
    journal.close()


def test_a_journal_that_is_still_being_created_is_refused_too(journal, folder):
    code = HOLD.replace("time.sleep(60)", "")
    with pytest.raises(subprocess.CalledProcessError) as refused:
        run_python(code, folder)
    assert f"process {os.getpid()} is working on it" in refused.value.stderr
    journal.close()
    assert run_python(code, folder) == "open\n"


@pytest.mark.parametrize("text", ["", '{"pid": 12', "{}", "[]"])
def test_a_damaged_lock_keeps_nobody_out(text, journal, folder):
    journal.close()
    (folder / "running.json").write_text(text)
    Journal.open(folder).close()


def test_a_process_with_the_number_of_a_dead_one_is_no_owner(journal, folder):
    journal.close()
    other = {"pid": os.getppid(), "started": 1.0}  # that process began later
    (folder / "running.json").write_text(json.dumps(other))
    Journal.open(folder).close()
