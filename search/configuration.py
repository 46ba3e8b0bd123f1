"""A configuration in one line, as people read it."""

import re
from collections.abc import Mapping

from spaces.params import Scalar, write_scalar


def describe(params: Mapping[str, Scalar]) -> str:
    """Write a configuration in one line; what is switched off is left out.

    Example:
        >>> describe({"n_layers": 2, "width_1": 64, "width_2": 32, "l2": "off"})
        '64-32'
        >>> describe({"block": "conv", "conv/num_blocks": 1, "conv/filters_0": 8})
        'conv, filters 8'
    """
    block = f"{params.get('block')}/"  # the trunk that an architecture chose
    sizes = _sizes(params)
    counts = {_count_of(stem) for stem in sizes}
    parts: list[str] = []
    for name, value in params.items():
        stem = _LAYER.sub("", name)
        shown = name.removeprefix(block).removesuffix("_strength")
        if stem in sizes:
            if name == next(n for n in params if _LAYER.sub("", n) == stem):
                words = [] if stem == "width" else [stem.removeprefix(block)]
                parts.append(" ".join([*words, "-".join(map(str, sizes[stem]))]))
        elif name in counts or value is False or value in _SILENT:
            continue  # "on" says nothing that its strength does not say
        elif value is True:
            parts.append(shown)
        elif isinstance(value, str):
            parts.append(value)
        else:
            text = write_scalar(value if isinstance(value, int) else _short(value))
            parts.append(f"{shown} {text}")
    return ", ".join(parts)


_SILENT = ("off", "on", "none", "constant", "standard")
"""Words for what is off, for a switch, and for inputs scaled as they always are."""

_LAYER = re.compile(r"_\d+$")
_COUNTS = {
    "width": "n_layers",
    "units": "num_layers",
    "filters": "num_blocks",
    "conv_filters": "n_conv_blocks",
}


def _sizes(params: Mapping[str, Scalar]) -> dict[str, list[Scalar]]:
    """Return the sizes of a network's layers under what their names share."""
    sizes: dict[str, list[Scalar]] = {}
    for name, value in params.items():
        if _LAYER.search(name):
            sizes.setdefault(_LAYER.sub("", name), []).append(value)
    return sizes


def _count_of(stem: str) -> str:
    """Return the parameter that counts these layers and so need not be written."""
    path, slash, name = stem.rpartition("/")
    return path + slash + _COUNTS.get(name, name)


def _short(value: float) -> float:
    return float(f"{value:.2g}")
