"""Fashion-MNIST with one network only, 1024-1024-1024: matrix products are nearly all.

Only the learning rate varies: two trials share their folds evenly among two slots.

    tunefold search benchmarks/wide.py:PIPELINE --cv kfold:5 --trials 2
"""

from dataclasses import replace

from pipelines.fashion_mnist import PIPELINE as FASHION_MNIST
from spaces.params import Choice, Float, Int
from spaces.space import SearchSpace

WIDTH = 1024
SPACE = SearchSpace(
    {
        "n_layers": Int(low=3, high=3),
        **{f"width_{layer}": Int(low=WIDTH, high=WIDTH) for layer in (1, 2, 3)},
        "activation": Choice(options=("relu",)),
        "batch_norm": Choice(options=(False,)),
        "dropout": Float(low=0.2, high=0.2),
        "l2": Choice(options=("on",)),
        "l2_strength": Float(low=1e-5, high=1e-5),
        "label_smoothing": Float(low=0.0, high=0.0),
        "optimizer": Choice(options=("adam",)),
        "learning_rate": Float(low=5e-4, high=1e-3),
        "batch_size": Choice(options=(128,)),
    }
)
PIPELINE = replace(FASHION_MNIST, name="fashion_mnist_wide", spaces={"dense": SPACE})
