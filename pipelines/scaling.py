"""How the inputs are scaled: `input_norm`, learned from training rows alone.

`standard` gives mean 0 and standard deviation 1, `minmax` the range from 0 to 1, `raw`
leaves the numbers as they are. Without the parameter it is `standard`.

Source: LeCun, Bottou, Orr, Mueller 1998, Efficient BackProp, section 4.3.
"""

from collections.abc import Mapping
from typing import Any, cast

from spaces.params import Scalar


def scaling(params: Mapping[str, Scalar]) -> str:
    """Return `standard`, `minmax` or `raw`."""
    return cast(str, params.get("input_norm", "standard"))


def make_scaler(params: Mapping[str, Scalar]) -> Any:
    """Return scikit-learn's transformer of columns (n, n_columns), not yet fitted."""
    from sklearn import preprocessing

    kinds = {
        "standard": preprocessing.StandardScaler,
        "minmax": preprocessing.MinMaxScaler,
        "raw": preprocessing.FunctionTransformer,
    }
    return kinds[scaling(params)]()
