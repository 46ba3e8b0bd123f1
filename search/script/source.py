"""What a script is written of: a trial, its study, and the training data's form."""

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.early_stopping import n_inner_rows
from pipelines.mapped import open_mapped
from pipelines.pipeline import Pipeline, Shape
from pipelines.registry import MODULES, get_pipeline
from pipelines.resampling import n_resampled
from pipelines.spec import MODULE, read_spec, short_name
from search.configuration import describe
from search.errors import SettingsError
from search.fit import choose_training_rows
from search.numbers import write_score
from search.script.layout import WIDTH
from search.script.preparing import Kind
from search.seeding import derive_seed
from search.stored_study import RecordedTrial
from search.types import Settings, Trial
from spaces.evaluation import MEMBERS
from spaces.space import Params

_PLACEHOLDER = (8,)
"""Shape of a row of words or of a table: no layer's arguments depend on it."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Source:
    """A trial that can be written, and the data it was searched on.

    Attributes:
        settings: The study's.
        trial: Complete.
        facts: Versions at the time of the search.
        pipeline: The study's.
        X: All training rows, raw.
        y: Their targets.
    """

    settings: Settings
    trial: Trial
    facts: Mapping[str, str]
    pipeline: Pipeline
    X: NDArray[Any]
    y: NDArray[Any]

    @property
    def params(self) -> Params:
        """The trial's parameters."""
        return self.trial.params

    @property
    def kind(self) -> Kind:
        """What the rows are."""
        if self.X.dtype.names:
            return "table"
        if self.X.dtype == np.uint32 and self.X.ndim == 2:
            return "text"
        return "images" if self.X.ndim > 2 else "columns"

    @property
    def seed(self) -> int:
        """The first seed of a rerun."""
        return derive_seed(self.settings.seed, 0, "rerun")

    @property
    def member_seeds(self) -> list[int]:
        """One seed for each network of an ensemble; the first one is `seed`."""
        further = range(1, int(self.params.get(MEMBERS, 1)))
        return [self.seed, *(derive_seed(self.seed, MEMBERS, n) for n in further)]

    @property
    def trained_on(self) -> NDArray[Any]:
        """Targets of the training rows that the configuration uses."""
        every = np.arange(len(self.y))
        return self.y[choose_training_rows(every, self.params, seed=self.seed)]

    @property
    def shape(self) -> Shape:
        """What the network is built for."""
        as_given = self.kind in ("images", "columns")
        return Shape(
            inputs=self.X.shape[1:] if as_given else _PLACEHOLDER,
            n_outputs=self.pipeline.n_outputs,
            n_rows=n_resampled(self.trained_on, self.params),
            task=self.pipeline.task,
            epochs=self.trial.epochs,
        )

    @property
    def stratified(self) -> bool:
        """Whether the rows that stop a training are cut class by class."""
        y = self.trained_on
        if y.dtype.kind not in "iu":
            return False
        _, counts = np.unique(y, return_counts=True)
        return bool(counts.min() >= 2 and n_inner_rows(len(y)) >= len(counts))


def source_of(recorded: RecordedTrial) -> Source:
    """Check that a trial can be written, and open its data.

    Raises:
        SettingsError: The trial is not complete, or something of it cannot be written;
            the message names it.
        DataError: The data is not here or is not the study's.
    """
    settings, trial = recorded.study.settings, recorded.trial
    if trial.epoch is None or trial.score is None:
        raise SettingsError(
            f"export: trial {trial.number} of study '{settings.name}' must be "
            f"complete, got {trial.state}; take another, 'tunefold best' lists them"
        )
    if settings.init_from is not None:
        raise SettingsError(
            "export: no plain code is known for --init-from, weights of another run; "
            "load the model that 'tunefold rerun' logs"
        )
    spec = read_spec(settings.pipeline)
    if spec is not None and spec.kind == MODULE and settings.pipeline not in MODULES:
        raise SettingsError(
            f"export: no plain code is known for the pipeline {spec.place}, which is "
            "code of your own; export writes pipelines of tunefold"
        )
    pipeline = get_pipeline(settings.pipeline)
    part = open_mapped(
        pipeline.load,
        name=pipeline.name,
        part="train",
        expected_digest=settings.data_digest,
    )
    return Source(
        settings=settings,
        trial=trial,
        facts=recorded.study.facts,
        pipeline=pipeline,
        X=part.X,
        y=np.asarray(part.y),
    )


def description(source: Source) -> str:
    """Return lines that say what a script is, and what it needs."""
    settings, trial = source.settings, source.trial
    return _folded(
        f"{settings.name}, trial {trial.number}, as plain Keras.",
        "",
        f"Configuration: {describe(trial.params)}.",
        f"Cross-validation ({settings.cv}): {_score(source)}.",
        *_needs(source),
    )


def describe_ensemble(sources: Sequence[Source], weights: Sequence[float]) -> str:
    """Return the same of a script that trains several trials.

    Args:
        sources: The trials, of one study.
        weights: Their shares of the mean.
    """
    settings = sources[0].settings
    members = [
        f"{weight:.2f} x trial {source.trial.number}: {describe(source.params)}; "
        f"cross-validation ({settings.cv}) {_score(source)}."
        for source, weight in zip(sources, weights, strict=True)
    ]
    title = f"{settings.name}, ensemble of {len(sources)}, as plain Keras."
    return _folded(title, "", *members, *_needs(sources[0]))


def _score(source: Source) -> str:
    settings, trial = source.settings, source.trial
    return (
        f"{settings.metrics[0]} {write_score(trial.score or 0.0)} at epoch "
        f"{trial.epoch} of {trial.epochs}"
    )


def _needs(source: Source) -> list[str]:
    settings = source.settings
    needed = [
        f"{name}=={source.facts[name]}"
        for name in ("keras", settings.backend, "numpy", "scikit-learn")
        if name in source.facts
    ]
    return [
        f"Data: {short_name(settings.pipeline)}, {len(source.y):,} training rows.",
        f"Needs {', '.join(needed)}; others may give other digits.",
    ]


def _folded(*lines: str) -> str:
    folded = [
        line
        for each in lines
        for line in textwrap.wrap(each, WIDTH, break_on_hyphens=False) or [""]
    ]
    text = "\n".join(folded) + "\n"
    return text.replace("\\", "/").replace('"', "'")
