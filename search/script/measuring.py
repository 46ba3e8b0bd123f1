"""The script's functions that predict and measure."""

from collections.abc import Sequence

from pipelines.fitting import PREDICT_ROWS
from pipelines.pipeline import Task
from search.script.layout import Name, assign

ROW_LOSS: dict[Task, str] = {
    "classification": '''\
def row_loss(y, predictions):
    """Return the log-loss of each row."""
    chosen = predictions[np.arange(len(y)), y]
    return -np.log(np.clip(chosen, 1e-15, None, dtype=np.float64))
''',
    "regression": '''\
def row_loss(y, predictions):
    """Return the squared error of each row."""
    return (predictions - y) ** 2
''',
}


def predict_code(task: Task, *, sparse: bool, several: bool) -> str:
    """Write `predict`, and `predict_mean` where several networks predict together."""
    rows = f"X[start : start + {PREDICT_ROWS}]" + (".toarray()" if sparse else "")
    column = "" if task == "classification" else "[:, 0]"
    code = _PREDICT.replace("<<rows>>", rows).replace("<<column>>", column)
    code = code.replace("<<n>>", str(PREDICT_ROWS))
    return code + (f"\n\n{_MEAN}" if several else "")


def metrics_code(names: Sequence[str], task: Task) -> str:
    """Write the lines that print each metric of the test rows."""
    scores = {name: Name(_METRICS[name]) for name in names}
    prepared = _OF_CLASSES if task == "classification" else _OF_VALUES
    return f"{prepared}{assign('scores', scores)}\n{_PRINT}"


def metric_functions(names: Sequence[str]) -> str:
    """Write the functions that the metrics need."""
    return _LOG_LOSS if "log_loss" in names else ""


_PREDICT = '''\
def predict(model, X):
    """Predict in inference mode, many rows at once."""
    parts = []
    for start in range(0, X.shape[0], <<n>>):
        rows = <<rows>>
        n = len(rows)
        empty = (1 << (n - 1).bit_length()) - n  # few numbers of rows to compile for
        rows = np.concatenate([rows, np.zeros((empty, *rows.shape[1:]), rows.dtype)])
        parts.append(np.asarray(model.predict_on_batch(rows))[:n])
    return np.concatenate(parts).astype("float32")<<column>>
'''

_MEAN = '''\
def predict_mean(model, networks, X):
    """Predict as several networks do together."""
    own = model.get_weights()
    predictions = []
    for weights in networks:
        model.set_weights(weights)
        predictions.append(predict(model, X))
    model.set_weights(own)
    return np.mean(predictions, axis=0, dtype="float32")
'''

_LOG_LOSS = '''\
def log_loss(y, predictions):
    """Return the mean log-loss; each row is made to sum to one."""
    chosen = predictions[np.arange(len(y)), y].astype("float64")
    shares = chosen / predictions.sum(axis=1, dtype="float64")
    return -np.log(shares.clip(np.finfo("float64").eps)).mean()


'''

_OF_CLASSES = "classes = predictions.argmax(axis=1)\n"
_OF_VALUES = 'values = predictions.astype("float64")\n'

_METRICS = {
    "accuracy": "metrics.accuracy_score(y_test, classes)",
    "log_loss": "log_loss(y_test, predictions)",
    "balanced_accuracy": "metrics.balanced_accuracy_score(y_test, classes)",
    "f1_macro": (
        'metrics.f1_score(y_test, classes, average="macro", zero_division=0.0)'
    ),
    "mse": "metrics.mean_squared_error(y_test, values)",
    "mae": "metrics.mean_absolute_error(y_test, values)",
    "rmse": "metrics.root_mean_squared_error(y_test, values)",
}

_PRINT = """\
for name, score in scores.items():
    decimals = sum(abs(score) < limit for limit in (10, 100, 1_000, 10_000))
    print(f"test {name} {score:,.{decimals}f}")
"""
