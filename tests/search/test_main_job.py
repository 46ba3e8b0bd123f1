"""The main job end to end: the real command, real processes, a real tracking store.

Few searches serve many tests: they share a working folder. The networks differ in
depth and learning rate only, so that the compiler is paid for twice in all.
"""

import itertools
import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import psutil
import pytest
from real_command import (
    EPOCHS,
    MAX_SECONDS,
    N_FOLDS,
    N_TRIALS,
    OF_A,
    ONE_WORKER,
    SMALL,
    Recorded,
    environment,
    is_alive,
    kill_and_resume,
    n_folds_of,
    refused,
    running,
    search,
    tunefold,
    wait_until,
)
from sklearn.metrics import accuracy_score, classification_report, log_loss

from pipelines.digits import PIPELINE as DIGITS
from pipelines.groups import row_groups
from pipelines.part import Part, digest
from pipelines.prepared import LIST
from search.splitters import make_splitter

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The working folder of most searches; its name has to be quoted in addresses."""
    return tmp_path_factory.mktemp("main job")


@pytest.fixture(scope="module")
def a(folder):
    search("a", *OF_A, cwd=folder)
    return Recorded(folder, "a")


# Repeatable


def test_equal_settings_give_equal_trials(a):
    search("b", *ONE_WORKER, "--trials", 6, cwd=a.folder)
    assert len(a.outcome) == N_TRIALS
    assert len({str(params) for params, *_ in a.outcome}) == N_TRIALS
    assert Recorded(a.folder, "b").outcome == a.outcome[:6]


def check_differ(mine, theirs):
    """All searches begin with the same parameters; all else is the seed's."""
    pairs = list(zip(mine, theirs, strict=True))
    assert [one[0] == other[0] for one, other in pairs] == [True, False]
    assert all(one[1] != other[1] for one, other in pairs)


def test_another_seed_gives_other_trials_on_the_same_folds(a):
    few = [*ONE_WORKER, "--trials", 2]
    search("seed-1", *few, "--seed", 1, "--split-seed", 0, cwd=a.folder)
    other = Recorded(a.folder, "seed-1")
    check_differ(other.outcome, a.outcome[:2])
    tags, of_a = other.study.data.tags, a.study.data.tags
    assert (tags["seed"], tags["split_seed"]) == ("1", "0")
    assert tags["split_digest"] == of_a["split_digest"]


def test_the_default_number_of_workers_repeats_trial_by_trial(folder):
    words = ["--cv", "kfold:3", "--epochs", EPOCHS, *SMALL, "--trials", 6]
    words += ["--pruner", "none"]
    studies = []
    for name in ("wide-1", "wide-2"):
        search(name, *words, cwd=folder)
        studies.append(Recorded(folder, name))
    assert studies[0].outcome == studies[1].outcome
    studies[1].check_complete(6)
    cores = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count()
    assert studies[0].study.data.tags["workers"] == str(cores)


def test_all_of_this_holds_on_tensorflow(tmp_path):
    words = [*ONE_WORKER, "--trials", 2, "--backend", "tensorflow"]
    search("a", *words, cwd=tmp_path)
    words[-2:] = []
    search("b", *words, cwd=tmp_path, KERAS_BACKEND="tensorflow")
    search("c", *words, "--seed", 1, cwd=tmp_path, KERAS_BACKEND="tensorflow")
    one, two, three = (Recorded(tmp_path, name) for name in "abc")
    assert one.outcome == two.outcome
    check_differ(three.outcome, one.outcome)
    assert {run.data.tags["backend"] for run in two.runs.values()} == {"tensorflow"}
    two.check_complete(2)


def test_training_in_process_gives_the_same_scores(a):
    # pinned to one core with one thread as well: equal bits
    few = [*ONE_WORKER, "--trials", 2]
    search("in-process", *few, "--in-process", cwd=a.folder)
    assert Recorded(a.folder, "in-process").outcome == a.outcome[:2]


# In MLflow


