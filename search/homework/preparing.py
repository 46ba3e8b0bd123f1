"""Code cells that cut and prepare rows: scikit-learn and NumPy alone."""

from pipelines.pipeline import Task
from search.homework.loading import Kind, Loading

_SHOW_ARRAYS = """
print(f"{len(y):,} rows of shape {X[0].shape}")
"""

LOADED: dict[Kind, str] = {
    "images": _SHOW_ARRAYS,
    "columns": _SHOW_ARRAYS,
    "table": """
print(f"{len(y):,} rows")
display(X.head())
""",
    "text": """
print(f"{len(y):,} texts, the first begins: {X[0][:200]}")
""",
}
"""What a loading cell shows at its end, by the kind of the rows."""

_ENOUGH = """
def by_class(y):
    \"\"\"Return y to cut class by class; None where a class has too few rows.\"\"\"
    return y if np.unique(y, return_counts=True)[1].min() >= 10 else None


"""

_SPLIT = """
rows = np.arange(len(y))
if N_ROWS < len(y):
    rows, _ = train_test_split(
        rows, train_size=N_ROWS, random_state=SEED, stratify=<<y>>
    )
train, valid = train_test_split(
    rows, test_size=VALID_SHARE, random_state=SEED, stratify=<<y-rows>>
)
"""

_GROUP_SPLIT = """
# A group is never on both sides.
from sklearn.model_selection import GroupShuffleSplit

rows = np.random.default_rng(SEED).permutation(len(y))[:N_ROWS]
cutter = GroupShuffleSplit(n_splits=1, test_size=VALID_SHARE, random_state=SEED)
train, valid = next(cutter.split(rows, groups=groups[rows]))
train, valid = rows[train], rows[valid]
"""

_PREPARE: dict[Kind, str] = {
    "images": """
# One mean and one spread for all pixels (of a channel), from training rows alone.
pixels = tuple(range(min(X.ndim, 3)))
mean, spread = X[train].mean(axis=pixels), X[train].std(axis=pixels)
spread = np.where(spread > 0, spread, 1)
X_train = ((X[train] - mean) / spread).astype("float32")
X_valid = ((X[valid] - mean) / spread).astype("float32")
""",
    "columns": """
# Mean 0 and spread 1 in each column, learned from training rows alone.
from sklearn.preprocessing import StandardScaler

scaler = StandardScaler().fit(X[train])
X_train = scaler.transform(X[train]).astype("float32")
X_valid = scaler.transform(X[valid]).astype("float32")
""",
    "table": """
# Medians, spreads and categories are learned from training rows alone.
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

X = X.replace([np.inf, -np.inf], np.nan)
X = X.drop(columns=[name for name in X if X[name].iloc[train].nunique() < 2])
for name in X.select_dtypes(exclude="number"):
    X[name] = X[name].astype(str)  # what is missing becomes a category
transformer = make_column_transformer(
    (
        make_pipeline(SimpleImputer(strategy="median"), StandardScaler()),
        make_column_selector(dtype_include="number"),
    ),
    (
        OneHotEncoder(
            handle_unknown="infrequent_if_exist",
            min_frequency=3,
            max_categories=51,
            sparse_output=False,
        ),
        make_column_selector(dtype_exclude="number"),
    ),
).fit(X.iloc[train])
X_train = transformer.transform(X.iloc[train]).astype("float32")
X_valid = transformer.transform(X.iloc[valid]).astype("float32")
""",
    "text": """
# The most frequent words, chosen by training rows alone; rows stay sparse.
from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer
from sklearn.pipeline import make_pipeline

words = CountVectorizer(
    max_features=N_WORDS, ngram_range=(1, NGRAMS), binary=WEIGHTING == "multi-hot"
)
if WEIGHTING == "tf-idf":
    words = make_pipeline(words, TfidfTransformer(sublinear_tf=True))
X_train = words.fit_transform(X[train]).astype("float32").tocsr()
X_valid = words.transform(X[valid]).astype("float32").tocsr()
""",
}

_SEEN = """
y_train, y_valid = y[train], y[valid]
n_seen = min(len(valid), len(train), 5000)
X_seen, y_seen = X_train[:n_seen], y_train[:n_seen]  # training rows to be measured
print(f"{X_train.shape[0]:,} training rows, {X_valid.shape[0]:,} validation rows,")
print(f"inputs of shape {X_train.shape[1:]}")
"""

_PLANE = """
# Points all over the plane: what the networks think of it after each epoch.
low, high = X_train.min(axis=0), X_train.max(axis=0)
margin = 0.1 * (high - low)
AXES = np.linspace(low - margin, high + margin, 50).T
PLANE = np.stack(np.meshgrid(*AXES), axis=2).reshape(-1, 2).astype("float32")
"""

_SPREAD = """
# The network learns (y - mean) / spread, whatever the unit.
Y_MEAN, Y_SPREAD = y_train.mean(), y_train.std()
"""


def preprocess_code(loading: Loading, task: Task) -> str:
    """Write the cell that cuts rows and prepares them."""
    of_classes = task == "classification"
    helper = _ENOUGH if of_classes and not loading.groups else ""
    if loading.groups:
        code = _GROUP_SPLIT
    else:
        code = _SPLIT.replace("<<y>>", _stratify("y", task)).replace(
            "<<y-rows>>", _stratify("y[rows]", task)
        )
    spread = "" if of_classes else _SPREAD
    plane = _PLANE if loading.plane else ""
    code = helper.lstrip() + code.lstrip() + _PREPARE[loading.kind] + _SEEN
    return code + spread + plane


def _stratify(y: str, task: Task) -> str:
    return f"by_class({y})" if task == "classification" else "None"
