"""The script's function that trains one network, and what it needs.

After each epoch the model holds what would be shipped if training ended there, as
`pipelines.shipping` says; the techniques that decide about it act in the same order.
"""

from collections.abc import Mapping
from textwrap import indent

from pipelines.pipeline import Task
from search.script.layout import WIDTH, Call, Name, write
from search.script.measuring import ROW_LOSS
from spaces.params import Scalar


def keeps(params: Mapping[str, Scalar]) -> bool:
    """Say whether another network may be shipped than the one trained last."""
    return (
        params.get("averaging", "none") != "none"
        or bool(params.get("prune_share"))
        or params.get("snapshots", 1) != 1
        or params.get("early_stopping") == "on"
    )


def training_code(
    params: Mapping[str, Scalar],
    *,
    task: Task,
    batches: bool,
    sparse: bool,
    stratified: bool,
) -> str:
    """Write the callback, if one is needed, and `train_network`.

    Args:
        params: The configuration.
        task: Decides the targets.
        batches: Whether a class `Batches` is there to be used.
        sparse: Whether prepared rows are a sparse matrix.
        stratified: Whether the rows that stop the training are cut class by class.
    """
    stops = params.get("early_stopping") == "on"
    snapshots = params.get("snapshots", 1) != 1
    code = ""
    if keeps(params) and _with_statistics(params):
        code += _STATISTICS.replace("<<dense>>", ".toarray()" if sparse else "")
    if stops:
        code += ROW_LOSS[task] + "\n\n"
    if keeps(params):
        code += _ship(params, stops=stops, snapshots=snapshots)
    body = [
        _BEGIN.replace("<<more>>", " with the weights it predicts by" * snapshots),
        indent(_STOP_ROWS.replace("<<y>>", "y_train" if stratified else "None"), "    ")
        if stops
        else "    X, y = X_train, y_train\n",
        _EVEN[str(params["resample"])]
        if params.get("resample", "none") != "none"
        else "",
        _TARGETS[task],
        f"    ship = Ship({', '.join(_ship_arguments(params))})\n"
        if keeps(params)
        else "",
        _WEIGHTS if params.get("class_weights") else "",
        _fit(params, batches=batches),
    ]
    returned = "model, ship.networks" if snapshots else "model"
    return code + "".join(body) + f"    return {returned}\n"


def _fit(params: Mapping[str, Scalar], *, batches: bool) -> str:
    options = ["X", "targets", "batch_size=BATCH_SIZE"]
    options = [*(["Batches(X, targets)"] if batches else options), "epochs=EPOCHS"]
    if keeps(params):
        options.append("callbacks=[ship]")
    if params.get("class_weights"):
        options.append("class_weight=class_weight")
    options.append("verbose=2")
    fitted = write(Call("model.fit", tuple(map(Name, options))), width=WIDTH - 4)
    return indent(fitted, "    ") + "\n"


def _with_statistics(params: Mapping[str, Scalar]) -> bool:
    averaged = params.get("averaging", "none") != "none"
    return averaged and bool(params.get("batch_norm"))


def _ship_arguments(params: Mapping[str, Scalar]) -> list[str]:
    """Return the rows that the callback needs."""
    names = ["X"] if _with_statistics(params) else []
    stops = params.get("early_stopping") == "on"
    return [*names, "X_stop", "y_stop"] if stops else names


def _ship(params: Mapping[str, Scalar], *, stops: bool, snapshots: bool) -> str:
    averaging = params.get("averaging", "none")
    pruned = bool(params.get("prune_share"))
    given = ", ".join(arguments := _ship_arguments(params))
    begin = [f"    def __init__(self, {given}):\n".replace(", )", ")")]
    begin.append("        super().__init__()\n")
    if arguments:
        held = ", ".join(f"self.{name}" for name in arguments)
        begin.append(f"        {held} = {given}\n")
    if stops:
        begin.append("        self.best, self.best_epoch = np.inf, 0\n")
        begin.append("        self.kept = None\n")
    begin.append("        self.trained = self.networks = None\n")
    if averaging == "swa":
        begin.append("        self.sums = None\n")
    if snapshots:
        begin.append("        self.taken = []\n")
    again = "            take_statistics(self.model, self.X)\n"
    again = again if _with_statistics(params) else ""
    steps = [
        {"ema": _EMA.replace("<<again>>", again[4:]), "swa": _SWA}.get(
            str(averaging), ""
        ).replace("<<again>>", again),
        _PRUNED if pruned else "",
        _SNAPSHOTS if snapshots else "",
        _STOPPING.replace(
            "<<predicted>>",
            "predict_mean(self.model, networks, self.X_stop)"
            if snapshots
            else "predict(self.model, self.X_stop)",
        )
        if stops
        else "",
    ]
    return (
        _SHIP
        + "".join(begin)
        + _EPOCH_BEGIN
        + (_PRUNE_BEGIN if pruned else "")
        + _EPOCH_END
        + "".join(steps)
        + _EPOCH_DONE
    )


