"""Engines and their samplers by name; an engine's library is imported on use."""

from importlib import import_module

from search.errors import SettingsError
from search.protocols import Engine
from spaces.space import SearchSpace, unknown

SAMPLERS = {
    "optuna": ("tpe", "cmaes", "qmc", "gp", "random", "grid"),
    "random": ("random", "grid"),
}
"""Each engine's samplers, its default first."""


def check_engine(engine: str, sampler: str | None) -> str:
    """Return the sampler to use.

    Raises:
        SettingsError: The engine or the sampler is unknown.
    """
    if engine not in SAMPLERS:
        raise SettingsError(f"--engine: {unknown('engine', engine, SAMPLERS)}")
    if sampler is None:
        return SAMPLERS[engine][0]
    if sampler not in SAMPLERS[engine]:
        known = list(SAMPLERS[engine])
        raise SettingsError(
            f"--sampler: {unknown(f'{engine} sampler', sampler, known)}"
        )
    return sampler


def make_engine(engine: str, sampler: str, space: SearchSpace, *, seed: int) -> Engine:
    """Make an engine over a space.

    Raises:
        SettingsError: The engine or the sampler is unknown.
        SpaceError: The engine cannot express the space.
        MissingExtraError: The sampler needs a package that is not installed.
    """
    check_engine(engine, sampler)
    if sampler == "grid":
        from search.engines.random import GridEngine

        return GridEngine(space)
    if engine == "optuna":
        optuna = import_module("search.engines.optuna")
        made: Engine = optuna.OptunaEngine(space, seed=seed, sampler=sampler)
        return made
    from search.engines.random import RandomEngine

    return RandomEngine(space, seed=seed, sampler=sampler)
