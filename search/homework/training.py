"""Code cells that train and measure networks: plain Keras."""

from collections.abc import Sequence

from pipelines.pipeline import Task
from search.homework.loading import Loading


def built_code(task: Task) -> str:
    """Write what shows the baseline's layers."""
    classes = "len(CLASSES), " if task == "classification" else ""
    return f"\n\nbuild_model(X_train.shape[1:], {classes}**NETWORK).summary()\n"


_TARGETS: dict[Task, str] = {
    "classification": """
def targets(y):
    return keras.utils.to_categorical(y, len(CLASSES))
""",
    "regression": """
def targets(y):
    return (y - Y_MEAN) / Y_SPREAD
""",
}

_BATCHES = """

class Batches(keras.utils.PyDataset):
    \"\"\"Shuffled batches of a sparse matrix, made dense one by one.\"\"\"

    def __init__(self, X, y):
        super().__init__()
        self.X, self.y = X, y
        self.order = np.random.permutation(len(y))

    def __len__(self):
        return -(-len(self.y) // BATCH_SIZE)

    def __getitem__(self, number):
        rows = self.order[number * BATCH_SIZE : (number + 1) * BATCH_SIZE]
        return self.X[rows].toarray(), self.y[rows]

    def on_epoch_end(self):
        np.random.shuffle(self.order)
"""

_TRAIN = """

def predict(model, X):
    \"\"\"Predict in inference mode: dropout is off.\"\"\"
    starts = range(0, X.shape[0], 1000)
    parts = [model(<<rows>>, training=False) for i in starts]
    predictions = np.concatenate([keras.ops.convert_to_numpy(part) for part in parts])
    return <<predictions>>


class Measure(keras.callbacks.Callback):
    \"\"\"Keeps the predictions for training and validation rows after each epoch.\"\"\"

    def __init__(self):
        super().__init__()
        self.train, self.valid = [], []

    def on_epoch_end(self, epoch, logs=None):
        self.train.append(predict(self.model, X_seen))
        self.valid.append(predict(self.model, X_valid))


def train_network(seed, *, patience=None, **techniques):
    \"\"\"Train one network; with `patience` it is stopped early.\"\"\"
    began = time.perf_counter()
    keras.utils.set_random_seed(seed)
    model = build_model(X_train.shape[1:], <<classes>>**NETWORK, **techniques)
    measure = Measure()
    X, y, stop, callbacks = X_train, y_train, None, [measure]
    if patience is not None:
        # Rows of their own stop the training: the validation rows must not choose
        # what they score. The best weights are restored at the end.
        X, X_stop, y, y_stop = train_test_split(
            X, y, test_size=0.1, random_state=0, stratify=<<y>>
        )
        stop = <<stop>>
        callbacks.append(
            keras.callbacks.EarlyStopping(
                monitor=<<monitor>>,
                mode="min",
                patience=patience,
                restore_best_weights=True,
            )
        )
    model.fit(
        <<data>>,
        epochs=EPOCHS,
        validation_data=stop,
        callbacks=callbacks,
        verbose=0,
    )
    trained = len(measure.valid)
    seen, final = predict(model, X_seen), predict(model, X_valid)
    rest = EPOCHS - trained  # stopped: the restored weights stand for the rest
    return {
        "train": np.array(measure.train + [seen] * rest),
        "valid": np.array(measure.valid + [final] * rest),
        "final": final,
        "epochs": trained,
        "weights": model.count_params(),
        "seconds": time.perf_counter() - began,
    }


def run(*, members=1, first=None, **settings):
    \"\"\"Train one network, or several whose predictions are averaged.\"\"\"
    networks = [] if first is None else [first]
    while len(networks) < members:
        networks.append(train_network(SEED + len(networks), **settings))
    mean = {
        name: np.mean([network[name] for network in networks], axis=0)
        for name in ("train", "valid", "final")
    }
    total = {
        name: sum(network[name] for network in networks)
        for name in ("weights", "seconds")
    }
    return mean | total | {"epochs": max(network["epochs"] for network in networks)}
"""


def train_code(loading: Loading, task: Task) -> str:
    """Write the functions that train and measure."""
    of_classes, sparse = task == "classification", loading.sparse
    values = {
        "rows": "X[i : i + 1000].toarray()" if sparse else "X[i : i + 1000]",
        "predictions": "predictions"
        if of_classes
        else "predictions[:, 0] * Y_SPREAD + Y_MEAN",
        "classes": "len(CLASSES), " if of_classes else "",
        "y": ("y" if loading.groups else "by_class(y)") if of_classes else "None",
        "stop": "Batches(X_stop, targets(y_stop))"
        if sparse
        else "(X_stop, targets(y_stop))",
        "monitor": '"val_log_loss"' if of_classes else '"val_mse"',
        "data": "Batches(X, targets(y))"
        if sparse
        else "X,\n        targets(y),\n        batch_size=BATCH_SIZE",
    }
    code = _TRAIN
    for name, value in values.items():
        code = code.replace(f"<<{name}>>", value)
    return _TARGETS[task] + (_BATCHES if sparse else "") + code


RUN = """
runs = {}
for name, settings in TECHNIQUES.items():
    # The ensemble takes the baseline as its first network.
    first = runs["baseline"] if name == "ensemble" else None
    runs[name] = run(first=first, **settings)
    print(f"{name:16} {runs[name]['seconds']:6.1f} s  {settings}")
"""

_MEASURES = {
    "log_loss": "row_loss(y, p).mean()",
    "accuracy": "metrics.accuracy_score(y, p.argmax(axis=1))",
    "mse": "metrics.mean_squared_error(y, p)",
    "mae": "metrics.mean_absolute_error(y, p)",
}

_ROW_LOSS: dict[Task, str] = {
    "classification": """
def row_loss(y, p):
    return -np.log(p[np.arange(len(y)), y].astype(float).clip(1e-15))
""",
    "regression": """
def row_loss(y, p):
    return (y - p) ** 2
""",
}

_CURVES = """

def overfits_since(run):
    \"\"\"Return the epoch of the lowest validation loss, or None.

    None if the loss does not rise afterwards by more than a standard error over the
    validation rows, or the training loss does not fall meanwhile.
    \"\"\"
    loss = np.array([row_loss(y_valid, p) for p in run["valid"]])
    best = int(loss.mean(axis=1).argmin())
    rise = loss[-1] - loss[best]
    before, after = (row_loss(y_seen, run["train"][e]).mean() for e in (best, -1))
    surely = rise.mean() > rise.std() / np.sqrt(len(rise))
    return best + 1 if surely and after < before else None


curves, since = {}, {}
for name, result in runs.items():
    since[name] = overfits_since(result)
    curves[name] = {}
    for measure, function in MEASURES.items():
        for part, truth in (("train", y_seen), ("valid", y_valid)):
            curve = [function(truth, p) for p in result[part]]
            curves[name][measure if part == "train" else "val_" + measure] = curve
"""


def measure_code(names: Sequence[str], task: Task) -> str:
    """Write the cell that makes curves of the predictions."""
    lines = [f"    {name!r}: lambda y, p: {_MEASURES[name]},\n" for name in names]
    return f"{_ROW_LOSS[task]}\n\nMEASURES = {{\n{''.join(lines)}}}\n{_CURVES}"
