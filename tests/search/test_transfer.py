"""Studies that begin with the weights of a run, from the fit to the real command."""

import shutil

import numpy as np
import pytest
from real_command import Recorded, refused, tunefold

from pipelines.digits import PIPELINE as DIGITS
from pipelines.pipeline import Shape
from pipelines.transfer import content_digest, layer_weights
from search import model_cache
from search.errors import FatalError, TrialError
from search.fit import fit_all
from search.fold import run_fold
from search.initial_weights import FILE, keep

PARAMS = {
    "n_layers": 2, "width_1": 24, "width_2": 16, "activation": "relu",
    "batch_norm": True, "dropout": 0.2, "optimizer": "adam", "learning_rate": 0.003,
    "batch_size": 32,
}  # fmt: skip


@pytest.fixture(autouse=True)
def forget():
    model_cache._last = None


def weights(params=PARAMS):
    """Weights of a network that was built, and then made unlike a fresh one."""
    shape = Shape(inputs=(8, 8), n_outputs=10, n_rows=100, epochs=2)
    model = DIGITS.build(params, shape)
    model.set_weights([w + np.float32(0.01) for w in model.get_weights()])
    return layer_weights(model)


def fitted(params=PARAMS, *, init, **fields):
    part = DIGITS.load("train")
    X = DIGITS.prepare(part.X[:100], part.y[:100], {})(part.X[:150])
    y = np.asarray(part.y)[:150]
    return fit_all(
        DIGITS,
        params,
        X[:100],
        y[:100],
        train=(X[:50], y[:50]),
        valid=(X[100:], y[100:]),
        metrics=("accuracy", "log_loss"),
        epochs=2,
        seed=1,
        init=init,
        keep=(0,),
        **fields,
    )


def test_all_members_begin_with_the_weights_and_are_trained_on():
    init = weights()
    result = fitted(PARAMS | {"members": 2}, init=init)
    for (begun,), (ended,) in zip(result.kept[0], result.networks, strict=True):
        for place, name in ((0, "kernel"), (1, "bias")):
            assert np.array_equal(begun[place], init[0][name])
            assert not np.array_equal(ended[place], init[0][name])


def test_where_nothing_matches_the_trial_fails_with_one_line():
    narrow = PARAMS | {"width_1": 23, "width_2": 15}
    expected = (
        "--init-from: at least one kernel must have the shape of the run's, 64x24, "
        "24x16, 16x10, got 64x23, 23x15, 15x10; fix its widths by --set"
    )
    with pytest.raises(TrialError) as error:
        fitted(narrow, init=weights())
    assert str(error.value) == expected


def test_a_reset_model_begins_as_a_new_one_bit_for_bit():
    init = weights()
    fitted(init=None)  # what is trained before leaves no trace
    again = fitted(init=init)
    fresh_after = fitted(init=None)
    model_cache._last = None
    new = fitted(init=init)
    model_cache._last = None
    fresh = fitted(init=None)
    for one, other in ((again, new), (fresh_after, fresh)):
        assert one.curves == other.curves
        assert np.array_equal(one.predictions, other.predictions)
    assert new.curves != fresh.curves


def test_a_fold_begins_with_what_its_job_names(add_digits, jobs_of, tmp_path):
    pipeline = add_digits("mine")
    digest = keep(weights())
    fresh, begun = jobs_of(pipeline), jobs_of(pipeline, init_digest=digest)
    results = [
        run_fold(jobs.make(PARAMS, 0, epochs=1)) for jobs in (fresh, begun, begun)
    ]
    assert results[0].curves != results[1].curves == results[2].curves
    other = content_digest(weights(PARAMS | {"width_1": 25}))
    (tmp_path / other).mkdir()
    shutil.copy(tmp_path / digest / FILE, tmp_path / other / FILE)
    jobs = jobs_of(pipeline, init_digest=other)
    with pytest.raises(FatalError, match="got none or others"):
        run_fold(jobs.make(PARAMS, 0, epochs=1))


# The real command

