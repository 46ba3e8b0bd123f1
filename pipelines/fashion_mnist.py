"""Fashion-MNIST: photos of clothes, 28 x 28 grey pixels, ten classes.

Source: Xiao, Rasul, Vollgraf 2017, arXiv:1708.07747 (MIT). 60,000 training and
10,000 test images, all of them used; `pipelines/fashion_mnist_files.py` says where
they are looked for.

Predicted: the kind of clothing, by accuracy. Dense networks are published between
.85 and .92 on the test rows.

    tunefold search fashion_mnist
"""

from pipelines.fashion_mnist_files import load_fashion_mnist
from pipelines.fitting import fit, predict
from pipelines.images import scale_images
from pipelines.models import network
from pipelines.pipeline import Pipeline
from spaces.cocktail import COCKTAIL
from spaces.conv import CONV
from spaces.dense import DENSE
from spaces.learning_curve import learning_curve
from spaces.nas import NAS_IMAGES

PIPELINE = Pipeline(
    name="fashion_mnist",
    task="classification",
    summary="70,000 photos of clothes, 28 x 28, 10 classes",
    classes=(
        "T-shirt/top",
        "Trouser",
        "Pullover",
        "Dress",
        "Coat",
        "Sandal",
        "Shirt",
        "Sneaker",
        "Bag",
        "Ankle boot",
    ),
    epochs=10,
    load=load_fashion_mnist,
    prepare=scale_images,
    build=network,
    train=fit,
    evaluate=predict,
    spaces={
        "dense": DENSE,
        "conv": CONV,
        "cocktail": COCKTAIL,
        "nas": NAS_IMAGES,
        "learning_curve": learning_curve(
            widths=(8, 32, 128, 512), rows=(500, 2000, 8000, 32000)
        ),
    },
)
