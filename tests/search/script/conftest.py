"""Recorded trials that no study has asked for, and their scripts."""

import os
from dataclasses import replace

import pytest

from pipelines.part import digest
from pipelines.registry import complete, get_pipeline
from search.diagnosis import diagnose
from search.metrics import choose_metrics
from search.stored_study import RecordedStudy, RecordedTrial

FACTS = {"keras": "3.15.0", "jax": "0.10.2", "numpy": "2.4.0"}


@pytest.fixture
def record(make_settings, make_trial, monkeypatch, tmp_path):
    """Return a function that makes a complete trial of a pipeline's word."""
    # the mapped copies of made-up data do not belong into the user's cache
    monkeypatch.setattr("pipelines.mapped.user_cache_folder", lambda: tmp_path)

    def make(word, params, *, epoch=2, epochs=4, **fields):
        word = complete(word)
        pipeline = get_pipeline(word)
        part = pipeline.load("train")
        settings = make_settings(
            **{
                "pipeline": word,
                "data_digest": digest(part),
                "data_source": part.source,
                "metrics": choose_metrics(pipeline.task, None),
                "backend": os.environ["KERAS_BACKEND"],
            }
            | fields
        )
        trial = replace(make_trial(), params=dict(params), epoch=epoch, epochs=epochs)
        return RecordedTrial(
            study=RecordedStudy(
                settings=settings, facts=FACTS, run_id="r", experiment_id="1"
            ),
            trial=trial,
            run_id="t",
            diagnosis=diagnose(trial.folds),
            overconfidence=None,
        )

    return make