@pytest.mark.ci
def test_mlflow_has_the_study_and_its_trials(a):
    a.check_complete()
    tags = a.study.data.tags
    assert (tags["engine"], tags["sampler"], tags["backend"]) == (
        "optuna",
        "noisy-gp",
        "jax",
    )
    assert (tags["cv"], tags["seed"], tags["metric"]) == ("kfold:3", "0", "accuracy")
    assert "| trial |" in tags["mlflow.note.content"]
    depths = set()
    for number, (params, score, epoch) in enumerate(a.outcome):
        run = a.trial(number)
        assert run.data.tags["mlflow.parentRunId"] == a.study.info.run_id
        assert run.data.params == {name: str(value) for name, value in params.items()}
        assert ("width_2" in run.data.params) == (params["n_layers"] == 2)
        depths.add(params["n_layers"])
        values = run.data.metrics
        assert (values["score"], values["epochs"]) == (score, epoch)
        widths = [64, *[16] * params["n_layers"], 10]
        weights = sum((m + 1) * n for m, n in itertools.pairwise(widths))
        assert values["n_parameters"] == weights
        assert values["seconds"] > 0
    assert depths == {1, 2}


@pytest.mark.ci
def test_curves_and_figures_of_a_trial_belong_together(a):
    for number, (_, score, epoch) in enumerate(a.outcome):
        run, values = a.trial(number), a.trial(number).data.metrics
        for curve in ("loss", "val_loss", "accuracy", "val_accuracy"):
            folds = [a.history(run, f"{curve}/fold_{n}") for n in range(N_FOLDS)]
            # exact: the same mean of the same numbers, stored as 64-bit floats
            assert a.history(run, curve) == np.mean(folds, axis=0).tolist()
        at_epoch = [
            a.history(run, f"val_accuracy/fold_{n}")[epoch - 1] for n in range(N_FOLDS)
        ]
        assert score == np.mean(at_epoch) == max(a.history(run, "val_accuracy"))
        assert values["score_std"] == np.std(at_epoch, ddof=1)
        gaps = np.subtract(a.history(run, "accuracy"), a.history(run, "val_accuracy"))
        assert (values["gap"], values["gap_last"]) == (gaps[epoch - 1], gaps[-1])


@pytest.mark.ci
def test_scores_can_be_recomputed_from_the_predictions(a):
    y = np.asarray(DIGITS.load("train").y)
    for number in range(N_TRIALS):
        run = a.trial(number)
        with np.load(a.artifact(run, "predictions.npz")) as file:
            rows, fold, of_rows, predicted = (
                file[name] for name in ("rows", "fold", "y", "predictions")
            )
        assert sorted(rows) == list(range(len(y)))
        assert (of_rows == y[rows]).all()
        scores, losses = [], []
        for n in range(N_FOLDS):
            here = fold == n
            shares = predicted[here].astype(np.float64)
            shares /= shares.sum(axis=1, keepdims=True)
            scores.append(accuracy_score(of_rows[here], shares.argmax(axis=1)))
            losses.append(log_loss(of_rows[here], shares, labels=range(10)))
        # exact: the very predictions were scored, and nothing is rounded on the way
        assert np.mean(scores) == run.data.metrics["score"]
        assert np.mean(scores) == run.data.metrics["score/accuracy"]
        assert np.mean(losses) == run.data.metrics["score/log_loss"]


@pytest.mark.ci
def test_best_is_the_best_child(a):
    shown = json.loads(tunefold("best", "a", "--json", cwd=a.folder).stdout)
    assert (shown["study"], shown["run_id"]) == ("a", a.study.info.run_id)
    assert (shown["metric"], shown["cv"]) == ("accuracy", "kfold:3")
    children = [a.trial(n) for n in range(N_TRIALS)]
    best = max(children, key=lambda run: run.data.metrics["score"])
    first = shown["trials"][0]
    assert first["run_id"] == best.info.run_id
    for name, shown_as in (
        ("score", "score"),
        ("score_std", "score_std"),
        ("gap", "gap"),
        ("epochs", "epoch"),
        ("n_parameters", "n_parameters"),
        ("seconds", "seconds"),
    ):
        assert first[shown_as] == best.data.metrics[name]
    assert {k: str(v) for k, v in first["params"].items()} == best.data.params
    scores = sorted((score for _, score, _ in a.outcome), reverse=True)
    assert [trial["score"] for trial in shown["trials"]] == scores[:5]


