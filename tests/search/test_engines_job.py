"""Every engine end to end: the real command on the same folds, one study for many."""

import itertools
import json
import shutil
from collections import defaultdict
from importlib.util import find_spec

import psutil
import pytest
from real_command import (
    MAX_SECONDS,
    ONE_WORKER,
    SMALL,
    Recorded,
    events_of,
    kill_and_resume,
    refused,
    running,
    search,
    tunefold,
    wait_until,
)

from pipelines.pipeline import Shape
from pipelines.registry import get_pipeline
from search.engines.registry import SAMPLERS

pytestmark = pytest.mark.slow

# Four points in all, so that the engines meet.
FOUR = [*SMALL, "--set", "learning_rate=0.001,0.004"]
QUICK = [
    "--cv",
    "kfold:3",
    "--epochs",
    4,
    "--pruner",
    "none",
    *FOUR,
    "--space",
    "dense",
    "--trials",
    5,
]
CHAIN = ["keras-tuner", "autokeras", "random", "optuna"]


def changed(words, old, new):
    """The same words with one in place of another."""
    assert old in words
    return [new if word == old else word for word in words]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("engines")


@pytest.fixture(scope="module")
def studies(folder):
    """One study of each engine, on the same pipeline, folds and seed."""
    for engine in SAMPLERS:
        search(engine, "--engine", engine, "--seed", 0, *QUICK, cwd=folder)
    return {engine: Recorded(folder, engine) for engine in SAMPLERS}


def test_engines_change_who_proposes_and_nothing_else(studies):
    digests = {s.study.data.tags["split_digest"] for s in studies.values()}
    assert len(digests) == 1
    scores = defaultdict(set)
    engines = defaultdict(set)
    for engine, study in studies.items():
        assert study.study.data.tags["engine"] == engine
        for params, score, epoch in study.outcome:
            scores[json.dumps(params)].add((score, epoch))
            engines[json.dumps(params)].add(engine)
    # bit for bit the same score, whoever proposed the point
    assert {len(of_point) for of_point in scores.values()} == {1}
    assert max(map(len, engines.values())) >= 3


def test_any_engine_goes_on_with_any_study(studies, folder):
    """One study handed on from engine to engine, in a chain."""
    for n, engine in enumerate(CHAIN, start=6):
        tunefold("resume", "optuna", "--engine", engine, "--trials", n, cwd=folder)
    study = Recorded(folder, "optuna")
    proposed = [study.trial(n).data.tags["engine"] for n in range(5 + len(CHAIN))]
    assert proposed == ["optuna"] * 5 + CHAIN
    assert study.study.data.tags["engine"] == CHAIN[-1]
    events = [e["engine"] for e in study.events if e["event"] == "engine"]
    assert events == CHAIN
    # each has been told of all that came before
    told = [e["number"] for e in study.events if e["event"] == "told"]
    assert told == list(range(len(told)))
    best = tunefold("best", "optuna", "--json", cwd=folder).stdout
    assert len(json.loads(best)["trials"]) == 5


def test_a_study_that_was_handed_on_survives_a_kill(folder):
    words = [*ONE_WORKER, "--trials", 12, "--engine", "random"]
    search("whole", *words[:-4], "--trials", 4, "--engine", "random", cwd=folder)
    tunefold("resume", "whole", "--engine", "optuna", "--trials", 12, cwd=folder)
    search("cut", *words[:-4], "--trials", 4, "--engine", "random", cwd=folder)
    tunefold("resume", "cut", "--engine", "optuna", "--trials", 7, cwd=folder)
    # without --engine it stays with the one that took over
    tunefold("resume", "cut", "--trials", 12, cwd=folder)
    assert Recorded(folder, "cut").outcome == Recorded(folder, "whole").outcome


HYPERBAND = ["--engine", "keras-tuner", "--sampler", "hyperband"]


@pytest.fixture(scope="module")
def hyperband(folder):
    search("hyperband", *ONE_WORKER, *HYPERBAND, "--trials", 12, cwd=folder)
    return Recorded(folder, "hyperband")


def test_rungs_have_their_place_and_none_in_the_leaderboard(hyperband, folder):
    asked = [e for e in hyperband.events if e["event"] == "asked"]
    rungs = [e["number"] for e in asked if e["rung"]]
    full = [e["number"] for e in asked if not e["rung"]]
    assert {asked[n]["epochs"] for n in rungs} == {1}
    assert {asked[n]["epochs"] for n in full} == {3}
    best = json.loads(tunefold("best", "hyperband", "--json", cwd=folder).stdout)
    assert {row["number"] for row in best["trials"]} <= set(full)
    for number in rungs:
        run = hyperband.trial(number)
        assert run.data.tags["rung"] == "1"
        assert "score" not in run.data.metrics
        assert len(hyperband.history(run, "val_loss")) == 1
        assert run.data.metrics["rung_score"] == run.data.metrics["told"]
    promoted = [e for e in asked if e["continues"] is not None]
    assert promoted
    told = {e["number"]: e["told"] for e in hyperband.events if e["event"] == "ended"}
    for event in promoted:
        earlier = asked[event["continues"]]
        assert event["params"] == earlier["params"]
        tag = hyperband.trial(event["number"]).data.tags["continues"]
        assert tag == f"hyperband/{earlier['number']}"
        # of the trials of its bracket it was told of none was better
        bracket = [n for n in rungs if abs(n - earlier["number"]) < 3]
        assert told[earlier["number"]] == max(told[n] for n in bracket)


