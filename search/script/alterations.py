"""The script's functions that alter batches of training rows.

The same as `pipelines.warping` and `pipelines.mixing`, draw by draw, whose docstrings
say how and by which source.
"""

from collections.abc import Mapping

from spaces.params import Scalar


def batches_code(params: Mapping[str, Scalar], *, sparse: bool, images: bool) -> str:
    """Write the class of batches and what it calls; nothing where `fit` needs none.

    Args:
        params: The configuration.
        sparse: Whether prepared rows are a sparse matrix.
        images: Whether they are images.
    """
    steps = _steps(params)
    if not steps and not sparse:
        return ""
    functions = "".join(_FUNCTIONS[name] for name in steps)
    if {"cutmix", "cutout"} & {*steps}:
        functions = (_RECTANGLES if images else _COLUMNS) + functions
    functions = functions.replace("<<shares>>", _SHARES[images])
    batch = "self.X[rows].toarray()" if sparse else "self.X[rows]"
    lines = [f"X, y = {batch}, self.y[rows]", *steps.values()]
    listed = "".join(f"        {line}\n" for line in lines)
    return functions + _BATCHES.replace("<<batch>>", listed)


def _steps(params: Mapping[str, Scalar]) -> dict[str, str]:
    """Return what is done to a batch, in its order, and the line that does it."""
    steps = {}
    if params.get("augment_shift"):
        steps["shift"] = "X = shift(X, self.rng)"
    if params.get("augment_rotation") or params.get("augment_zoom"):
        degrees = "AUGMENT_ROTATION" if params.get("augment_rotation") else "0"
        zoom = "AUGMENT_ZOOM" if params.get("augment_zoom") else "0"
        steps["turn"] = f"X = turn(X, self.rng, {degrees}, {zoom})"
    if (mix := str(params.get("mix", "none"))) in _MIXED:
        steps[mix] = _MIXED[mix]
    if params.get("word_dropout"):
        steps["words"] = _WORDS
    return steps


_BATCHES = '''\
class Batches(keras.utils.PyDataset):
    """Shuffled batches, made one by one."""

    def __init__(self, X, y):
        super().__init__()
        self.X, self.y = X, y
        self.rng = np.random.default_rng(np.random.randint(2**31))
        self.order = self.rng.permutation(len(y))

    def __len__(self):
        return math.ceil(len(self.y) / BATCH_SIZE)

    def __getitem__(self, number):
        rows = self.order[number * BATCH_SIZE : (number + 1) * BATCH_SIZE]
<<batch>>\
        return X, y

    def on_epoch_end(self):
        self.order = self.rng.permutation(len(self.y))


'''

_MIXED = {
    "mixup": "X, y = mix_up(X, y, self.rng)",
    "cutmix": "X, y = cut_mix(X, y, self.rng)",
    "cutout": "X = cut_out(X, self.rng)",
}

_WORDS = "X = X * (self.rng.random(X.shape, dtype=np.float32) >= WORD_DROPOUT)"

_SHARES = {
    True: "np.full(len(X), MIX_STRENGTH**2)",
    False: "rng.uniform(0, MIX_STRENGTH, size=len(X))",
}
"""Of an image the sides are a share of its sides; of a vector each row draws."""

_SHIFT = '''\
def shift(X, rng):
    """Move each image by whole pixels; the border's pixels are repeated."""
    n, height, width = X.shape[:3]
    furthest = [max(1, round(AUGMENT_SHIFT * size)) for size in (height, width)]
    down, right = (
        rng.integers(-most, most, size=(n, 1), endpoint=True) for most in furthest
    )
    rows = np.clip(np.arange(height) - down, 0, height - 1)
    columns = np.clip(np.arange(width) - right, 0, width - 1)
    return X[np.arange(n)[:, None, None], rows[:, :, None], columns[:, None, :]]


'''

_TURN = '''\
def turn(X, rng, degrees, zoom):
    """Turn each image about its centre and make it larger or smaller."""
    angles = np.deg2rad(rng.uniform(-degrees, degrees, size=len(X)))
    factors = rng.uniform(1 - zoom, 1 + zoom, size=len(X))
    turned = np.empty_like(X)
    channels = (*X.shape[:3], -1)
    centre = (np.array(X.shape[1:3]) - 1) / 2
    images, into = X.reshape(channels), turned.reshape(channels)
    for number, (angle, factor) in enumerate(zip(angles, factors)):
        cosine, sine = np.cos(angle) / factor, np.sin(angle) / factor
        back = np.array([[cosine, -sine], [sine, cosine]])  # to where a pixel was
        for channel in range(images.shape[3]):
            affine_transform(
                images[number, :, :, channel],
                back,
                offset=centre - back @ centre,
                output=into[number, :, :, channel],
                order=1,
                mode="nearest",
            )
    return turned


'''

_MEAN = '''\
def mean(one, other, share):
    """Return the mean of two arrays, the first with these weights."""
    share = share.reshape(-1, *[1] * (one.ndim - 1))
    return share * one + (1 - share) * other


'''

_MIX_UP = '''\
def mix_up(X, y, rng):
    """Replace each row by a weighted mean of itself and another one."""
    partner = rng.permutation(len(X))
    own = rng.beta(MIX_STRENGTH, MIX_STRENGTH, size=len(X)).astype(np.float32)
    return mean(X, X[partner], own), mean(y, y[partner], own)


'''

_CUT_MIX = '''\
def cut_mix(X, y, rng):
    """Replace a part of each row by the same part of another one."""
    partner = rng.permutation(len(X))
    replaced = part(X, 1 - rng.beta(MIX_STRENGTH, MIX_STRENGTH, size=len(X)), rng)
    own = 1 - replaced.reshape(len(X), -1).mean(axis=1, dtype=np.float32)
    return np.where(replaced, X[partner], X), mean(y, y[partner], own)


'''

_CUT_OUT = '''\
def cut_out(X, rng):
    """Set a part of each row to 0, the mean of standardised rows."""
    shares = <<shares>>
    return np.where(part(X, shares, rng), np.float32(0), X)


'''

_COLUMNS = '''\
def part(X, shares, rng):
    """Choose about these shares of each row's columns."""
    return rng.random(X.shape) < shares[:, None]


'''

_RECTANGLES = '''\
def part(X, shares, rng):
    """Choose a rectangle of about these shares of each image."""
    inside = []
    for size in X.shape[1:3]:
        lengths = np.sqrt(shares) * size
        first = np.rint(rng.uniform(0, size, size=len(X)) - lengths / 2)[:, None]
        pixels = np.arange(size)
        last = first + np.rint(lengths)[:, None]
        inside.append((pixels >= first) & (pixels < last))
    chosen = inside[0][:, :, None] & inside[1][:, None, :]
    return chosen if X.ndim == 3 else chosen[..., None]


'''

_FUNCTIONS = {
    "shift": _SHIFT,
    "turn": _TURN,
    "mixup": _MEAN + _MIX_UP,
    "cutmix": _MEAN + _CUT_MIX,
    "cutout": _CUT_OUT,
    "words": "",
}
