"""Optuna and Keras with the usual objective, as Optuna's Keras examples write it.

The objective builds and fits one network with a validation split; a callback reports
`val_accuracy` after every epoch and prunes by `MedianPruner()`, as the callback of
optuna-integration does. No tracking, as in the examples. TensorFlow, all cores.

    python benchmarks/peers/optuna_loop.py --configurations FILE.json --out FILE
"""

import argparse
import json
from pathlib import Path
from typing import Any

import keras
import optuna
from plain_network import EpochSeconds, plain_network
from rows import Record, fashion_mnist, seconds_since_start, standardised


def values_of(trial: optuna.Trial) -> dict[str, Any]:
    """Ask for a configuration of the space `dense`."""
    values: dict[str, Any] = {"n_layers": trial.suggest_int("n_layers", 1, 6)}
    for layer in range(1, values["n_layers"] + 1):
        name = f"width_{layer}"
        values[name] = trial.suggest_int(name, 16, 512, log=True)
    activations = ["relu", "gelu", "tanh"]
    values["activation"] = trial.suggest_categorical("activation", activations)
    values["batch_norm"] = trial.suggest_categorical("batch_norm", [False, True])
    values["dropout"] = trial.suggest_float("dropout", 0.0, 0.6)
    for name, low, high in (("l1", 1e-7, 1e-4), ("l2", 1e-6, 1e-2)):
        if trial.suggest_categorical(name, ["off", "on"]) == "on":
            strength = f"{name}_strength"
            values[strength] = trial.suggest_float(strength, low, high, log=True)
    values["label_smoothing"] = trial.suggest_float("label_smoothing", 0.0, 0.3)
    kinds = ["adam", "adamw", "sgd"]
    values["optimizer"] = trial.suggest_categorical("optimizer", kinds)
    name, low, high = "learning_rate", 1e-4, 1e-2
    if values["optimizer"] == "sgd":
        name, low, high = "sgd_learning_rate", 3e-3, 0.3
    values[name] = trial.suggest_float(name, low, high, log=True)
    values["batch_size"] = trial.suggest_categorical("batch_size", [64, 128, 256])
    return values


class Pruning(keras.callbacks.Callback):  # type: ignore[misc]
    """What `optuna_integration.KerasPruningCallback` does."""

    def __init__(self, trial: optuna.Trial) -> None:
        super().__init__()
        self._trial = trial

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self._trial.report(float(logs["val_accuracy"]), step=epoch)
        if self._trial.should_prune():
            raise optuna.TrialPruned(f"pruned after epoch {epoch + 1}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--configurations", type=Path, required=True)
    parser.add_argument("--rows", type=int, default=60_000)
    parser.add_argument("--cv", default="holdout:0.2", help="its first fold is used")
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--out", type=Path, required=True, help="trials as JSON lines")
    args = parser.parse_args()
    record = Record(args.out)
    X, classes, (fold, *_) = fashion_mnist(args.rows, args.cv)
    y = keras.utils.to_categorical(classes)
    X_train, X_valid = standardised(X[fold.train], X[fold.valid])
    y_train, y_valid = y[fold.train], y[fold.valid]

    def objective(trial: optuna.Trial) -> float:
        keras.backend.clear_session()
        values = values_of(trial)
        model = plain_network(values)
        timer = EpochSeconds()
        try:
            history = model.fit(
                X_train,
                y_train,
                batch_size=values["batch_size"],
                epochs=args.epochs,
                validation_data=(X_valid, y_valid),
                callbacks=[timer, Pruning(trial)],
                verbose=0,
            )
        finally:
            reported = dict(trial.study.trials[trial.number].intermediate_values)
            record.add(
                params=values,
                val_accuracy=list(reported.values()),
                epoch_seconds=timer.seconds,
            )
        return float(history.history["val_accuracy"][-1])

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(
        direction="maximize", pruner=optuna.pruners.MedianPruner()
    )
    configurations = json.loads(args.configurations.read_text())
    for values in configurations:
        study.enqueue_trial(values)
    study.optimize(objective, n_trials=len(configurations))
    seconds = seconds_since_start()
    print(json.dumps({"best": study.best_value, "seconds": seconds}))


if __name__ == "__main__":
    main()