# Splitters, budgets


@pytest.mark.parametrize(
    "cv", ["monte-carlo:8:0.25", "holdout:0.2", "repeated:2:3", "time-series:3"]
)
def test_each_splitter_works_and_is_the_one_asked_for(cv, a):
    name = cv.replace(":", "-")
    few = ["--cv", cv, "--trials", 1, "--epochs", 1, "--split-seed", 7, *SMALL]
    search(name, *few, cwd=a.folder)
    study = Recorded(a.folder, name)
    y = np.asarray(DIGITS.load("train").y)
    folds = list(make_splitter(cv, seed=7, stratified=True).split(y))
    with np.load(study.artifact(study.trial(0), "predictions.npz")) as file:
        assert file["rows"].tolist() == [row for f in folds for row in f.valid]
        assert file["fold"].tolist() == [f.number for f in folds for _ in f.valid]
    digests = {s.study.data.tags["split_digest"] for s in (study, a)}
    assert len(digests) == 2
    # the latest study when none is named; one fold has no spread: null, not NaN
    shown = json.loads(
        tunefold("best", "--json", cwd=a.folder).stdout, parse_constant=pytest.fail
    )
    assert shown["study"] == name
    assert (shown["trials"][0]["score_std"] is None) == (cv == "holdout:0.2")


def test_workers_split_by_the_same_groups(a):
    few = ["--cv", "group:3", "--groups", "duplicates", "--trials", 1, "--epochs", 1]
    search("grouped", *few, *SMALL, cwd=a.folder)
    study = Recorded(a.folder, "grouped")
    part = DIGITS.load("train")
    groups = row_groups("duplicates", part, digest=digest(part))
    splitter = make_splitter("group:3", seed=0, stratified=True)
    folds = list(splitter.split(np.asarray(part.y), groups))
    with np.load(study.artifact(study.trial(0), "predictions.npz")) as file:
        assert file["rows"].tolist() == [row for f in folds for row in f.valid]
        assert file["group"].tolist() == groups[file["rows"]].tolist()
    assert study.study.data.tags["groups"] == "duplicates"
    # Without the data: the store alone says what is drawn.
    winner = json.loads(tunefold("best", "grouped", "--json", cwd=a.folder).stdout)
    assert winner["winner"]["grouped"]


def test_a_larger_budget_continues_as_if_it_had_been_given_at_once(a):
    search("grown", *ONE_WORKER, "--trials", 3, cwd=a.folder)
    tunefold("resume", "--trials", 6, cwd=a.folder)  # the latest of this folder
    grown = Recorded(a.folder, "grown")
    assert grown.outcome == a.outcome[:6]
    grown.check_complete(6)


def test_minutes_are_kept_and_reported(folder):
    limit = 0.2
    before = time.monotonic()
    done = search("timed", *ONE_WORKER, "--minutes", limit, cwd=folder)
    timed = Recorded(folder, "timed")
    assert "0.2 minutes are" in done.stderr
    assert "accuracy" in done.stdout
    asked = [e for e in timed.events if e["event"] == "asked"]
    assert len(asked) >= 1
    # from the study's first line to its last fold; the fold that runs may end
    folds = [e for e in timed.events if e["event"] == "fold"]
    longest = max(e["seconds"] for e in folds)
    took = folds[-1]["ended"] - timed.events[0]["began"]
    assert took <= limit * 60 + longest + 5  # loading, and a busy machine
    assert time.monotonic() - before < limit * 60 + 120


# Data


@pytest.fixture
def stick(tmp_path):
    tunefold("data", "fetch", "digits", "--to", "stick", cwd=tmp_path)
    return tmp_path / "stick"


