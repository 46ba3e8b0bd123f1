"""The notebook's code cells: names filled in, imports, settings.

In the source of a cell a name in double angle brackets stands for a value: a word of
the template, or one of those that `fill` is given.
"""

import re
from collections.abc import Mapping
from pprint import pformat
from typing import Any

from search.homework.template import Text

_NAME = re.compile(r"<<([a-z0-9_-]+)>>")


class Code(str):
    """Text that stands in a cell as it is, without quotes."""

    __slots__ = ()

    def __repr__(self) -> str:
        """Return the text itself."""
        return str(self)


def fill(code: str, text: Text, **values: Any) -> str:
    """Return code with each name in double angle brackets replaced by its literal."""

    def literal(match: re.Match[str]) -> str:
        name = match[1]
        return _literal(values[name] if name in values else text.pieces[name])

    return _NAME.sub(literal, code).strip()


IMPORTS = """
import json
import os
import time

os.environ["KERAS_BACKEND"] = <<backend>>  # has to be said before Keras is imported

import keras
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from IPython.display import Markdown, display
from matplotlib.ticker import MaxNLocator, ScalarFormatter
from sklearn import metrics
from sklearn.model_selection import train_test_split

plt.rcParams.update({"figure.dpi": 110, "font.size": 9, "axes.grid": True})
plt.rcParams.update({"grid.alpha": 0.3, "figure.constrained_layout.use": True})
"""

FEW_IMPORTS = """
import json

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from IPython.display import Markdown, display
from matplotlib.ticker import MaxNLocator, ScalarFormatter

plt.rcParams.update({"figure.dpi": 110, "font.size": 9, "axes.grid": True})
plt.rcParams.update({"grid.alpha": 0.3, "figure.constrained_layout.use": True})
"""

_QUICK = """
if QUICK:
    N_ROWS = min(N_ROWS, 3000)
    EPOCHS = min(EPOCHS, 36_000 // N_ROWS)  # few rows learn slowly
    for settings in TECHNIQUES.values():
        if "members" in settings:
            settings["members"] = 2
"""


def settings_code(settings: Mapping[str, Any], note: str) -> str:
    """Write the cell with all parameters; mappings of mappings a line per entry."""
    lines = [f"QUICK = False  # {note}", ""]
    for name, value in settings.items():
        if isinstance(value, Mapping) and value:
            lines.append(f"{name} = {{")
            lines += [f"    {key!r}: {each!r}," for key, each in value.items()]
            lines.append("}")
        else:
            lines.append(f"{name} = {_literal(value)}")
    return "\n".join(lines) + "\n" + _QUICK.rstrip()


def _literal(value: Any) -> str:
    """Write a value as Python does, long ones on several lines."""
    return (
        repr(value)
        if isinstance(value, Code | str)
        else pformat(value, width=72, sort_dicts=False, compact=True)
    )
