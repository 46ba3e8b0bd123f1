"""The known breakages of the libraries, each tried; run apart, by `examine_apart`.

Every function here is an examination: it runs in a process of its own and may bring
any library along. Its argument is what follows its name in `PROBES`.
"""

import os
import random
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from search.doctor.check import Check, Status
from search.doctor.child import Examination
from search.doctor.versions import read_demands
from search.errors import MissingExtraError

SECTION = "known breakages"


@dataclass(frozen=True)
class Probe:
    """An examination and what it yields."""

    examination: Examination
    argument: str
    needs: Mapping[str, tuple[str, ...]]
    """Names of its checks in order, each with the packages it depends on."""

    @property
    def cures(self) -> dict[str, str]:
        """For each check the command that installs versions that work together."""
        install = read_demands().install
        return {
            name: f"versions that work together: {install(*packages)}"
            for name, packages in self.needs.items()
        }


def probe_training(backend: str) -> Iterator[Check]:
    """Train a tiny network as a fold is trained: in a slot, pinned to one core."""
    from search.workers import make_slots

    began = time.monotonic()
    (slot,) = make_slots(1, backend=backend)
    try:
        core = slot.run(_train_tiny, backend, trial=0)
        seconds = f"{time.monotonic() - began:.0f} s with its start"
        if core is None:
            found = f"in a new process, not pinned (this system cannot); {seconds}"
        else:
            found = f"in a process of the fork server, pinned to core {core}; {seconds}"
        yield _ok(f"training, {backend}", found)
        if backend == "tensorflow":
            slot.run(_import_tensorboard, None, trial=0)
            yield _ok("tensorboard", "Keras Tuner finds it")
    finally:
        slot.close()


def probe_engine(engine: str) -> Iterator[Check]:
    """Let each sampler of an engine propose, past its random start."""
    from search.engines.registry import SAMPLERS, make_engine
    from search.types import Suggestion, Trial, TrialState
    from spaces.params import Float, Int
    from spaces.space import SearchSpace

    space = SearchSpace(
        {"x": Float(low=0.1, high=0.9, step=0.1), "n": Int(low=1, high=3)}
    )
    working, missing = [], []
    for sampler in SAMPLERS[engine]:
        try:
            made = make_engine(engine, sampler, space, seed=0, epochs=4)
            for number in range(12):  # samplers begin to model after at most ten
                asked = made.ask(number)
                if not isinstance(asked, Suggestion):
                    break
                value = float(asked.params["x"])
                made.tell(
                    Trial(
                        number=number,
                        params=asked.params,
                        state=TrialState.COMPLETE,
                        epochs=asked.epochs or 4,
                        told=value,
                        engine=engine,
                        sampler=sampler,
                    )
                )
        except MissingExtraError:
            missing.append(sampler)
        else:
            working.append(sampler)
    found = f"proposes by {', '.join(working)}"
    if missing:
        found += f"; needs an extra that is not installed: {', '.join(missing)}"
    yield _ok(f"engine {engine}", found)


def probe_keras_engines(_: str) -> Iterator[Check]:
    """Try what AutoKeras stumbles over, then Keras Tuner, then AutoKeras over it."""
    import keras
    import numpy as np

    try:
        keras.layers.Dense(np.int64(3))
        found = "accepts NumPy integers"
    except (TypeError, ValueError):
        found = (
            "refuses NumPy integers, as every AutoModel of AutoKeras 3.0 gives it; "
            "tunefold gives it plain ones"
        )
    yield _ok("keras Dense", found)
    yield from probe_engine("keras-tuner")
    yield _ok("autokeras", f"builds a network of {_build_graph():,} weights")
    yield from probe_engine("autokeras")


KERAS = ("keras", "jax", "tensorflow", "tensorflow-cpu", "numpy")
KERAS_TUNER = ("keras-tuner", "scikit-learn", "scipy", *KERAS)
AUTOKERAS = ("autokeras", *KERAS_TUNER)
PROBES = (
    Probe(
        probe_keras_engines,
        "",
        {
            "keras Dense": KERAS,
            "engine keras-tuner": KERAS_TUNER,
            "autokeras": AUTOKERAS,
            "engine autokeras": AUTOKERAS,
        },
    ),
    Probe(
        probe_training,
        "tensorflow",
        {
            "training, tensorflow": KERAS,
            "tensorboard": ("tensorboard", "tensorflow", "tensorflow-cpu"),
        },
    ),
    Probe(probe_training, "jax", {"training, jax": KERAS}),
    Probe(probe_engine, "optuna", {"engine optuna": ("optuna", "cmaes", "scipy")}),
)
"""The slowest first: they run side by side."""


def _train_tiny(backend: str) -> int | None:
    """Train one epoch; return the core it ran on, None where it was not pinned."""
    import keras
    import numpy as np

    if keras.backend.backend() != backend:
        raise RuntimeError(f"Keras runs on {keras.backend.backend()}")
    X = np.linspace(0, 1, 256, dtype=np.float32).reshape(64, 4)
    y = np.arange(64) % 3
    model: Any = keras.Sequential(
        [
            keras.Input((4,)),
            keras.layers.Dense(8, activation="relu"),
            keras.layers.Dense(3, activation="softmax"),
        ]
    )
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
    loss = model.fit(X, y, epochs=1, verbose=0).history["loss"][0]
    if not np.isfinite(loss):
        raise RuntimeError(f"the loss of a tiny network is {loss}")
    if sys.platform != "linux":
        return None
    cores = os.sched_getaffinity(0)
    if len(cores) != 1:
        raise RuntimeError(f"the process may use {len(cores)} cores, not one")
    return min(cores)


def _build_graph() -> int:
    """Import AutoKeras and build one of its graphs; return its number of weights."""
    from pipelines.autokeras_graph import nas_classifier
    from pipelines.pipeline import Shape
    from spaces.nas import NAS_TABLE

    point = NAS_TABLE.sample(random.Random(0))
    model = nas_classifier(point, Shape(inputs=(4,), n_outputs=3, n_rows=64))
    return int(model.count_params())


def _import_tensorboard(_: None) -> None:
    # what Keras Tuner imports, undeclared, in each trial on this backend
    import_module("tensorboard.plugins.hparams.api")


def _ok(name: str, found: str) -> Check:
    return Check(section=SECTION, name=name, status=Status.OK, found=found)
