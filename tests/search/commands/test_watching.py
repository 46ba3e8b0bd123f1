"""`tunefold watch`: a study of this folder, of the store, and a real search."""

import contextlib
import os
import pty
import re
import signal
import subprocess
import threading
import time
from dataclasses import asdict
from pathlib import Path

import pytest
from click.testing import CliRunner
from real_command import COMMAND, SMALL, environment, running, wait_until

from search.cli import main
from search.commands import watching
from search.journal import FOLDER, Journal
from search.recorder import Recorder
from search.types import Budget


@pytest.fixture
def make_journal(make_settings):
    """Return a function that begins a study in the working folder."""
    with contextlib.ExitStack() as stack:

        def make(name):
            settings = make_settings(name=name)
            budget = asdict(Budget(trials=4))
            facts = {"began": time.time(), "budget": budget, "facts": {}}
            journal = Journal.create(Path(FOLDER) / name, settings, facts)
            stack.callback(journal.close)
            return journal

        yield make


@pytest.fixture
def in_folder(tmp_path, monkeypatch):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.chdir(tmp_path)


def watch(*words):
    done = CliRunner().invoke(main, ["watch", *words])
    assert done.exception is None or isinstance(done.exception, SystemExit), done
    return done


def write(journal, trial):
    journal.asked(trial)
    for fold in trial.folds:
        journal.fold(trial.number, fold)
    journal.ended(trial)


def test_once_prints_the_study_written_last(in_folder, make_journal, make_trial):
    make_journal("a")
    write(make_journal("b"), make_trial(0))
    done = watch("--once")
    assert done.exit_code == 0
    assert done.stdout.startswith("b  digits, kfold:3")
    assert "1/4" in done.stdout
    assert done.stderr == ""
    assert watch("a", "--once").stdout.startswith("a  digits")


def test_a_pipe_gets_a_line_for_each_trial_until_the_end(
    in_folder, make_journal, make_trial, monkeypatch
):
    monkeypatch.setattr(watching, "JOURNAL_SECONDS", 0.05)
    journal = make_journal("a")

    def search():
        for number in range(3):
            time.sleep(0.4)
            write(journal, make_trial(number, height=0.7 + 0.1 * number))
        time.sleep(0.4)
        journal.stopped("all 3 trials are done")

    thread = threading.Thread(target=search)
    thread.start()
    done = watch("a")
    thread.join()
    lines = done.stdout.splitlines()
    assert [line.split()[1] for line in lines] == ["0/4", "1/4", "2/4", "3/4"]
    assert "accuracy 0.8600 in trial 2" in lines[-1]
    assert done.stderr == "study 'a' has ended: all 3 trials are done\n"


def test_a_study_of_another_machine_is_read_from_the_store(
    store, make_settings, make_trial
):
    recorder = Recorder(store, make_settings(name="far"), began=time.time())
    recorder.begin({})
    recorder.trial(make_trial(0), Path("none.npz"))
    done = watch("far", "--once", "--tracking-uri", store.uri)
    assert "read from the tracking store" in done.stdout
    assert "best accuracy 0.8600 in trial 0" in done.stdout


def test_where_there_is_nothing_it_says_what_to_do(in_folder):
    done = watch()
    assert done.exit_code == 1
    [line] = done.stderr.splitlines()
    assert "run a search first" in line
    assert not list(Path.cwd().iterdir())


# A real search


class Terminal:
    """A command in a terminal of 80 columns and 24 rows, and all that it wrote."""

    def __init__(self, *words, cwd):
        main_end, its_end = pty.openpty()
        self.process = subprocess.Popen(
            [COMMAND, *words],
            cwd=cwd,
            env=environment(COLUMNS=80, LINES=24, TERM="xterm"),
            stdin=its_end,
            stdout=its_end,
            stderr=its_end,
            start_new_session=True,
        )
        os.close(its_end)
        self._end, self._parts = main_end, []
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self):
        with contextlib.suppress(OSError):  # the other end is closed
            while part := os.read(self._end, 4096):
                self._parts.append(part)

    @property
    def text(self):
        return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", b"".join(self._parts).decode())

    def wait(self):
        status = self.process.wait(300)
        self._reader.join()
        os.close(self._end)
        return status


@pytest.mark.slow
def test_a_search_is_watched_from_another_process_until_it_ends(tmp_path):
    words = ["--cv", "kfold:3", "--epochs", 200, "--workers", 1, "--trials", 3, *SMALL]
    search = ["search", "digits", "--name", "w", *words]
    with running(*search, cwd=tmp_path) as process:
        wait_until((tmp_path / FOLDER / "w" / "journal.jsonl").exists)
        leaving = Terminal("watch", "w", cwd=tmp_path)
        staying = Terminal("watch", cwd=tmp_path)
        wait_until(lambda: "1/3 " in staying.text)
        wait_until(lambda: re.search("[0-3]/3 ", leaving.text))  # no longer importing
        leaving.process.send_signal(signal.SIGINT)
        assert leaving.wait() == 0
        assert "has ended" not in leaving.text
        assert process.poll() is None
        assert staying.wait() == 0
        assert process.wait() == 0
    seen = staying.text
    assert "study 'w' has ended: all 3 trials are done" in seen
    assert re.search(r" 0 +\d +[123]/3 +0:\d\d +[▁▂▃▄▅▆▇█]+ +[01]\.\d{4}", seen), seen
    assert "3/3" in seen
    assert "Traceback" not in seen + leaving.text + process.read_stderr()
    lines = [line.rstrip() for line in seen.replace("\r", "\n").split("\n")]
    assert max(map(len, lines)) <= 80
    assert not (tmp_path / FOLDER / "w" / "slots").exists()
    once = subprocess.run(
        [COMMAND, "watch", "--once"], cwd=tmp_path, capture_output=True, text=True
    )
    assert "3/3" in once.stdout
    assert "has ended: all 3 trials are done" in once.stderr