_STATISTICS = '''\
def take_statistics(model, X):
    """Take batch normalization's statistics anew: those of an average differ."""
    rows = np.linspace(0, X.shape[0] - 1, min(X.shape[0], 4096)).astype(int)
    kind = keras.layers.BatchNormalization
    layers = [layer for layer in model.layers if isinstance(layer, kind)]
    momenta = [layer.momentum for layer in layers]
    for layer in layers:
        layer.momentum = 0.0
    model(X[rows]<<dense>>, training=True)
    for layer, momentum in zip(layers, momenta):
        layer.momentum = momentum


'''

_SHIP = '''\
class Ship(keras.callbacks.Callback):
    """After each epoch the model holds what would be shipped then."""

'''

_EPOCH_BEGIN = """
    def on_epoch_begin(self, epoch, logs=None):
        if self.trained is not None:
            self.model.set_weights(self.trained)
"""

_PRUNE_BEGIN = """\
        if epoch == PRUNED_FROM:
            prune(self.model)
"""

_EPOCH_END = """
    def on_epoch_end(self, epoch, logs=None):
        self.trained = self.model.get_weights()
        networks = [self.trained]
"""

_EMA = """\
        # the average that the optimizer keeps
        trained = self.model.trainable_variables
        self.model.optimizer.finalize_variable_values(trained)
<<again>>\
        networks = [self.model.get_weights()]
"""

_SWA = """\
        if epoch >= AVERAGED_FROM:
            self.sums = self.sums or [np.zeros(each.shape) for each in self.trained]
            for total, weights in zip(self.sums, self.trained):
                total += weights
            n = epoch - AVERAGED_FROM + 1
            self.model.set_weights([(s / n).astype("float32") for s in self.sums])
<<again>>\
            networks = [self.model.get_weights()]
"""

_PRUNED = """\
        if epoch < PRUNED_FROM:  # as if training ended here
            prune(self.model)
            networks = [self.model.get_weights()]
"""

_SNAPSHOTS = """\
        if (epoch + 1) % CYCLE == 0:
            self.taken = [*self.taken, networks[-1]]
        networks = self.taken or networks
        self.model.set_weights(networks[-1])
        if len(self.taken) == SNAPSHOTS:
            self.model.stop_training = True
"""

_STOPPING = """\
        predictions = <<predicted>>
        loss = row_loss(self.y_stop, predictions).mean()
        if loss < self.best or self.kept is None:
            self.best, self.best_epoch, self.kept = loss, epoch, networks
        networks = self.kept
        self.model.set_weights(networks[-1])
        if epoch - self.best_epoch >= PATIENCE:
            self.model.stop_training = True
"""

_EPOCH_DONE = """\
        self.networks = networks

    def on_train_end(self, logs=None):
        self.model.set_weights(self.networks[-1])


"""

_BEGIN = '''\
def train_network(seed):
    """Train one network and return it<<more>>."""
    keras.utils.set_random_seed(seed)
    model = build_model()
'''

_STOP_ROWS = """\
# Rows of their own stop the training: the test rows must not.
learn, stop = train_test_split(
    np.arange(len(y_train)),
    test_size=max(1, round(0.1 * len(y_train))),
    random_state=0,
    stratify=<<y>>,
)
learn, stop = np.sort(learn), np.sort(stop)
X, y = X_train[learn], y_train[learn]
X_stop, y_stop = X_train[stop], y_train[stop]
"""

_EVEN = {
    kind: f"""\
    # Equally many rows of each class.
    n = np.unique(y, return_counts=True)[1].{end}()
    rows = [np.random.permutation(np.flatnonzero(y == k)) for k in np.unique(y)]
    rows = np.concatenate([np.resize(each, n) for each in rows])
    X, y = X[rows], y[rows]
"""
    for kind, end in (("over", "max"), ("under", "min"))
}

_TARGETS: dict[Task, str] = {
    "classification": """\
    targets = keras.utils.to_categorical(y, N_CLASSES).astype("float32")
""",
    "regression": """\
    # The network learns (y - mean) / spread; its last layer turns it back.
    spread, mean = np.array([[y.std() or 1.0]]), np.array([y.mean()])
    model.layers[-1].set_weights([spread, mean])
    targets = y.astype("float32")[:, None]
""",
}

_WEIGHTS = """\
    numbers = np.unique(y)
    weights = compute_class_weight("balanced", classes=numbers, y=y)
    class_weight = dict(zip(numbers.tolist(), weights.tolist()))
"""