def test_the_search_never_opens_the_test_rows_and_a_rerun_does(stick, tmp_path):
    garbage = stick / "digits" / "test.npz"
    garbage.write_bytes(b"no test rows")
    words = [*ONE_WORKER, "--trials", 1, "--epochs", 1]
    search("s", *words, cwd=tmp_path, TUNEFOLD_DATA=stick)
    study = Recorded(tmp_path, "s")
    study.check_complete(1, epochs=1)
    assert study.study.data.tags["data_source"] == "TUNEFOLD_DATA (scikit-learn)"
    line = refused("rerun", cwd=tmp_path, status=1, TUNEFOLD_DATA=stick)
    assert f"{garbage}: must be a complete npz file" in line
    assert not study.client.search_runs(
        [study.study.info.experiment_id], "tags.`tunefold.kind` = 'rerun'"
    )


def test_five_failures_in_a_row_stop_the_search_and_say_why(stick, tmp_path):
    train = DIGITS.load("train")
    X = train.X.astype(np.float32)
    X[0, 0, 0] = np.inf  # every standardised pixel becomes NaN
    np.savez(stick / "digits" / "train.npz", X=X, y=train.y)
    listing = json.loads((stick / "digits" / LIST).read_text())
    listing["train"]["digest"] = digest(Part(X, train.y, source="made up"))
    (stick / "digits" / LIST).write_text(json.dumps(listing))
    done = search(
        "s",
        *ONE_WORKER,
        cwd=tmp_path,
        status=1,
        TUNEFOLD_DATA=stick,
        XDG_CACHE_HOME=tmp_path / "cache",  # made-up data stay out of the user's
    )
    last = done.stderr.splitlines()[-1]
    assert last.startswith("Error: study: 5 trials in a row failed, the last because ")
    assert "is not finite in epoch 1" in last
    assert "tunefold resume s" in last
    study = Recorded(tmp_path, "s")
    assert study.study.info.status not in ("RUNNING", "FINISHED")
    for number in range(5):
        run = study.trial(number)
        assert run.info.status == "FAILED"
        assert run.data.tags["state"] == "failed"
        assert "is not finite in epoch 1" in run.data.tags["reason"]
        assert "score" not in run.data.metrics
    assert len(study.runs) == 6


# Killed and interrupted


@pytest.mark.parametrize(
    "n_folds",
    [
        0,
        pytest.param(14, id="amid trial 4"),
        pytest.param(32, id="amid trial 10, the first that is learned for"),
    ],
)
def test_a_killed_study_is_finished_as_if_nothing_had_been(n_folds, a):
    study = kill_and_resume(f"killed-{n_folds}", OF_A, n_folds=n_folds, cwd=a.folder)
    study.check_complete()
    assert study.outcome == a.outcome


def test_an_engine_with_inner_state_goes_on_where_it_was(folder):
    words = [*ONE_WORKER, "--sampler", "cmaes", "--trials", 8]
    search("cmaes", *words, cwd=folder)
    study = kill_and_resume("cmaes-killed", words, n_folds=14, cwd=folder)
    study.check_complete(8)
    assert study.outcome == Recorded(folder, "cmaes").outcome


def test_several_workers_lose_nothing_when_killed(folder):
    words = ["--cv", "kfold:3", "--epochs", EPOCHS, *SMALL, "--trials", 6]
    words += ["--pruner", "none"]
    words += ["--workers", 2]
    study = kill_and_resume("two-killed", words, n_folds=5, cwd=folder)
    study.check_complete(6)


def test_ctrl_c_ends_with_what_is_running_and_resume_goes_on(a):
    name = "interrupted"
    words = ["search", "digits", "--name", name, *OF_A]
    with running(*words, cwd=a.folder) as process:
        wait_until(lambda: n_folds_of(a.folder, name) >= 7)
        os.killpg(process.pid, signal.SIGINT)  # a terminal tells the whole group
        output, _ = process.communicate(timeout=MAX_SECONDS)
    said = process.read_stderr()
    assert process.returncode == 130, said
    assert "finishing the running folds; Ctrl-C again ends at once" in said
    assert f"go on with it: tunefold resume {name}" in said
    assert "Traceback" not in said
    assert "accuracy" in output  # the leaderboard so far
    stopped = Recorded(a.folder, name)
    assert 7 <= len(stopped.folds) < N_TRIALS * N_FOLDS
    assert "RUNNING" not in {run.info.status for run in stopped.runs.values()}
    assert stopped.study.info.status == "KILLED"
    tunefold("resume", name, cwd=a.folder)
    study = Recorded(a.folder, name)
    study.check_complete()
    assert study.outcome == a.outcome


