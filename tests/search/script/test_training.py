"""A script trains as a rerun does: the predictions of the test rows are equal."""

import numpy as np
import pytest

from pipelines.registry import get_pipeline
from scripts import code_of, rerun_predictions, run

pytestmark = pytest.mark.slow

BASE = {
    "n_layers": 2,
    "width_1": 16,
    "width_2": 12,
    "activation": "relu",
    "optimizer": "adam",
    "learning_rate": 3e-3,
    "batch_size": 128,
}
STOPS = {"early_stopping": "on", "patience": 1}
CASES = {
    "nothing": {},
    "dropout": {"dropout": 0.3, "batch_norm": True},
    "noise": {"gaussian_noise": 0.2, "augment_noise": 0.1, "layer_norm": True},
    "penalties": {"l1": "on", "l1_strength": 1e-4, "l2": "on", "l2_strength": 1e-3},
    "smoothing": {"label_smoothing": 0.2, "skip": True, "width_2": 16},
    "decay": {"weight_decay": "on", "weight_decay_strength": 0.2, "optimizer": "adamw"},
    "sgd": {"optimizer": "sgd", "sgd_learning_rate": 0.1, "constraint": "unit_norm"},
    "linear": {"schedule": "linear"},
    "exponential": {"schedule": "exponential"},
    "cosine": {"schedule": "cosine", "warmup": 0.2},
    "early stopping": STOPS,
    "ema": {
        "averaging": "ema",
        "ema_momentum": 0.9,
        "batch_norm": True,
        "dropout": 0.2,
    },
    "swa": {"averaging": "swa", "swa_start": 0.25, "batch_norm": True},
    "swa, stopped": {"averaging": "swa", "swa_start": 0.25} | STOPS,
    "snapshots": {"use_snapshots": "on", "snapshots": 2} | STOPS,
    "pruned": {"prune_share": 0.5},
    "pruned, averaged": {"prune_share": 0.5, "averaging": "swa", "swa_start": 0.25},
    "drop connect": {"drop_connect": 0.3},
    "weight norm": {"weight_norm": True, "constraint": "max_norm", "max_norm": 1.5},
    "raw": {"input_norm": "raw"},
    "members": {"members": 2},
    "rows": {"rows": 500},
    "flip": {"augment_flip": True, "augment_contrast": 0.2, "augment_brightness": 0.2},
    "shift": {"augment_shift": 0.1},
    "turn": {"augment_rotation": 10.0, "augment_zoom": 0.1},
    "mixup": {"mix": "mixup", "mix_strength": 0.4},
    "cutmix": {"mix": "cutmix", "mix_strength": 0.4} | STOPS,
    "cutout": {"mix": "cutout", "mix_strength": 0.4},
    "over": {"resample": "over", "schedule": "cosine", "warmup": 0.0} | STOPS,
    "under": {"resample": "under"},
    "weights": {"class_weights": True},
}
CONV = {
    "n_conv_blocks": 1,
    "conv_filters_1": 8,
    "convs_per_block": 1,
    "kernel_size": 3,
    "pooling": "max",
    "reduction": "flatten",
}
VECTORS = {
    "mixup": {"mix": "mixup", "mix_strength": 0.4},
    "cutmix": {"mix": "cutmix", "mix_strength": 0.4},
    "cutout": {"mix": "cutout", "mix_strength": 0.4},
    "early stopping": STOPS,
}


def compare(recorded, *, exact=True):
    ours = rerun_predictions(recorded)
    titles = ("Parameters", "Load", "Preprocess", "Build", "Train", "Evaluate")
    plain = run(code_of(recorded, *titles))["predictions"]
    if exact:
        np.testing.assert_array_equal(plain, ours)
    else:  # a mean, or a product of weights, is rounded in another place
        np.testing.assert_allclose(plain, ours, rtol=1e-5, atol=1e-7)


ROUNDED = ("snapshots", "members", "weight norm", "pruned", "pruned, averaged")


@pytest.mark.parametrize("name", CASES)
def test_digits(name, record):
    recorded = record("digits", BASE | CASES[name], epoch=3, epochs=4)
    compare(recorded, exact=name not in ROUNDED)


def test_a_convolutional_network(record):
    compare(record("digits", BASE | CONV | {"dropout": 0.2}))


def test_an_assembled_network(record):
    space = get_pipeline("digits").spaces["nas"]
    from spaces.narrow import narrow

    compare(record("digits", narrow(space, ["block=dense"]).initial()))


@pytest.mark.parametrize("name", VECTORS)
@pytest.mark.parametrize("word", ["moons", "boston_housing"])
def test_columns(word, name, record):
    compare(record(word, BASE | VECTORS[name], epoch=3))


@pytest.mark.parametrize("more", [{}, {"word_dropout": 0.2} | STOPS])
def test_texts(more, tmp_path, record):
    rng = np.random.default_rng(0)
    lines = ["stars,body"]
    for row in range(200):
        words = rng.integers(0, 40, size=9)
        lines.append(f"{row % 2},{' '.join(f'w{n}' for n in words)} x{row % 2}")
    file = tmp_path / "own.csv"
    file.write_text("\n".join(lines), "utf-8")
    params = {"n_words": 30, "ngrams": 1, "weighting": "multi-hot"}
    compare(record(f"text:{file}?target=stars", BASE | params | more))
