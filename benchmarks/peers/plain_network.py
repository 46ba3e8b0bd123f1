"""The network of a configuration in plain Keras, as its guides write one."""

import time
from collections.abc import Mapping
from typing import Any

import keras
from keras import layers


def plain_network(values: Mapping[str, Any]) -> keras.Model:
    """Build and compile; layer order, penalties and optimizers as in `pipelines`."""
    l1, l2 = values.get("l1_strength", 0.0), values.get("l2_strength", 0.0)
    model = keras.Sequential([keras.Input((28, 28)), layers.Flatten()])
    for layer in range(1, values["n_layers"] + 1):
        penalty = keras.regularizers.L1L2(l1=l1, l2=l2) if l1 or l2 else None
        model.add(layers.Dense(values[f"width_{layer}"], kernel_regularizer=penalty))
        if values["batch_norm"]:
            model.add(layers.BatchNormalization())
        model.add(layers.Activation(values["activation"]))
        if values["dropout"]:
            model.add(layers.Dropout(values["dropout"]))
    model.add(layers.Dense(10, activation="softmax"))
    model.compile(
        optimizer=_optimizer(values),
        loss=keras.losses.CategoricalCrossentropy(
            label_smoothing=values["label_smoothing"]
        ),
        metrics=["accuracy"],
    )
    return model


def _optimizer(values: Mapping[str, Any]) -> keras.optimizers.Optimizer:
    if values["optimizer"] == "sgd":
        rate = values["sgd_learning_rate"]
        return keras.optimizers.SGD(rate, momentum=0.9, nesterov=True)
    kinds = {"adam": keras.optimizers.Adam, "adamw": keras.optimizers.AdamW}
    return kinds[values["optimizer"]](values["learning_rate"])


class EpochSeconds(keras.callbacks.Callback):  # type: ignore[misc]
    """Notes how long each epoch took, validation included."""

    def on_train_begin(self, logs: Any = None) -> None:
        self.seconds: list[float] = []

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self._begin = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self.seconds.append(time.perf_counter() - self._begin)
