"""What measuring by predictions costs, beside Keras' own validation.

Trains the same dense networks on one fold of Fashion-MNIST three ways, in turn, on
one core: without any validation, with `validation_data` as in the Keras guides, and
with the search's measuring (validation rows and a sample of training rows predicted
after every epoch, accuracy and log-loss by scikit-learn). Prints seconds per epoch
without the first, which compiles, and what each adds.

    .venv/bin/python benchmarks/measuring.py
"""

import os
import statistics
import time
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "jax")
if hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})

import keras
import numpy as np

from pipelines.fashion_mnist import PIPELINE
from pipelines.pipeline import Shape
from search.measure import Measurer, measured_rows
from search.model_cache import fresh_model
from search.rows import make_folds

EPOCHS = 4
ROUNDS = 3
WAYS = ("nothing", "validation_data", "measuring")


class EpochTimer(keras.callbacks.Callback):
    """Notes when each epoch is over, measuring included."""

    def on_train_begin(self, logs: Any = None) -> None:
        self.times = [time.perf_counter()]

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self.times.append(time.perf_counter())


def main() -> None:
    data = PIPELINE.load("train")
    fold = make_folds(data.y, "kfold:5", split_seed=0, n_rows=None, stratified=True)[0]
    transform = PIPELINE.prepare(data.X[fold.train], data.y[fold.train], {})
    X, X_valid = transform(data.X[fold.train]), transform(data.X[fold.valid])
    y, y_valid = data.y[fold.train], data.y[fold.valid]
    sample = measured_rows(fold.train, len(fold.valid), seed=0)
    shape = Shape(inputs=X.shape[1:], n_outputs=10, n_rows=len(X))
    print(f"{len(X):,} training rows, {len(X_valid):,} validation rows, batch 128")
    for widths in [(64, 64, 64), (128,), (512, 256)]:
        params: dict[str, Any] = {
            "n_layers": len(widths),
            **{f"width_{i}": width for i, width in enumerate(widths, start=1)},
            "activation": "relu",
            "dropout": 0.2,
            "optimizer": "adam",
            "learning_rate": 1e-3,
            "batch_size": 128,
        }
        seconds: dict[str, list[float]] = {way: [] for way in WAYS}
        for _ in range(ROUNDS):
            for way in WAYS:
                model = fresh_model(PIPELINE, params, shape, seed=1)
                timer = EpochTimer()
                options: dict[str, Any] = {}
                callbacks: list[Any] = []
                if way == "validation_data":
                    one_hot = np.eye(10, dtype=np.float32)[y_valid]
                    options["validation_data"] = (X_valid, one_hot)
                elif way == "measuring":
                    measurer = Measurer(
                        PIPELINE.evaluate,
                        train=(X[sample], y[sample]),
                        valid=(X_valid, y_valid),
                        metrics=("accuracy", "log_loss"),
                    )
                    callbacks.append(measurer.callback())
                model.fit(
                    X,
                    np.eye(10, dtype=np.float32)[y],
                    batch_size=128,
                    epochs=EPOCHS,
                    verbose=0,
                    callbacks=[*callbacks, timer],
                    **options,
                )
                seconds[way] += np.diff(timer.times)[1:].tolist()
        epoch = {way: statistics.median(times) for way, times in seconds.items()}
        bare = epoch["nothing"]
        added = {way: epoch[way] / bare - 1 for way in WAYS[1:]}
        print(
            f"{'-'.join(map(str, widths)):<10} epoch {bare:.3f} s; "
            f"validation_data +{added['validation_data']:.1%}; "
            f"measuring +{added['measuring']:.1%}; measuring beyond validation_data "
            f"{epoch['measuring'] / epoch['validation_data'] - 1:+.1%}"
        )


if __name__ == "__main__":
    main()