@pytest.mark.parametrize("seconds", [0.5, 3.0])
def test_ctrl_c_before_the_first_fold_leaves_nothing_behind(seconds, tmp_path):
    with running("search", "digits", "--name", "s", *OF_A, cwd=tmp_path) as process:
        time.sleep(seconds)  # among the imports; while workers start
        children = psutil.Process(process.pid).children(recursive=True)
        os.killpg(process.pid, signal.SIGINT)
        process.communicate(timeout=60)
    assert process.returncode in (1, 130)
    assert "Traceback" not in process.read_stderr()
    wait_until(lambda: not any(map(is_alive, children)), seconds=5)
    assert not (tmp_path / "tunefold-studies").exists()


# The winner meets the test rows

LOAD_MODEL = """
import sys
import mlflow
import numpy as np

uri, address, check, target = sys.argv[1:]
mlflow.set_tracking_uri(uri)
model = mlflow.keras.load_model(address)
with np.load(check) as file:
    np.save(target, model.predict(file["rows"], verbose=0))
"""


@pytest.fixture(scope="module")
def rerun(a):
    """The first look at the test rows, which stays the only one in this store."""
    done = tunefold("rerun", "a", "--seeds", 2, "--json", cwd=a.folder)
    return json.loads(done.stdout, parse_constant=pytest.fail)


@pytest.fixture(scope="module")
def again(a, rerun, tmp_path_factory):
    """The second look, from a folder where nothing is but the way to the store."""
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    best = max(range(N_TRIALS), key=lambda n: a.outcome[n][1])
    words = [a.trial(best).info.run_id, "--seeds", 1, "--tracking-uri", a.uri]
    journals, away = a.folder / "tunefold-studies", elsewhere / "moved away"
    journals.rename(away)
    try:
        done = tunefold("rerun", *words, cwd=elsewhere)
    finally:
        away.rename(journals)
    assert not list(elsewhere.iterdir())
    return done


def of_rerun(a, rerun, name):
    return Path(a.client.download_artifacts(rerun["run_id"], name))


@pytest.mark.ci
def test_a_rerun_reports_test_scores_with_two_spreads(a, rerun):
    score = max(score for _, score, _ in a.outcome)
    assert (rerun["study"], rerun["cv_score"]) == ("a", score)
    best = next(n for n, outcome in enumerate(a.outcome) if outcome[1] == score)
    assert (rerun["trial"], rerun["params"]) == (best, a.outcome[best][0])
    assert (rerun["n_train"], rerun["n_test"], rerun["n_seeds"]) == (1437, 360, 2)
    assert rerun["look"] == 1
    test = DIGITS.load("test")
    with np.load(of_rerun(a, rerun, "test_predictions.npz")) as file:
        y, predictions = file["y"], file["predictions"]
    assert (y == test.y).all()
    assert predictions.shape == (2, 360, 10)
    scores = [accuracy_score(y, p.argmax(axis=1)) for p in predictions]
    accuracy = rerun["metrics"]["accuracy"]
    assert accuracy["mean"] == np.mean(scores)
    assert accuracy["seed_std"] == np.std(scores, ddof=1)
    assert accuracy["low"] < accuracy["mean"] < accuracy["high"]
    assert accuracy["interval"] == "Wilson"
    values = a.client.get_run(rerun["run_id"]).data.metrics
    for part in ("", "seed_std", "low", "high"):
        name = f"test_accuracy_{part}".removesuffix("_")
        assert values[name] == accuracy[part or "mean"]
    run = a.client.get_run(rerun["run_id"])
    assert run.info.status == "FINISHED"
    assert run.data.tags["mlflow.parentRunId"] == a.trial(best).info.run_id
    for seed in range(2):
        for curve in ("loss", "accuracy"):
            assert len(a.history(run, f"{curve}/seed_{seed}")) == rerun["epochs"]


