"""JAX against TensorFlow on one core: which backend trains which networks faster.

Trains the same networks on rows of Fashion-MNIST, each backend in a process of its
own, in turn. Prints the median seconds of an epoch without the first, which compiles,
and the first one beside it.

    .venv/bin/python benchmarks/backends.py
"""

import itertools
import json
import os
import statistics
import subprocess
import sys
import time
from typing import Any

N_ROWS, EPOCHS, ROUNDS = 6400, 4, 3
BACKENDS = ("jax", "tensorflow")
COMMON: dict[str, Any] = {
    "optimizer": "adam",
    "learning_rate": 1e-3,
    "batch_size": 128,
    "label_smoothing": 0.0,
}
TAIL: dict[str, Any] = {"tail/n_layers": 0, "head/dropout": 0.0, "l1": "off"}
CONV: dict[str, Any] = {
    **TAIL,
    "head/label_smoothing": 0.0,
    "l2": "off",
    "block": "conv",
    "conv/kernel_size": 3,
    "conv/max_pooling": True,
    "conv/num_blocks": 2,
    "conv/num_layers": 2,
    "conv/dropout": 0.0,
    "conv/filters_0": 32,
    "conv/filters_1": 32,
    "reduction/reduction_type": "flatten",
}
NETWORKS: dict[str, dict[str, Any]] = {
    "dense 64-64-64": {
        "n_layers": 3,
        **{f"width_{layer}": 64 for layer in (1, 2, 3)},
        "activation": "relu",
    },
    "dense 512-256": {
        "n_layers": 2,
        "width_1": 512,
        "width_2": 256,
        "activation": "relu",
    },
    "conv 32-32, 2 layers each": {**CONV, "conv/separable": False},
    "the same, separable": {**CONV, "conv/separable": True},
}


def train(name: str) -> list[float]:
    """Return the seconds of each epoch."""
    import keras

    from pipelines.fashion_mnist import PIPELINE
    from pipelines.pipeline import Shape

    data = PIPELINE.load("train")
    X, y = data.X[:N_ROWS], data.y[:N_ROWS]
    X = PIPELINE.prepare(X, y, {})(X)
    params = {**COMMON, **NETWORKS[name]}
    if "block" in params:
        del params["label_smoothing"]
    keras.utils.set_random_seed(0)
    model = PIPELINE.build(
        params, Shape(inputs=X.shape[1:], n_outputs=10, n_rows=len(X))
    )
    times = [time.perf_counter()]
    note = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: times.append(time.perf_counter())
    )
    PIPELINE.train(model, X, y, params, epochs=EPOCHS, callbacks=[note])
    return [end - begin for begin, end in itertools.pairwise(times)]


def measure(name: str, backend: str) -> list[float]:
    done = subprocess.run(
        [sys.executable, __file__, name],
        env={**os.environ, "KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "3"},
        capture_output=True,
        text=True,
        check=True,
    )
    seconds: list[float] = json.loads(done.stdout.splitlines()[-1])
    return seconds


def main() -> None:
    print(f"{N_ROWS:,} rows, batch 128, one core, median of {ROUNDS} processes")
    print(f"{'network':<28}{'jax':>9}{'tensorflow':>12}{'ratio':>8}   first epoch")
    for name in NETWORKS:
        runs: dict[str, list[list[float]]] = {backend: [] for backend in BACKENDS}
        for _ in range(ROUNDS):
            for backend in BACKENDS:
                runs[backend].append(measure(name, backend))
        later = {
            backend: statistics.median(s for run in of for s in run[1:])
            for backend, of in runs.items()
        }
        first = {
            backend: statistics.median(run[0] for run in of)
            for backend, of in runs.items()
        }
        print(
            f"{name:<28}{later['jax']:>8.2f}s{later['tensorflow']:>11.2f}s"
            f"{later['jax'] / later['tensorflow']:>8.2f}"
            f"   {first['jax']:.1f} s / {first['tensorflow']:.1f} s"
        )


if __name__ == "__main__":
    if len(sys.argv) > 1:
        if hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
        print(json.dumps(train(sys.argv[1])))
    else:
        main()
