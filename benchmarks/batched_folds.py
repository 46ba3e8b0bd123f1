"""Folds one by one against all folds in one program, in float32 and bfloat16.

    .venv/bin/python benchmarks/batched_folds.py

Runs on the device that JAX finds: a question for machines with a GPU. One by one is
what a search does, `model.fit` for each fold; in one program the same network is
trained on all folds at once, stacked along a new axis (`jax.vmap`), an epoch being one
call. On a CPU this runs in one process with all cores; a search has a process per core.
"""

import argparse
import os
import statistics
import time
from collections.abc import Callable
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "jax")

import jax
import keras
import numpy as np
from numpy.typing import NDArray

N_FOLDS, BATCH, EPOCHS = 5, 128, 4
NETWORKS = {"64-64-64": (64, 64, 64), "512-256": (512, 256), "1024 x 3": (1024,) * 3}


def network(widths: tuple[int, ...], n_inputs: int) -> Any:
    keras.utils.set_random_seed(0)
    layers: list[Any] = [keras.Input((n_inputs,))]
    for width in widths:
        layers += [keras.layers.Dense(width, "relu"), keras.layers.Dropout(0.2)]
    layers.append(keras.layers.Dense(10, "softmax", dtype="float32"))
    model = keras.Sequential(layers)
    model.compile("adam", "sparse_categorical_crossentropy", steps_per_execution=25)
    return model


def one_by_one(
    model: Any, X: NDArray[Any], y: NDArray[Any], folds: NDArray[Any]
) -> Callable[[], None]:
    def epoch() -> None:
        for rows in folds:
            model.fit(X[rows], y[rows], batch_size=BATCH, verbose=0)

    return epoch


def in_one_program(
    model: Any, X: NDArray[Any], y: NDArray[Any], folds: NDArray[Any]
) -> Callable[[], None]:
    optimizer = model.optimizer
    optimizer.build(model.trainable_variables)
    X_device, y_device = jax.device_put(X), jax.device_put(y)
    loss_of = keras.losses.SparseCategoricalCrossentropy()

    def step(state: Any, rows: Any) -> Any:
        trainable, other, slots = state

        def loss(trainable: Any, other: Any) -> Any:
            predicted, other = model.stateless_call(
                trainable, other, X_device[rows], training=True
            )
            return loss_of(y_device[rows], predicted), other

        (value, other), gradients = jax.value_and_grad(loss, has_aux=True)(
            trainable, other
        )
        trainable, slots = optimizer.stateless_apply(slots, gradients, trainable)
        return (trainable, other, slots), value

    run = jax.jit(
        jax.vmap(lambda state, rows: jax.lax.scan(step, state, rows)), donate_argnums=0
    )
    groups = (
        model.trainable_variables,
        model.non_trainable_variables,
        optimizer.variables,
    )
    state = jax.tree.map(
        lambda variable: np.repeat(np.asarray(variable)[None], len(folds), axis=0),
        tuple([v.value for v in group] for group in groups),
    )
    rng = np.random.default_rng(0)

    def epoch() -> None:
        nonlocal state
        n_steps = folds.shape[1] // BATCH
        rows = rng.permuted(folds, axis=1)[:, : n_steps * BATCH]
        state, losses = run(state, rows.reshape(len(folds), n_steps, BATCH))
        losses.block_until_ready()

    return epoch


def seconds(epoch: Callable[[], None]) -> float:
    """Median seconds of an epoch of one fold, without the first, which compiles."""
    epoch()
    taken = []
    for _ in range(EPOCHS):
        began = time.perf_counter()
        epoch()
        taken.append(time.perf_counter() - began)
    return statistics.median(taken) / N_FOLDS


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    asked.add_argument("--rows", type=int, default=12_800)
    n_rows = asked.parse_args().rows
    rng = np.random.default_rng(0)
    X = rng.standard_normal((n_rows, 784), dtype=np.float32)
    y = rng.integers(0, 10, n_rows)
    parts = rng.permutation(n_rows).reshape(N_FOLDS, -1)
    folds = np.array(
        [np.concatenate(np.delete(parts, fold, axis=0)) for fold in range(N_FOLDS)]
    )
    print(f"{jax.devices()[0]}, {folds.shape[1]:,} training rows, batches of {BATCH}")
    print("| network | numbers | one by one | in one program | gain |")
    print("|---|---|---|---|---|")
    for name, widths in NETWORKS.items():
        for policy in ("float32", "mixed_bfloat16"):
            keras.mixed_precision.set_dtype_policy(policy)
            alone, together = (
                seconds(way(network(widths, X.shape[1]), X, y, folds))
                for way in (one_by_one, in_one_program)
            )
            print(
                f"| {name} | {policy} | {alone:.3f} s | {together:.3f} s | "
                f"{alone / together:.2f}x |"
            )


if __name__ == "__main__":
    main()
