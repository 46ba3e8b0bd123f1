"""Engines and their samplers by name; an engine's library is imported on use."""

from collections.abc import Sequence
from importlib import import_module
from typing import Any

from search.errors import SettingsError
from search.protocols import Engine
from search.quiet import quiet_stderr
from spaces.space import SearchSpace, unknown

SAMPLERS = {
    "optuna": ("noisy-gp", "tpe", "cmaes", "qmc", "gp", "nsga2", "random", "grid"),
    "keras-tuner": ("bayesian", "hyperband", "random", "grid"),
    "autokeras": ("greedy", "bayesian", "hyperband", "random"),
    "random": ("random", "grid"),
}
"""Each engine's samplers, its default first."""

SEVERAL_OBJECTIVES = {
    "optuna": ("tpe", "nsga2", "gp", "qmc", "random", "grid"),
    "random": ("random", "grid"),
}
"""Samplers that search several objectives at once, or none in particular."""

MODULES = {
    "optuna": ("search.engines.optuna", "OptunaEngine"),
    "keras-tuner": ("search.engines.keras_tuner", "KerasTunerEngine"),
    "autokeras": ("search.engines.autokeras", "AutoKerasEngine"),
    "random": ("search.engines.random", "RandomEngine"),
}


def check_engine(
    engine: str, sampler: str | None, objectives: Sequence[str] = ("score",)
) -> str:
    """Return the sampler to use.

    Raises:
        SettingsError: The engine or the sampler is unknown, or searches one
            objective only.
    """
    if engine not in SAMPLERS:
        raise SettingsError(f"--engine: {unknown('engine', engine, SAMPLERS)}")
    several = SEVERAL_OBJECTIVES.get(engine, ())
    if sampler is None:
        sampler = SAMPLERS[engine][0]
        if len(objectives) > 1 and several:
            sampler = several[0]
    if sampler not in SAMPLERS[engine]:
        known = list(SAMPLERS[engine])
        raise SettingsError(
            f"--sampler: {unknown(f'{engine} sampler', sampler, known)}"
        )
    if len(objectives) > 1 and sampler not in several:
        raise SettingsError(
            f"--objectives: {engine} {sampler} searches the score alone, got "
            f"{','.join(objectives)}; use --engine optuna --sampler tpe or nsga2"
        )
    return sampler


def make_engine(
    engine: str,
    sampler: str,
    space: SearchSpace,
    *,
    seed: int,
    epochs: int,
    objectives: Sequence[str] = ("score",),
    max_parameters: int | None = None,
) -> Engine:
    """Make an engine over a space.

    Args:
        engine: A name in `SAMPLERS`.
        sampler: One of its samplers.
        space: Where points come from.
        seed: Seed of the study.
        epochs: Epochs of a full trial, for those that begin with fewer.
        objectives: The study's, the score first.
        max_parameters: The study's limit, for those that can learn it.

    Raises:
        SettingsError: The engine or the sampler is unknown, or cannot search these
            objectives.
        SpaceError: The engine cannot express the space.
        MissingExtraError: The sampler needs a package that is not installed.
    """
    check_engine(engine, sampler, objectives)
    if sampler == "grid" and engine != "keras-tuner":
        from search.engines.random import GridEngine

        return GridEngine(space)
    options: dict[str, Any] = {}
    if engine in ("keras-tuner", "autokeras"):
        options = {"epochs": epochs}
    if engine == "optuna":
        options = {"n_objectives": len(objectives), "max_parameters": max_parameters}
    module, name = MODULES[engine]
    with quiet_stderr():  # TensorFlow's greetings
        kind = getattr(import_module(module), name)
    made: Engine = kind(space, seed=seed, sampler=sampler, **options)
    return made