@pytest.mark.ci
def test_a_rerun_leaves_pictures_and_a_report(a, rerun):
    from matplotlib.image import imread

    for name in ("curves.png", "confusion_matrix.png"):
        picture = imread(of_rerun(a, rerun, name))
        assert min(picture.shape[:2]) >= 400
        assert len(np.unique(picture.reshape(-1, picture.shape[2]), axis=0)) > 20
    with np.load(of_rerun(a, rerun, "test_predictions.npz")) as file:
        y, predicted = file["y"], file["predictions"][0].argmax(axis=1)
    report = of_rerun(a, rerun, "classification_report.txt").read_text()
    expected = classification_report(y, predicted, digits=4, zero_division=0.0)
    # the last line holds the averages over all classes
    assert report.splitlines()[-1].split() == expected.strip().splitlines()[-1].split()


@pytest.mark.ci
def test_the_logged_model_predicts_what_was_scored(a, rerun, tmp_path):
    check = of_rerun(a, rerun, "model_check.npz")
    target = tmp_path / "predicted.npy"
    words = [a.uri, rerun["model"], str(check), str(target)]
    subprocess.run(
        [sys.executable, "-c", LOAD_MODEL, *words],
        check=True,
        env=environment(KERAS_BACKEND="jax"),
        cwd=tmp_path,
        capture_output=True,
    )
    with np.load(check) as file:
        stored = file["predictions"]
    assert stored.std() > 0.01
    # float32: other cores and another number of rows sum up in another order
    np.testing.assert_allclose(np.load(target), stored, rtol=1e-4, atol=1e-6)
    (version,) = a.client.search_model_versions("name = 'a'")
    assert version.run_id == rerun["run_id"]


def test_a_second_look_is_counted(again):
    lines = again.stdout.splitlines()
    advice = "look 2 at this test set: choose by cross-validation, report the first"
    assert advice in lines
    assert any(line.startswith("test accuracy 0.") for line in lines)


def test_a_rerun_needs_nothing_but_store_and_data_and_repeats_itself(a, rerun, again):
    run_id = next(
        line.split()[1] for line in again.stdout.splitlines() if line[:4] == "run "
    )
    both = []
    for name in (rerun["run_id"], run_id):
        path = a.client.download_artifacts(name, "test_predictions.npz")
        with np.load(path) as file:
            both.append(file["predictions"])
    assert len(both[1]) == 1
    assert (both[0][0] == both[1][0]).all()


def test_stderr_of_a_rerun_is_for_people(again):
    assert "absl" not in again.stderr
    assert "WARNING" not in again.stderr


# What goes wrong outside of the folder


def test_a_server_that_is_not_there_stops_a_search_before_it_begins(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as free:
        uri = f"http://127.0.0.1:{free.getsockname()[1]}"
    words = ["search", "digits", *OF_A, "--tracking-uri", uri]
    line = refused(*words, cwd=tmp_path, status=1)
    assert f"{uri}: the tracking store cannot be used" in line
    assert not list(tmp_path.iterdir())


def test_a_name_that_the_store_knows_from_elsewhere(a, tmp_path):
    words = ["search", "digits", *OF_A, "--name", "a", "--tracking-uri", a.uri]
    line = refused(*words, cwd=tmp_path, status=2)
    assert f"study 'a': exists already in {a.uri}" in line
    assert not list(tmp_path.iterdir())
    line = refused("best", "aa", "--tracking-uri", a.uri, cwd=tmp_path, status=2)
    assert "unknown study 'aa'; did you mean 'a'?" in line


def test_the_ui_takes_the_next_port_and_says_so(a):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with running("ui", "a", "--port", port, cwd=a.folder) as process:
            lines = [process.stdout.readline().split() for _ in range(5)]
            os.killpg(process.pid, signal.SIGINT)
            process.communicate(timeout=60)
    said = process.read_stderr()
    names, addresses = zip(*lines, strict=True)
    assert names == ("page", "table", "curves", "parameters", "figures")
    assert f"port {port} is taken, using the next free one" in said
    assert all(address.startswith("http://127.0.0.1:") for address in addresses)
    assert not any(f":{port}/" in address for address in addresses)
    assert process.returncode == 0
    assert "Traceback" not in said
