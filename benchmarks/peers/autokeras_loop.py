"""Plain AutoKeras until a validation accuracy is reached.

`AutoModel` with `Normalization` and `DenseBlock`, as its functional guide writes it,
and its defaults otherwise: the greedy tuner, batches of 32, early stopping. AutoKeras
3.0.0 dies on Keras 3.13 and later, as it hands NumPy's integers to `Dense`; they are
made Python's integers here, nothing else is changed. TensorFlow, all cores.

    python benchmarks/peers/autokeras_loop.py --until .88 --rows 20000
"""

import argparse
import json
from typing import Any

import autokeras
import keras
from rows import fashion_mnist, seconds_since_start


def mend() -> None:
    """Let AutoKeras 3.0.0 run on Keras 3.13 and later."""
    flatten = autokeras.graph.tree.flatten

    def set_io_shapes(self: Any, shapes: Any) -> None:
        for node, shape in zip(self.inputs, flatten(shapes[0]), strict=True):
            node.shape = tuple(int(n) for n in shape[1:])
        for node, shape in zip(self.outputs, flatten(shapes[1]), strict=True):
            node.in_blocks[0].shape = tuple(int(n) for n in shape[1:])

    autokeras.graph.Graph.set_io_shapes = set_io_shapes


class Until(keras.callbacks.Callback):  # type: ignore[misc]
    """Ends the search after the first epoch that is good enough or too late."""

    def __init__(self, accuracy: float, within: float) -> None:
        super().__init__()
        self._accuracy = accuracy
        self._within = within
        self.best = 0.0

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self.best = max(self.best, logs["val_accuracy"])
        if self.best >= self._accuracy or seconds_since_start() > self._within:
            self.say()
            raise SystemExit

    def say(self) -> None:
        """Print what was found, and when."""
        found = {"best": self.best, "reached": self.best >= self._accuracy}
        print(json.dumps(found | {"seconds": seconds_since_start()}))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--until", type=float, required=True)
    parser.add_argument("--within", type=float, default=float("inf"), help="seconds")
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--cv", default="holdout:0.2", help="its first fold is used")
    parser.add_argument("--seed", type=int, default=1, help="0 would be no seed")
    args = parser.parse_args()
    mend()
    X, y, (fold, *_) = fashion_mnist(args.rows, args.cv)
    inputs = autokeras.ImageInput()
    hidden = autokeras.DenseBlock()(autokeras.Normalization()(inputs))
    outputs = autokeras.ClassificationHead()(hidden)
    search = autokeras.AutoModel(
        inputs, outputs, directory=".", overwrite=True, seed=args.seed
    )
    until = Until(args.until, args.within)
    search.fit(
        X[fold.train],
        y[fold.train],
        validation_data=(X[fold.valid], y[fold.valid]),
        callbacks=[until],
        verbose=0,
    )
    until.say()


if __name__ == "__main__":
    main()
