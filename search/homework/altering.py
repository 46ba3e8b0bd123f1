"""Code cells' functions that alter training rows: chosen anew, moved, mixed.

The same as `pipelines.resampling`, `pipelines.warping` and `pipelines.mixing`, in as
few lines as a reader needs.
"""

from collections.abc import Collection, Mapping
from textwrap import indent

from spaces.params import Scalar

ALTERATIONS = {
    "shift": "augment_shift",
    "rotation": "augment_rotation",
    "zoom": "augment_zoom",
    "mix": "mix",
    "mix_strength": "mix_strength",
    "word_dropout": "word_dropout",
}
"""What is done to each batch: names in the notebook and their parameters."""

_ROWS = ("resample", "class_weights")


def row_options(params: Mapping[str, Scalar]) -> dict[str, Scalar]:
    """Return what a configuration does to its rows, by the notebook's names."""
    found = {name: params.get(name) for name in _ROWS}
    found |= {name: params.get(param) for name, param in ALTERATIONS.items()}
    return {k: v for k, v in found.items() if v is not None and v not in (0, "none")}


def row_functions(used: Collection[str]) -> str:
    """Write the functions that these options need."""
    found = _EVEN if "resample" in used else ""
    found += _SHIFT if "shift" in used else ""
    found += _TURN if {"rotation", "zoom"} & {*used} else ""
    found += _MIX if "mix" in used else ""
    names = [name for name in ALTERATIONS if name in used]
    if not names:
        return found
    arguments = ", ".join(f"{name}=None" for name in names)
    steps = "".join(step for name, step in _STEPS.items() if {*name.split()} & {*names})
    return found + (
        f"\n\nALTERED = {tuple(names)!r}\n\n\ndef alter(X, y, {arguments}):\n"
        '    """Alter a batch of training rows, each row by a draw of its own."""\n'
        + indent(steps, "    ")
        + "    return X, y\n"
    )


_STEPS = {
    "shift": "if shift:\n    X = shift_images(X, shift)\n",
    "rotation": "if rotation:\n    X = turn_images(X, rotation, 0)\n",
    "zoom": "if zoom:\n    X = turn_images(X, 0, zoom)\n",
    "mix": "if mix:\n    X, y = mix_rows(X, y, mix, mix_strength)\n",
    "word_dropout": "if word_dropout:\n"
    "    X = X * (np.random.random(X.shape) >= word_dropout)\n",
}

_EVEN = """

def even_classes(y, resample):
    \"\"\"Choose equally many rows of each class.\"\"\"
    counts = np.bincount(y)
    n = counts.max() if resample == "over" else counts[counts > 0].min()
    rows_of = [np.flatnonzero(y == number) for number in np.unique(y)]
    return np.concatenate([np.resize(np.random.permutation(r), n) for r in rows_of])
"""

_SHIFT = """

def shift_images(X, share):
    \"\"\"Move images by whole pixels; the border's pixels are repeated.\"\"\"
    n, height, width = X.shape[:3]
    most = [max(1, round(share * size)) for size in (height, width)]
    down, right = (np.random.randint(-m, m + 1, size=(n, 1)) for m in most)
    rows = np.clip(np.arange(height) - down, 0, height - 1)
    columns = np.clip(np.arange(width) - right, 0, width - 1)
    return X[np.arange(n)[:, None, None], rows[:, :, None], columns[:, None, :]]
"""

_TURN = """

def turn_images(X, degrees, zoom):
    \"\"\"Turn images about their centre and make them larger or smaller.\"\"\"
    from scipy.ndimage import affine_transform

    turned = np.empty_like(X)
    centre = (np.array(X.shape[1:3]) - 1) / 2
    for image, into in zip(X, turned):
        angle = np.deg2rad(np.random.uniform(-degrees, degrees))
        factor = np.random.uniform(1 - zoom, 1 + zoom)
        cosine, sine = np.cos(angle) / factor, np.sin(angle) / factor
        back = np.array([[cosine, -sine], [sine, cosine]])
        for channel in np.ndindex(image.shape[2:]):
            into[:, :, *channel] = affine_transform(
                image[:, :, *channel], back, centre - back @ centre,
                order=1, mode="nearest",
            )
    return turned
"""

_MIX = """

def mix_rows(X, y, kind, strength):
    \"\"\"Mix rows with others of the batch, or leave a part of each out.\"\"\"
    n = len(X)
    partner = np.random.permutation(n)
    own = np.random.beta(strength, strength, size=n)  # the share that stays
    each = (n,) + (1,) * (X.ndim - 1)
    if kind == "mixup":
        X = own.reshape(each) * X + (1 - own.reshape(each)) * X[partner]
    else:
        part = choose_part(X, kind, strength, own)
        if kind == "cutout":
            return np.where(part, 0, X), y
        X = np.where(part, X[partner], X)
        own = 1 - part.reshape(n, -1).mean(axis=1)
    return X.astype("float32"), own[:, None] * y + (1 - own[:, None]) * y[partner]


def choose_part(X, kind, strength, own):
    \"\"\"Choose random columns of vectors, or a rectangle of each image.\"\"\"
    n = len(X)
    if X.ndim == 2:
        shares = np.random.uniform(0, strength, size=n) if kind == "cutout" else 1 - own
        return np.random.random(X.shape) < shares[:, None]
    sides = np.full(n, strength) if kind == "cutout" else np.sqrt(1 - own)
    inside = []
    for size in X.shape[1:3]:
        length = sides * size
        start = np.rint(np.random.uniform(0, size, size=n) - length / 2)[:, None]
        pixels = np.arange(size)
        inside.append((pixels >= start) & (pixels < start + np.rint(length)[:, None]))
    part = inside[0][:, :, None] & inside[1][:, None, :]
    return part if X.ndim == 3 else part[..., None]
"""