EASY = [
    *("--cv", "kfold:3", "--workers", 1, "--set", "n_layers=2"),
    *("--set", "activation=relu", "--set", "optimizer=adam", "--set", "dropout=0.02"),
    *("--set", "batch_norm=false", "--set", "learning_rate=0.002..0.003"),
    *("--set", "batch_size=64", "--set", "l1=off", "--set", "l2=off"),
    *("--set", "label_smoothing=0.0"),
]
WIDE = [*EASY, "--set", "width_1=64", "--set", "width_2=32"]
RELATED = """
from dataclasses import replace
import numpy as np
from pipelines.digits import PIPELINE as DIGITS
from pipelines.part import Part

def load(part):
    # rows that digits set aside, with noise
    rows = DIGITS.load("test")
    rows = slice(0, 240) if part == "train" else slice(240, 360)
    X = np.asarray(DIGITS.load("test").X, float)[rows]
    X = X + np.random.default_rng(0).normal(size=X.shape) * 3
    return Part(X, np.asarray(DIGITS.load("test").y)[rows], source="made up")

PIPELINE = replace(DIGITS, name="noisy", load=load)
LETTERS = replace(PIPELINE, name="letters", classes=tuple("abcdefghij"))
"""


@pytest.mark.slow
def test_a_study_begins_with_a_rerun_and_goes_on_and_is_rerun_with_it(tmp_path):
    (tmp_path / "related.py").write_text(RELATED)
    cache = tmp_path / "cache"

    def run(*words, **options):
        return tunefold(*words, cwd=tmp_path, XDG_CACHE_HOME=cache, **options)

    run("search", "digits", "--name", "source", *WIDE, "--epochs", 15, "--trials", 1)
    run("rerun", "source", "--seeds", 1)
    short = [*WIDE, "--epochs", 3]
    for name in ("fresh", "begun"):
        init = ["--init-from", "source"] if name == "begun" else []
        words = [*short, *init, "--trials", 1, "--name", name]
        done = run("search", "related:PIPELINE", *words)
    assert "holds none of this study's 240 training rows" in done.stderr
    assert "(kernels 64x64, 64x32, 32x10) where shapes are equal\n" in done.stderr

    # better from the first epoch on, in each fold, and every run says so
    fresh, begun = Recorded(tmp_path, "fresh"), Recorded(tmp_path, "begun")
    for fold in range(3):
        curves = [
            s.history(s.trial(0), f"val_loss/fold_{fold}") for s in (fresh, begun)
        ]
        assert curves[1][0] < 0.8 * curves[0][0]
    (source,) = {run.data.tags["init_from"] for run in begun.runs.values()}
    assert all("init_from" not in run.data.tags for run in fresh.runs.values())

    # the weights come back from the store, for a further trial and for the rerun
    weights = list(cache.rglob(FILE))
    assert len(weights) == 1
    weights[0].unlink()
    own = ["--pipeline", "related:PIPELINE"]
    run("resume", "begun", "--trials", 2, *own)
    assert weights[0].is_file()
    assert len(Recorded(tmp_path, "begun").folds) == 6
    weights[0].unlink()
    run("rerun", "begun", "--seeds", 1, *own)
    client = begun.client
    rerun = client.search_runs(
        [begun.study.info.experiment_id], "tags.`tunefold.kind` = 'rerun'"
    )[0]
    first = client.get_metric_history(rerun.info.run_id, "loss/seed_0")[0].value
    assert first < 0.8 * fresh.history(fresh.trial(0), "loss/fold_0")[0]

    # another task keeps its own head; what has seen its rows is refused
    words = ["--init-from", source, "--trials", 1, "--name", "letters", *short]
    done = run("search", "related:LETTERS", *words)
    assert (
        "(kernels 64x64, 64x32) where shapes are equal; the head is left out"
        in done.stderr
    )
    words = ["--init-from", source, *short]
    said = refused("search", "digits", *words, cwd=tmp_path, status=2)
    assert "trained it on the same data" in said
    # neither may a study that begins with a run that began with it
    said = refused(
        "search", "digits", "--init-from", "begun", *short, cwd=tmp_path, status=2
    )
    assert f"--init-from {source}" in said
