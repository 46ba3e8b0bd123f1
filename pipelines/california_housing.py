"""California Housing: prices of houses in 1990, a table of 20,640 rows.

Source: Pace and Barry 1997, Sparse spatial autoregressions, Statistics and Probability
Letters 33, pp. 291-297; StatLib, public. 16,512 training and 4,128 test rows as Keras
cuts them; `pipelines/housing_files.py` says where they are looked for.

Predicted: the median value of the houses of a district, by the mean absolute error in
dollars. Prices above 500,000 dollars are published as 500,001. The best of three trials
reached 37,600 on a fifth of the training rows, a trial in about a minute on one busy
core; the mean price is 90,400 off.

    tunefold search california_housing
"""

from pipelines.fitting import fit, predict
from pipelines.housing_files import load_california_housing
from pipelines.models import network
from pipelines.pipeline import Pipeline
from pipelines.vectors import scale_columns
from spaces.small import DENSE_VALUES

PIPELINE = Pipeline(
    name="california_housing",
    task="regression",
    summary="20,640 districts, 8 columns, house prices in dollars",
    classes=(),
    epochs=20,
    load=load_california_housing,
    prepare=scale_columns,
    build=network,
    train=fit,
    evaluate=predict,
    spaces={"dense": DENSE_VALUES},
    unit="$",
)
