"""A search space in Keras Tuner's terms, and its values in ours.

Importing this file imports Keras, on the backend that `KERAS_BACKEND` names.
"""

from typing import Any

import numpy as np

from search.quiet import quiet_stderr
from spaces.errors import SpaceError
from spaces.params import Choice, Float, Int, Param, Scalar
from spaces.space import SearchSpace

with quiet_stderr():  # TensorFlow greets where it is the backend
    import keras_tuner
    from keras_tuner.engine import hyperparameters as hp_types
    from keras_tuner.src.engine.conditions import Parent

OWN = "tuner/"
"""What an oracle adds to the parameters for its Tuner begins with this."""


def hyperparameters(
    space: SearchSpace, *, every_value: bool = False
) -> keras_tuner.HyperParameters:
    """Translate a space; conditions refer to the parent alone.

    Args:
        space: What to translate.
        every_value: List the values of each range; Keras Tuner itself would take ten
            of a range on a log scale.

    Raises:
        SpaceError: A parameter cannot be expressed; the message names it.
    """
    made = keras_tuner.HyperParameters()
    for name, param in space.params.items():
        if name.startswith(OWN):
            raise SpaceError(
                f"keras-tuner: '{name}': names beginning with '{OWN}' are its own; "
                "use another name"
            )
        try:
            made.merge([_translate(name, param, every_value)])
        except (TypeError, ValueError, OverflowError) as error:
            raise SpaceError(f"keras-tuner: '{name}': {error}") from None
    return made


def _translate(name: str, param: Param, every_value: bool) -> Any:
    conditions = [] if param.when is None else [Parent(param.when[0], param.when[1])]
    if isinstance(param, Choice):
        options = list(param.options)
    elif param.low == param.high:
        options = [param.low]
    elif every_value or (isinstance(param, Float) and param.step is not None):
        # Keras Tuner's own steps are binary: 0..0.3 by 0.1 would end at 0.2.
        options = list(param.values())
    else:
        kind = hp_types.Int if isinstance(param, Int) else hp_types.Float
        return kind(
            name,
            param.low,
            param.high,
            step=None if param.log else param.step,
            sampling="log" if param.log else "linear",
            conditions=conditions,
        )
    if len(options) == 1:
        return hp_types.Fixed(name, options[0], conditions=conditions)
    if isinstance(options[0], bool):  # a Choice would make 1 and 0 of them
        return hp_types.Boolean(name, default=options[0], conditions=conditions)
    return hp_types.Choice(name, options, conditions=conditions)


def clamp(param: Param, value: Any) -> Scalar:
    """Return a plain scalar; rounding may have put it a digit beyond its range."""
    plain: Scalar = value.item() if isinstance(value, np.generic) else value
    if isinstance(param, Choice) or isinstance(plain, str):
        return plain
    return min(max(plain, param.low), param.high)


def listed(param: Param, value: Scalar) -> Scalar:
    """Return the value as the oracle knows it: steps differ in the last digits."""
    if isinstance(param, Float) and param.step is not None and isinstance(value, float):
        return min(param.values(), key=lambda listed: abs(listed - value))
    return value
