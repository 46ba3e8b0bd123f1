"""Keras Tuner with a k-fold `run_trial`, as its users write it from its documentation.

A tuner overrides `run_trial` (keras.io/api/keras_tuner/tuners/base_tuner), builds a
fresh model for each fold, trains it by `model.fit(validation_data=...)` and returns
the mean of the folds. Each trial is an MLflow run, each fold a run nested in it with
`mlflow.keras.MlflowCallback`, which logs every epoch. TensorFlow, all cores.

    python benchmarks/peers/keras_tuner_loop.py --configurations FILE.json --out FILE
    python benchmarks/peers/keras_tuner_loop.py --random 40 --out FILE
"""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import keras_tuner
import mlflow
import numpy as np
from numpy.typing import NDArray
from plain_network import EpochSeconds, plain_network
from rows import Record, fashion_mnist, seconds_since_start, standardised

from search.types import Fold

OBJECTIVE = keras_tuner.Objective("val_accuracy", "max")


def values_of(hp: keras_tuner.HyperParameters) -> dict[str, Any]:
    """Ask for a configuration of the space `dense`; what is inactive is None."""
    values = {"n_layers": hp.Int("n_layers", 1, 6)}
    for layer in range(1, 7):
        with hp.conditional_scope("n_layers", list(range(layer, 7))):
            name = f"width_{layer}"
            values[name] = hp.Int(name, 16, 512, sampling="log")
    values["activation"] = hp.Choice("activation", ["relu", "gelu", "tanh"])
    values["batch_norm"] = hp.Boolean("batch_norm")
    values["dropout"] = hp.Float("dropout", 0.0, 0.6)
    for name, low, high in (("l1", 1e-7, 1e-4), ("l2", 1e-6, 1e-2)):
        hp.Choice(name, ["off", "on"])
        with hp.conditional_scope(name, ["on"]):
            strength = f"{name}_strength"
            values[strength] = hp.Float(strength, low, high, sampling="log")
    values["label_smoothing"] = hp.Float("label_smoothing", 0.0, 0.3)
    values["optimizer"] = hp.Choice("optimizer", ["adam", "adamw", "sgd"])
    with hp.conditional_scope("optimizer", ["adam", "adamw"]):
        name = "learning_rate"
        values[name] = hp.Float(name, 1e-4, 1e-2, sampling="log")
    with hp.conditional_scope("optimizer", ["sgd"]):
        name = "sgd_learning_rate"
        values[name] = hp.Float(name, 3e-3, 0.3, sampling="log")
    values["batch_size"] = hp.Choice("batch_size", [64, 128, 256])
    return {name: value for name, value in values.items() if value is not None}


def build(hp: keras_tuner.HyperParameters) -> keras.Model:
    return plain_network(values_of(hp))


class Listed(keras_tuner.Oracle):  # type: ignore[misc]
    """Proposes the configurations of a list, one after the other."""

    def __init__(self, configurations: Sequence[dict[str, Any]]) -> None:
        super().__init__(objective=OBJECTIVE, max_trials=len(configurations))
        self.configurations = configurations

    def populate_space(self, trial_id: str) -> dict[str, Any]:
        values = dict(self.configurations[int(trial_id)])
        return {"status": "RUNNING", "values": values}


class KFoldTuner(keras_tuner.Tuner):  # type: ignore[misc]
    """Scores a trial by the mean over folds of the last epoch's accuracy."""

    def run_trial(
        self,
        trial: Any,
        X: NDArray[np.uint8],
        y: NDArray[np.float32],
        folds: Sequence[Fold],
        epochs: int,
        record: Record,
        **options: Any,
    ) -> dict[str, float]:
        hp = trial.hyperparameters
        curves, seconds = [], []
        with mlflow.start_run(run_name=f"trial {trial.trial_id}"):
            mlflow.log_params(hp.values)
            for fold in folds:
                keras.backend.clear_session()
                model = self.hypermodel.build(hp)
                X_train, X_valid = standardised(X[fold.train], X[fold.valid])
                timer = EpochSeconds()
                with mlflow.start_run(run_name=f"fold {fold.number}", nested=True):
                    history = model.fit(
                        X_train,
                        y[fold.train],
                        batch_size=hp.get("batch_size"),
                        epochs=epochs,
                        validation_data=(X_valid, y[fold.valid]),
                        callbacks=[mlflow.keras.MlflowCallback(), timer],
                        **options,
                    )
                curves.append(history.history["val_accuracy"])
                seconds.append(timer.seconds)
            score = float(np.mean([curve[-1] for curve in curves]))
            mlflow.log_metric("val_accuracy", score)
        values = dict(hp.values)
        record.add(
            params=values, score=score, val_accuracy=curves, epoch_seconds=seconds
        )
        return {"val_accuracy": score}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--configurations", type=Path, help="a list of dicts, as JSON")
    parser.add_argument("--random", type=int, help="draw so many by itself")
    parser.add_argument("--rows", type=int, default=60_000)
    parser.add_argument("--cv", default="kfold:5")
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--out", type=Path, required=True, help="trials as JSON lines")
    args = parser.parse_args()
    record = Record(args.out)
    mlflow.set_tracking_uri("sqlite:///mlflow.db")
    mlflow.set_experiment("keras_tuner")
    oracle: keras_tuner.Oracle
    if args.random:
        oracle = keras_tuner.oracles.RandomSearchOracle(
            objective=OBJECTIVE, max_trials=args.random, seed=1
        )
    else:
        oracle = Listed(json.loads(args.configurations.read_text()))
    # `overwrite=False` is its default: a stopped search goes on where it was.
    tuner = KFoldTuner(oracle, build, directory=".", project_name="keras_tuner")
    X, y, folds = fashion_mnist(args.rows, args.cv)
    tuner.search(
        X,
        keras.utils.to_categorical(y),
        folds=folds,
        epochs=args.epochs,
        record=record,
        verbose=0,
    )
    best = tuner.oracle.get_best_trials()[0]
    print(json.dumps({"best": best.score, "seconds": seconds_since_start()}))


if __name__ == "__main__":
    main()
