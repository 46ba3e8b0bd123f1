"""Draw the figures of docs/concepts.md from measured curves.

    .venv/bin/python scripts/concepts.py

Folds, pruning and selection come from the 200 configurations of
`benchmarks/curves.npz`, the gap from one network that is trained for it, a minute.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from search.pictures.canvas import COLOURS, MARKERS, TRAINING, VALIDATION, new_figure

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "docs" / "figures"
TUNEFOLD = Path(sys.executable).with_name("tunefold")
OVERFIT = {
    "n_layers": 2, "width_1": 512, "width_2": 512, "activation": "relu",
    "batch_norm": "false", "dropout": 0, "l1": "off", "l2": "off",
    "label_smoothing": 0, "optimizer": "adam", "learning_rate": 0.001,
    "batch_size": 64,
}  # fmt: skip
ROWS, EPOCHS = 4000, 30


def draw_gap() -> None:
    """A large network without regularization: training and validation part."""
    words = [f"--set={name}={value}" for name, value in OVERFIT.items()]
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            [
                *(TUNEFOLD, "search", "fashion_mnist", "--name", "gap", *words),
                *("--trials", "1", "--rows", str(ROWS), "--epochs", str(EPOCHS)),
            ],
            cwd=folder,
            check=True,
            capture_output=True,
        )
        journal = Path(folder) / "tunefold-studies" / "gap" / "journal.jsonl"
        events = [json.loads(line) for line in journal.read_text().splitlines()]
    curves = [event["curves"] for event in events if event["event"] == "fold"]
    figure, (axis,) = new_figure(1, size=3.4, width=6)
    epochs = np.arange(1, EPOCHS + 1)
    for name, words_, colour, style in (
        ("loss", "training rows", TRAINING, "--"),
        ("val_loss", "validation rows", VALIDATION, "-"),
    ):
        folds = np.array([curve[name] for curve in curves])
        axis.fill_between(
            epochs, folds.min(axis=0), folds.max(axis=0), color=colour, alpha=0.2, lw=0
        )
        axis.plot(epochs, folds.mean(axis=0), style, color=colour, label=words_)
    train, valid = (
        np.mean([curve[name] for curve in curves], axis=0)
        for name in ("loss", "val_loss")
    )
    lowest = int(valid.argmin())
    axis.axvline(lowest + 1, color="grey", linestyle=":")
    axis.annotate(
        f"overfits from epoch {lowest + 1}",
        (lowest + 1, valid.max()),
        xytext=(6, 0),
        textcoords="offset points",
        fontsize=9,
    )
    axis.annotate(
        "",
        (EPOCHS - 2, valid[-3]),
        xytext=(EPOCHS - 2, train[-3]),
        arrowprops={"arrowstyle": "<->"},
    )
    axis.annotate(
        "gap ",
        (EPOCHS - 2, (valid[-3] + train[-3]) / 2),
        ha="right",
        fontsize=9,
    )
    _finish(axis, "epoch", "log-loss, mean and range of 5 folds")
    axis.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2, fontsize=9)
    figure.savefig(FOLDER / "gap.svg")


def draw_folds(scores: Any) -> None:
    """Ten configurations on five folds: some folds are harder, for all alike."""
    figure, (axis,) = new_figure(1, size=3.4, width=6)
    ranked = np.argsort(-scores.mean(axis=1))[:100:10]
    folds = np.arange(1, scores.shape[1] + 1)
    for place, number in enumerate(ranked):
        axis.plot(
            folds,
            scores[number],
            color=COLOURS[place % 2],
            marker=MARKERS[place % len(MARKERS)],
            markersize=4,
            linewidth=1,
        )
    axis.set_xticks(folds)
    _finish(axis, "fold", "validation accuracy")
    figure.savefig(FOLDER / "folds.svg")


def draw_pruning(scores: Any) -> None:
    """Forty trials in the order of asking: each races the best one before it."""
    complete: list[int] = []
    points, limits, n_trained = [], [], 0
    for number, row in enumerate(scores[:40]):
        # how hard each fold is, from the third complete trial on
        ease = scores[complete].mean(axis=0) if len(complete) >= 3 else 0 * row
        limit = -np.inf
        if complete:
            best = max(complete, key=lambda trial: scores[trial].mean())
            limit = (scores[best] - ease).min()
        means = np.cumsum(row - ease) / np.arange(1, len(row) + 1)
        lost = np.flatnonzero(means[:-1] <= limit)
        n_folds = int(lost[0]) + 1 if len(lost) else len(row)
        if n_folds == len(row):
            complete.append(number)
        n_trained += n_folds
        points.append((number, means[n_folds - 1] + np.mean(ease), n_folds))
        limits.append((number, limit + np.mean(ease)))
    figure, (axis,) = new_figure(1, size=3.4, width=6)
    lowest = 0.8
    for whole, marker, colour, words in (
        (True, "o", VALIDATION, "finished"),
        (False, "x", "grey", "ended after a fold or more"),
    ):
        shown = [p for p in points if (p[2] == scores.shape[1]) == whole]
        axis.plot(
            [p[0] for p in shown],
            [max(p[1], lowest) for p in shown],
            marker,
            color=colour,
            label=words,
        )
    axis.step(
        *zip(*limits[1:], strict=True),
        where="mid",
        color="black",
        linestyle="--",
        linewidth=1,
        label="worst fold of the best so far",
    )
    axis.annotate(
        f"{n_trained} of {40 * scores.shape[1]} folds trained",
        (0.98, 0.03),
        xycoords="axes fraction",
        ha="right",
        fontsize=9,
    )
    axis.set_ylim(bottom=lowest - 0.015)
    _finish(axis, "trial", f"accuracy so far (below {lowest} at {lowest})")
    axis.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3, fontsize=8)
    figure.savefig(FOLDER / "pruning.svg")


def draw_selection(scores: Any) -> None:
    """The best of n by one fold, and what it has on the four others."""
    rng = np.random.default_rng(0)
    # The upper half, so that configurations are close, as late in a search.
    close = scores[np.argsort(-scores.mean(axis=1))[: len(scores) // 2]]
    close = close - close.mean(axis=0) + close.mean()
    sizes = np.array([1, 2, 3, 5, 10, 20, 40, 80])
    seen, true = [], []
    for n in sizes:
        pairs = []
        for _ in range(4000):
            fold = rng.integers(close.shape[1])
            drawn = close[rng.choice(len(close), n, replace=False)]
            chosen = drawn[drawn[:, fold].argmax()]
            pairs.append((chosen[fold], np.delete(chosen, fold).mean()))
        seen.append(np.mean([pair[0] for pair in pairs]))
        true.append(np.mean([pair[1] for pair in pairs]))
    figure, (axis,) = new_figure(1, size=3.4, width=6)
    axis.plot(
        sizes, seen, "-o", color=VALIDATION, markersize=4, label="as seen by the choice"
    )
    axis.plot(
        sizes, true, "--s", color=TRAINING, markersize=4, label="on rows it did not see"
    )
    axis.set_xscale("log")
    axis.set_xticks(sizes, [str(n) for n in sizes])
    axis.minorticks_off()
    _finish(axis, "configurations to choose from", "accuracy of the best")
    axis.legend(fontsize=9)
    figure.savefig(FOLDER / "selection.svg")


def _finish(axis: Any, x: str, y: str) -> None:
    axis.set_xlabel(x)
    axis.set_ylabel(y)
    axis.grid(alpha=0.3)


def main() -> None:
    """Draw them all."""
    import matplotlib

    matplotlib.rcParams["svg.hashsalt"] = "tunefold"  # equal files for equal figures
    FOLDER.mkdir(parents=True, exist_ok=True)
    with np.load(ROOT / "benchmarks" / "curves.npz") as table:
        accuracy = table["accuracy"].astype(np.float64)
    best = accuracy.mean(axis=1).argmax(axis=1)
    scores = accuracy[np.arange(len(accuracy)), :, best]
    draw_folds(scores)
    draw_pruning(scores)
    draw_selection(scores)
    draw_gap()


if __name__ == "__main__":
    main()
