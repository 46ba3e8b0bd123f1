"""Fully connected networks: how large, how regularised, how trained.

The groups are spaces of their own and can be joined anew:
`capacity(6) | REGULARIZATION | OPTIMISATION`.

The defaults are what textbooks begin with: two layers of some hundred rectified units,
dropout .2, Adam at 1e-3 in batches of 128, neither penalties nor smoothed labels.

Source: Keras' example mnist_mlp (two layers, ReLU, dropout .2, batch 128); Kingma and
Ba 2015, Adam, arXiv:1412.6980, algorithm 1 (the rate).
"""

from spaces.params import Choice, Float, Int, Param
from spaces.space import SearchSpace


def capacity(max_layers: int) -> SearchSpace:
    """Return layer count, one width per layer and the activation.

    Args:
        max_layers: Largest number of hidden layers, at least 1.
    """
    params: dict[str, Param] = {
        "n_layers": Int(low=1, high=max_layers, default=min(2, max_layers))
    }
    for layer in range(1, max_layers + 1):
        deep_enough = tuple(range(layer, max_layers + 1))
        params[f"width_{layer}"] = Int(
            low=16,
            high=512,
            log=True,
            default=256,
            # the first layer is always there: a condition would only split the
            # space for engines that model conditional groups apart
            when=("n_layers", deep_enough) if layer > 1 else None,
        )
    params["activation"] = Choice(options=("relu", "gelu", "tanh"), default="relu")
    return SearchSpace(params)


REGULARIZATION = SearchSpace(
    {
        "batch_norm": Choice(options=(False, True)),
        "dropout": Float(low=0.0, high=0.6, default=0.2),
        "l1": Choice(options=("off", "on")),
        "l1_strength": Float(low=1e-7, high=1e-4, log=True, when=("l1", ("on",))),
        "l2": Choice(options=("off", "on")),
        "l2_strength": Float(low=1e-6, high=1e-2, log=True, when=("l2", ("on",))),
        "label_smoothing": Float(low=0.0, high=0.3, default=0.0),
    }
)
"""Penalties on the kernels, noise in training and softened targets.

`dropout` acts after each hidden layer; `l1_strength` and `l2_strength` are Keras'
factors (sum of absolute values, sum of squares, no factor one half).
"""

OPTIMISATION = SearchSpace(
    {
        "optimizer": Choice(options=("adam", "adamw", "sgd"), default="adam"),
        "learning_rate": Float(
            low=1e-4,
            high=1e-2,
            log=True,
            when=("optimizer", ("adam", "adamw")),
            default=1e-3,
        ),
        "sgd_learning_rate": Float(
            low=3e-3, high=0.3, log=True, when=("optimizer", ("sgd",))
        ),
        "batch_size": Choice(options=(64, 128, 256), default=128),
    }
)
"""How the weights are found; `sgd` runs with Nesterov momentum .9.

Its rates are larger by an order of magnitude than those of the adaptive optimizers:
one range for all would hold mostly bad points for one of them.
"""

DENSE = capacity(6) | REGULARIZATION | OPTIMISATION
"""One to six hidden layers, each with its own width."""
