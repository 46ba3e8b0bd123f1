"""How much arithmetic training a dense network needs."""

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

INPUTS, OUTPUTS = 784, 10


def gflop(params: Mapping[str, Any], rows: int) -> float:
    """Return 1e9 floating-point operations of training once on so many rows.

    Six for each weight and row: two each for the product forward, the gradient by the
    weights and the gradient by the layer's inputs. The first layer needs no gradient
    by its inputs: four. Validation is not counted.
    """
    widths = [params[f"width_{layer}"] for layer in range(1, params["n_layers"] + 1)]
    kernels = [a * b for a, b in pairwise([INPUTS, *widths, OUTPUTS])]
    per_row: int = 6 * sum(kernels) - 2 * kernels[0]
    return per_row * rows / 1e9
