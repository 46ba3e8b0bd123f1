"""The Keras backend of the tests, and made-up pipelines for those that train."""

import os
import signal
import sys
from dataclasses import replace
from types import ModuleType

# Before anything imports Keras, which reads it once. A test that runs others on a
# second backend names that one here.
os.environ["KERAS_BACKEND"] = os.environ.get("TUNEFOLD_TEST_BACKEND", "jax")

import hypothesis
import numpy as np
import pytest

from pipelines.digits import PIPELINE as DIGITS
from pipelines.part import Part, digest
from pipelines.registry import MODULES
from search.environment import set_environment
from search.fold_jobs import JobMaker
from search.rows import make_folds
from search.splitters import rows_digest
from search.types import Settings

set_environment(os.environ["KERAS_BACKEND"])  # as workers have it

# A shell starts background jobs with Ctrl-C ignored, and what is ignored stays so in
# their children: those that test it need it back.
signal.signal(signal.SIGINT, signal.default_int_handler)

# The same examples in every run, however busy the machine is.
hypothesis.settings.register_profile("tests", derandomize=True, deadline=None)
hypothesis.settings.load_profile("tests")


@pytest.fixture
def add_pipeline(monkeypatch):
    """Return a function that registers a pipeline for this test."""

    def add(pipeline):
        module = ModuleType(f"made_up_{pipeline.name}")
        module.PIPELINE = pipeline
        monkeypatch.setitem(sys.modules, module.__name__, module)
        monkeypatch.setitem(MODULES, pipeline.name, module.__name__)
        return pipeline

    return add


@pytest.fixture
def add_digits(add_pipeline, monkeypatch, tmp_path):
    """Return a function that registers digits with altered data under a new name."""
    # the mapped copies of made-up data do not belong into the user's cache
    monkeypatch.setattr("pipelines.mapped.user_cache_folder", lambda: tmp_path)

    def load_train_only(X, y):
        def load(part):
            assert part == "train", "the test rows were opened"
            return Part(X, y, source="made up")

        return load

    def add(name="altered", *, X=None, y=None, **fields):
        train = DIGITS.load("train")
        load = load_train_only(train.X if X is None else X, train.y if y is None else y)
        return add_pipeline(replace(DIGITS, name=name, **{"load": load} | fields))

    return add


@pytest.fixture
def jobs_of():
    """Return a function that makes the job maker of a study over a pipeline."""

    def jobs(pipeline, *, cv="kfold:3", seed=0, split_seed=0, n_rows=None, **fields):
        part = pipeline.load("train")
        y = np.asarray(part.y)
        folds = make_folds(
            y,
            cv,
            split_seed=split_seed,
            n_rows=n_rows,
            stratified=pipeline.task == "classification",
        )
        settings = Settings(
            name="s",
            pipeline=pipeline.name,
            space_name="dense",
            space={},
            engine="random",
            sampler="random",
            cv=cv,
            split_seed=split_seed,
            seed=seed,
            epochs=2,
            epoch="best",
            workers=1,
            n_rows=n_rows,
            experiment=pipeline.name,
            data_digest=digest(part),
            data_source=part.source,
            split_digest=rows_digest(folds),
            **{
                "metrics": ("accuracy", "log_loss"),
                "backend": os.environ["KERAS_BACKEND"],
            }
            | fields,
        )
        return JobMaker(settings, folds, y, pipeline.n_outputs)

    return jobs