@pytest.mark.parametrize(
    "sampler",
    [("keras-tuner", "hyperband"), ("autokeras", "greedy"), ("optuna", "nsga2")],
)
def test_an_engine_with_inner_state_goes_on_where_it_was(sampler, folder):
    engine, name = sampler
    words = [*ONE_WORKER, "--space", "dense", "--engine", engine, "--sampler", name]
    words += ["--trials", 10]
    search(f"whole-{name}", *words, cwd=folder)
    cut = kill_and_resume(f"cut-{name}", words, n_folds=13, cwd=folder)
    assert cut.outcome == Recorded(folder, f"whole-{name}").outcome


def test_a_warm_start_tells_first_what_is_known(studies, folder):
    search("warm", *QUICK, "--warm-start", "random", cwd=folder)
    study = Recorded(folder, "warm")
    warm = study.events[0]["warm"]
    told = {json.dumps(p): s for p, s, _ in studies["random"].outcome}
    assert {json.dumps(e["params"]): e["told"] for e in warm} == told
    assert len(study.outcome) == 5
    line = refused(
        "search", "digits", *QUICK, "--split-seed", 1, "--warm-start", "random",
        cwd=folder, status=2,
    )  # fmt: skip
    assert "its split digest is" in line
    line = refused(
        "search", "digits", *changed(QUICK, "dropout=0.2", "dropout=0.5"),
        "--warm-start", "random", cwd=folder, status=2,
    )  # fmt: skip
    assert "none of its 5 complete trials is a point of this study's space" in line


def test_models_that_are_too_large_are_refused_and_the_search_goes_on(folder):
    # with 16 units one layer has 1,210 weights on digits, two have 1,482
    search("limited", *ONE_WORKER, "--trials", 9, "--max-parameters", 1300, cwd=folder)
    study = Recorded(folder, "limited")
    for number in range(9):
        run = study.trial(number)
        if run.data.params["n_layers"] == "1":
            assert run.data.tags["state"] == "complete"
        else:
            assert run.data.tags["state"] == "failed"
            reason = "too large: at most 1,300 weights, got 1,482"
            assert run.data.tags["reason"] == reason
            assert run.data.metrics["n_parameters"] == 1482
            assert not [name for name in run.data.metrics if "loss" in name]
    layers = {study.trial(n).data.params["n_layers"] for n in range(9)}
    assert layers == {"1", "2"}


@pytest.mark.parametrize("limit", ["--max-seconds", "--max-memory"])
def test_trials_over_a_limit_fail_and_the_search_goes_on(folder, limit):
    # a tenth of a second is over before Keras has built; a worker with Keras has more
    value = {"--max-seconds": 0.1, "--max-memory": 50}[limit]
    name = limit.strip("-")
    search(name, *ONE_WORKER, "--trials", 7, limit, value, cwd=folder)
    study = Recorded(folder, name)
    for number in range(7):  # more than the failures in a row that end a study
        run = study.trial(number)
        assert run.data.tags["state"] == "failed"
        assert run.data.tags["reason"].startswith("over a limit: its ")
        assert limit in run.data.tags["reason"]


def test_several_objectives_end_in_a_front(folder):
    search(
        "two", *changed(ONE_WORKER, "width_1=16", "width_1=16..64"),
        "--trials", 8, "--objectives", "score,n_parameters",
        cwd=folder,
    )  # fmt: skip
    best = json.loads(tunefold("best", "two", "-n", 8, "--json", cwd=folder).stdout)
    rows = best["trials"]
    assert best["objectives"] == ["score", "n_parameters"]
    for row, other in itertools.permutations(rows, 2):
        if row["on_front"]:
            assert not (
                other["score"] > row["score"]
                and other["n_parameters"] <= row["n_parameters"]
            )
    assert any(row["on_front"] for row in rows)
    # a short list still has the whole front
    short = json.loads(tunefold("best", "two", "-n", 1, "--json", cwd=folder).stdout)
    front = [row["number"] for row in rows if row["on_front"]]
    assert [r["number"] for r in short["trials"] if r["on_front"]] == front
    assert "front" in tunefold("best", "two", cwd=folder).stdout


