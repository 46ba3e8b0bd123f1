"""Results of a homework as they could be, without having trained anything."""

from dataclasses import replace

import numpy as np

from search.homework.measured import make_effects
from search.homework.plan import VALID_SHARE, Plan
from search.homework.results import Capacity, Entry, OnTestRows, Results, Tried
from search.homework.seeds import student_seeds

EPOCHS = 12
BASE = {
    "n_layers": 2,
    "width_1": 32,
    "width_2": 32,
    "activation": "relu",
    "optimizer": "adam",
    "learning_rate": 1e-3,
    "batch_size": 128,
}
CHANGES = {
    "baseline": {},
    "early-stopping": {"early_stopping": "on", "patience": 3},
    "dropout": {"dropout": 0.3},
    "l2": {"l2": "on", "l2_strength": 1e-3},
    "l1": {"l1": "on", "l1_strength": 1e-4},
    "label-smoothing": {"label_smoothing": 0.1},
    "ensemble": {"members": 2},
    "combined": {"dropout": 0.3, "l2": "on", "l2_strength": 1e-3, "members": 2},
}
# Against the baseline after the last epoch, in the main measure: below 0 is better.
SHIFTS = {"baseline": 0.0, "early-stopping": 0.0, "dropout": -0.1, "l2": 0.08}


def make_results(
    pipeline="digits",
    *,
    student="Jana Nova",
    regression=False,
    params=None,
    classes=tuple("0123456789"),
    n_splits=10,
    seconds=3.5,
):
    """Return results of seven techniques, or of six for a regression."""
    metrics = ("mse", "mae") if regression else ("log_loss", "accuracy")
    base = BASE | (params or {})
    seed, tuning_seed, fresh_seed = student_seeds(student)
    names = [n for n in CHANGES if not regression or n != "label-smoothing"]
    entries = [
        _entry(name, {**base, **CHANGES[name]}, metrics, n_splits, seconds)
        for name in names
    ]
    return Results(
        name=f"homework-{pipeline.partition(':')[0]}",
        plan=Plan(
            pipeline=pipeline,
            student=student,
            techniques=tuple(n for n in names if n not in ("baseline", "combined")),
            base=base,
            epochs=EPOCHS,
            cv="kfold:3",
            n_rows=None,
            n_settings=2,
            n_splits=n_splits,
            n_seeds=2,
            notebook_rows=450,
            asked_minutes=5.0,
            data_digest="d" * 64,
            seed=seed,
            tuning_seed=tuning_seed,
            fresh_seed=fresh_seed,
            backend="jax",
            cut=("rows: 900 instead of 1,437",),
        ),
        metrics=metrics,
        unit="k$" if regression else "",
        note="",
        classes=() if regression else classes,
        capacities=[
            Capacity(
                widths=(16, 16),
                n_parameters=1482,
                curves=_curves(metrics, 0.2),
                overfit_since=None,
                visible=False,
            ),
            Capacity(
                widths=(32, 32),
                n_parameters=3466,
                curves=_curves(metrics, 0.0),
                overfit_since=6,
                visible=True,
            ),
        ],
        tried=[
            Tried(technique=n, setting="", score=0.4, epoch=6, chosen=True)
            for n in names
        ],
        entries=entries,
        effects=make_effects(entries, metrics[0], valid_share=VALID_SHARE),
        test=[
            OnTestRows(
                technique=name,
                reading=reading,
                epoch=epoch,
                scores={metrics[0]: [0.41, 0.43], metrics[1]: [0.9, 0.91]},
                intervals={metrics[0]: (0.35, 0.5), metrics[1]: (0.87, 0.93)},
            )
            for name in ("baseline", "dropout", "combined")
            for reading, epoch in (("last", EPOCHS), ("best", 6))
        ],
        n_test=360,
        look=1,
        data_source="scikit-learn",
        split_digests={
            "homework-1-overfit": f"a{tuning_seed}",
            "homework-2-techniques": f"b{tuning_seed}",
            "homework-3-fresh": f"c{fresh_seed}",
        },
        minutes={"homework-1-overfit": 0.5, "homework-2-techniques": 1.25},
    )


def with_pipeline(results, pipeline):
    """Return the same results under another pipeline's word."""
    return replace(results, plan=replace(results.plan, pipeline=pipeline))


def _entry(name, params, metrics, n_splits, seconds):
    rng = np.random.default_rng(len(name))
    shared = 0.03 * np.random.default_rng(0).standard_normal(n_splits)
    shift = SHIFTS.get(name, -0.02)
    noise = 0.0 if name == "early-stopping" else 0.01 * rng.standard_normal(n_splits)
    if name == "baseline":
        noise = 0.0 * shared
    scores = {
        reading: {
            metrics[0]: list(0.5 + shared + part * shift + noise),
            metrics[1]: list(0.9 + shared / 3),
        }
        for reading, part in (("last", 1.0), ("best", 0.1))
    }
    return Entry(
        technique=name,
        setting="as made up",
        params=params,
        fits=16,
        seconds=seconds,
        n_parameters=3466,
        epoch=6,
        scores=scores,
        curves=_curves(metrics, shift),
        overfit_since=6 if name == "baseline" else None,
    )


def _curves(metrics, shift):
    epochs = np.arange(1, EPOCHS + 1)
    second = {"accuracy": "accuracy", "mae": "mae"}[metrics[1]]
    return {
        "loss": list(1 / epochs),
        "val_loss": list(0.4 + shift + 0.01 * (epochs - 6.0) ** 2),
        second: list(1 - 0.5 / epochs),
        f"val_{second}": list(0.9 - 0.4 / epochs),
    }
