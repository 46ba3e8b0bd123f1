"""Fashion-MNIST with a second channel of noise.

Source: that of `fashion_mnist` (MIT), see `pipelines/fashion_mnist_channels.py`. Same
rows, targets and folds; networks of one configuration have equally many weights in
`fashion_mnist_noise` and `fashion_mnist_zeros`.

Predicted: the kind of clothing, by accuracy.

    tunefold search fashion_mnist_noise
"""

from dataclasses import replace

from pipelines.fashion_mnist import PIPELINE as FASHION_MNIST
from pipelines.fashion_mnist_channels import load_fashion_mnist_noise

PIPELINE = replace(
    FASHION_MNIST,
    name="fashion_mnist_noise",
    summary="70,000 photos of clothes with a second channel of noise, 28 x 28 x 2",
    load=load_fashion_mnist_noise,
)
