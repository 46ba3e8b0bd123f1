"""Code cells that make curves of the predictions, and say where overfitting begins."""

from collections.abc import Sequence

from pipelines.pipeline import Task

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