def test_what_every_engine_leaves_is_the_same(studies, folder):
    for engine, study in studies.items():
        kinds = {e["event"] for e in events_of(folder, engine)}
        assert kinds - {"engine"} == {
            "study", "session", "asked", "fold", "ended", "told", "stopped"
        }  # fmt: skip
        run = study.trial(0)
        assert run.data.tags["sampler"] == SAMPLERS[engine][0]
        assert {"score", "gap", "n_parameters", "seconds"} <= set(run.data.metrics)


@pytest.mark.parametrize("engine", [*SAMPLERS])
def test_memory_stays_level_over_sixty_trials(engine, tmp_path):
    words = ["--cv", "holdout:0.2", "--epochs", 1, *SMALL, "--space", "dense"]
    words += ["--engine", engine, "--trials", 60, "--workers", 1, "--name", "long"]

    def n_ended():
        events = events_of(tmp_path, "long")
        return sum(event["event"] == "ended" for event in events)

    with running("search", "digits", *words, cwd=tmp_path) as process:
        study = psutil.Process(process.pid)
        wait_until(lambda: n_ended() >= 10)
        early = study.memory_info().rss
        wait_until(lambda: n_ended() >= 59 or process.poll() is not None)
        grown = (study.memory_info().rss - early) / 2**20
        process.communicate(timeout=MAX_SECONDS)
    assert grown < 50, f"{grown:.0f} MB"
    recorded = Recorded(tmp_path, "long")
    peaks = [recorded.trial(n).data.metrics["peak_memory_mb"] for n in range(60)]
    assert max(peaks[50:]) - max(peaks[:10]) < 50


EIGHT = [*SMALL, "--set", "learning_rate=0.001,0.002,0.004,0.008"]


@pytest.mark.parametrize(
    ("engine", "sampler"),
    [
        pytest.param(
            engine,
            sampler,
            marks=pytest.mark.skipif(
                sampler == "gp" and find_spec("torch") is None,
                reason="gp needs the extra with torch",
            ),
        )
        for engine, samplers in SAMPLERS.items()
        for sampler in samplers
    ],
)
def test_every_sampler_runs_eight_trials(engine, sampler, folder):
    name = f"{engine}-{sampler}"
    words = ["--cv", "holdout:0.2", "--epochs", 3, *EIGHT, "--space", "dense"]
    words += ["--engine", engine, "--sampler", sampler, "--trials", 8]
    search(name, *words, cwd=folder)
    study = Recorded(folder, name)
    assert len(study.outcome) == 8
    for number in range(8):
        run = study.trial(number)
        assert run.data.tags["state"] == "complete"
        assert run.data.tags["sampler"] == sampler
        # what has no effect is in no record
        two_layers = run.data.params["n_layers"] == "2"
        assert ("width_2" in run.data.params) == two_layers
        asked = next(
            e for e in study.events if e["event"] == "asked" and e["number"] == number
        )
        assert ("width_2" in asked["params"]) == two_layers


def layer_shapes(model):
    return [
        (type(layer).__name__, [tuple(weight.shape) for weight in layer.weights])
        for layer in model.layers
    ]


def test_architectures_of_several_kinds_and_the_best_one_again(folder, monkeypatch):
    words = ["--engine", "autokeras", "--rows", 600, "--cv", "holdout:0.3"]
    tunefold(
        "search", "fashion_mnist", *words, "--epochs", 1, "--trials", 12,
        "--name", "nas", cwd=folder,
    )  # fmt: skip
    study = Recorded(folder, "nas")
    complete = [
        study.trial(n)
        for n in range(12)
        if study.trial(n).data.tags["state"] == "complete"
    ]
    free = ("block", "dense/", "conv/", "reduction/", "tail/")
    architectures = {
        json.dumps(
            {k: v for k, v in sorted(run.data.params.items()) if k.startswith(free)}
        )
        for run in complete
    }
    assert len(architectures) >= 6
    assert len({run.data.params["block"] for run in complete}) >= 2
    for n in range(12):
        params = study.trial(n).data.params
        for block in ("dense", "conv", "resnet"):
            has_its_own = any(name.startswith(f"{block}/") for name in params)
            assert has_its_own == (params["block"] == block)
    # from the tracking store alone: journals gone, another process
    shutil.move(folder / "tunefold-studies" / "nas", folder / "nas moved away")
    tunefold("rerun", "nas", "--seeds", 1, cwd=folder)
    best = json.loads(tunefold("best", "nas", "-n", 1, "--json", cwd=folder).stdout)
    (row,) = best["trials"]
    import mlflow

    monkeypatch.chdir(folder)
    mlflow.set_tracking_uri(study.uri)
    (logged,) = (
        model
        for model in study.client.search_logged_models([study.study.info.experiment_id])
        if model.source_run_id != study.study.info.run_id
    )
    again = mlflow.keras.load_model(logged.model_uri)
    pipeline = get_pipeline("fashion_mnist")
    built = pipeline.build(
        row["params"], Shape(inputs=(28, 28), n_outputs=10, n_rows=600)
    )
    assert layer_shapes(again) == layer_shapes(built)
    assert again.count_params() == row["n_parameters"]
