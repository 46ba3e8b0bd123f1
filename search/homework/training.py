"""Code cells that train networks: plain Keras."""

from collections.abc import Collection
from textwrap import indent

from pipelines.pipeline import Task
from search.homework.altering import ALTERATIONS, row_functions
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
    \"\"\"Shuffled batches, made one by one.\"\"\"

    def __init__(self, X, y<<and-altering>>):
        super().__init__()
        self.X, self.y = X, y
<<keep-altering>>
        self.order = np.random.permutation(len(y))

    def __len__(self):
        return -(-len(self.y) // BATCH_SIZE)

    def __getitem__(self, number):
        rows = self.order[number * BATCH_SIZE : (number + 1) * BATCH_SIZE]
        return <<batch>>

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
        self.train, self.valid<<and-plane>> = [], []<<and-nothing>>
<<plane-at-start>>

    def on_epoch_end(self, epoch, logs=None):
        self.train.append(predict(self.model, X_seen))
        self.valid.append(predict(self.model, X_valid))
<<plane-after-epoch>>


def train_network(seed, *, patience=None, <<arguments>>**techniques):
    \"\"\"Train one network; with `patience` it is stopped early.\"\"\"
    began = time.perf_counter()
    keras.utils.set_random_seed(seed)
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
<<before-model>>
    model = build_model(X_train.shape[1:], <<classes>>**NETWORK, **techniques)
<<before-fit>>
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
<<plane-of-network>>
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
        for name in ("train", "valid", "final"<<and-plane-name>>)
    }
    total = {
        name: sum(network[name] for network in networks)
        for name in ("weights", "seconds")
    }
    return mean | total | {"epochs": max(network["epochs"] for network in networks)}
"""


def train_code(loading: Loading, task: Task, used: Collection[str] = ()) -> str:
    """Write the functions that train and measure.

    Args:
        loading: What the rows are.
        task: What is predicted.
        used: Names of all options that a technique of the notebook has.
    """
    of_classes, sparse = task == "classification", loading.sparse
    altered = any(name in used for name in ALTERATIONS)
    rows = "self.X[rows].toarray()" if sparse else "self.X[rows]"
    batch = f"{rows}, self.y[rows]"
    data = "X, targets(y), batch_size=BATCH_SIZE"
    if sparse:
        data = f"Batches(X, targets(y){', **altering' if altered else ''})"
    elif altered:
        data = "**data"
    weighted = ",\n        class_weight=weights" if "class_weights" in used else ""
    extra = [name for name in ("resample", "class_weights") if name in used]
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
        "data": data + weighted,
        "batch": f"alter({batch}, **self.altering)" if altered else batch,
        "arguments": "".join(f"{name}=None, " for name in extra),
        "and-plane": ", self.plane" if loading.plane else "",
        "and-nothing": ", []" if loading.plane else "",
        "and-plane-name": ', "plane"' if loading.plane else "",
        "and-altering": ", **altering" if altered else "",
    }
    lines = {
        "before-model": indent(_before_model(used, altered=altered), "    "),
        "before-fit": indent(_DATA, "    ") if altered and not sparse else "",
        "keep-altering": f"{' ' * 8}self.altering = altering\n" if altered else "",
    }
    for name, line in _PLANE_LINES.items():
        lines[name] = line if loading.plane else ""
    code = (_BATCHES if sparse or altered else "") + _TRAIN
    for name, value in lines.items():
        code = code.replace(f"<<{name}>>\n", value)
    for name, value in values.items():
        code = code.replace(f"<<{name}>>", value)
    return _TARGETS[task] + row_functions(used) + code


def _before_model(used: Collection[str], *, altered: bool) -> str:
    code = _EMA if "ema_momentum" in used else ""
    code += _RESAMPLE if "resample" in used else ""
    code += _WEIGH if "class_weights" in used else ""
    code += _STEPS if "schedule" in used else ""
    return code + (_ALTERING if altered else "")


_PLANE_LINES = {
    "plane-at-start": """
    def on_train_begin(self, logs=None):
        self.plane.append(predict(self.model, PLANE))
""",
    "plane-after-epoch": """\
        self.plane.append(predict(self.model, PLANE))
""",
    "plane-of-network": """\
        "plane": np.array(measure.plane + [predict(model, PLANE)] * rest),
""",
}

_EMA = """\
if techniques.get("ema_momentum"):  # measured, and kept, is the average
    callbacks.insert(0, keras.callbacks.SwapEMAWeights(swap_on_epoch=True))
"""

_RESAMPLE = """\
if resample:
    chosen = even_classes(y, resample)
    X, y = X[chosen], y[chosen]
"""

_WEIGH = """\
weights = None
if class_weights:
    from sklearn.utils.class_weight import compute_class_weight

    numbers = np.unique(y)
    weights = compute_class_weight("balanced", classes=numbers, y=y)
    weights = dict(zip(numbers, weights))
"""

_STEPS = """\
techniques["steps"] = EPOCHS * -(-X.shape[0] // BATCH_SIZE)
"""

_ALTERING = """\
altering = {name: techniques.pop(name) for name in ALTERED if name in techniques}
"""

_DATA = """\
data = {"x": X, "y": targets(y), "batch_size": BATCH_SIZE}
if altering:
    data = {"x": Batches(X, targets(y), **altering)}
"""


RUN = """
runs = {}
for name, settings in TECHNIQUES.items():
    # The ensemble takes the baseline as its first network.
    first = runs["baseline"] if name == "ensemble" else None
    runs[name] = run(first=first, **settings)
    print(f"{name:16} {runs[name]['seconds']:6.1f} s  {settings}")
"""
