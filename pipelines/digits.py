"""Handwritten digits, 8 x 8 pixels: the quick start and the test bed.

Source: scikit-learn's `load_digits` (UCI Optical Recognition of Handwritten
Digits, test part; BSD-3 package). 1,797 images, cut once into 1,437 training and
360 test rows, stratified. Ships inside scikit-learn: no network.

Predicted: the digit, by accuracy. A dense network of two layers reaches about .97
in cross-validation; a trial of 3 folds and 5 epochs takes a few seconds.

    tunefold search digits
"""

from pipelines.digits_data import load_digits
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
    name="digits",
    task="classification",
    summary="1,797 handwritten digits, 8 x 8, 10 classes; inside scikit-learn",
    classes=tuple("0123456789"),
    epochs=20,
    load=load_digits,
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
            widths=(4, 16, 64, 256), rows=(50, 100, 200, 400, 800)
        ),
    },
)
