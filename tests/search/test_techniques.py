"""Techniques through real folds and into the model that is shipped."""

import zipfile

import numpy as np
import pytest

from pipelines.digits import PIPELINE as DIGITS
from search.fit import as_one_model, fit_all
from search.fold import run_fold
from spaces.techniques import TECHNIQUES

SMALL = {
    "n_layers": 2, "width_1": 24, "width_2": 16, "activation": "relu",
    "optimizer": "adam", "learning_rate": 0.01, "batch_size": 128,
}  # fmt: skip
OFF = {
    "input_norm": "standard",
    "early_stopping": "off", "l1": "off", "l2": "off", "weight_decay": "off",
    "use_dropout": "off", "dropout": 0.0, "use_drop_connect": "off",
    "drop_connect": 0.0, "use_gaussian_noise": "off", "gaussian_noise": 0.0,
    "batch_norm": False, "layer_norm": False, "weight_norm": False,
    "constraint": "none", "use_label_smoothing": "off", "label_smoothing": 0.0,
    "skip": False, "schedule": "constant", "averaging": "none",
    "use_snapshots": "off", "snapshots": 1, "members": 1,
    "use_prune_share": "off", "prune_share": 0.0, "augment_flip": False,
    "use_augment_shift": "off", "augment_shift": 0.0,
    "use_augment_rotation": "off", "augment_rotation": 0.0,
    "use_augment_zoom": "off", "augment_zoom": 0.0,
    "use_augment_brightness": "off", "augment_brightness": 0.0,
    "use_augment_contrast": "off", "augment_contrast": 0.0,
    "use_augment_noise": "off", "augment_noise": 0.0, "mix": "none",
    "use_word_dropout": "off", "word_dropout": 0.0, "class_weights": False,
    "resample": "none",
}  # fmt: skip
MIXTURE = SMALL | {
    "members": 2, "snapshots": 2, "prune_share": 0.5, "weight_norm": True,
    "drop_connect": 0.1, "averaging": "ema", "ema_momentum": 0.5, "batch_norm": True,
    "skip": True, "constraint": "max_norm", "max_norm": 2.0, "l2_strength": 1e-4,
    "gaussian_noise": 0.1, "augment_flip": True, "augment_noise": 0.1,
}  # fmt: skip
SCHEDULED = SMALL | {
    "schedule": "cosine", "warmup": 0.1, "averaging": "swa", "swa_start": 0.5,
    "prune_share": 0.5,
}  # fmt: skip


def rows(n=300):
    part = DIGITS.load("train")
    return DIGITS.prepare(part.X[:n], part.y[:n], {})(part.X[:n]), np.asarray(
        part.y[:n]
    )


def fitted(params, *, epochs, horizon=None):
    X, y = rows()
    return fit_all(
        DIGITS,
        params,
        X[:200],
        y[:200],
        train=(X[:50], y[:50]),
        valid=(X[200:], y[200:]),
        metrics=("accuracy", "log_loss"),
        epochs=epochs,
        horizon=horizon,
        seed=1,
    )


def test_parameters_that_are_off_change_no_bit(add_digits, jobs_of):
    used = {name for t in TECHNIQUES.values() for name in t.group}
    strengths = {
        "patience", "l1_strength", "l2_strength", "weight_decay_strength", "max_norm",
        "warmup", "ema_momentum", "swa_start", "mix_strength",
    }  # fmt: skip
    capacity = set(TECHNIQUES["capacity"].group)
    assert set(OFF) == used - strengths - capacity  # none is forgotten
    jobs = jobs_of(add_digits("off"))
    plain, off = (
        run_fold(jobs.make(params, 0, epochs=2)) for params in (SMALL, SMALL | OFF)
    )
    assert off.curves == plain.curves
    assert np.array_equal(off.predictions, plain.predictions)
    assert off.n_parameters == plain.n_parameters


@pytest.mark.slow
def test_l1_makes_weights_sparser_and_l2_smaller():
    def hidden_weights(**params):
        (networks,) = fitted(SMALL | params, epochs=15).networks
        return np.concatenate([networks[0][i].ravel() for i in (0, 2)])

    plain = hidden_weights()
    l1, l2 = hidden_weights(l1_strength=1e-2), hidden_weights(l2_strength=1e-2)

    def tiny(weights):  # a step of Adam is as large: zero as far as it goes
        return np.mean(np.abs(weights) < SMALL["learning_rate"])

    assert tiny(l1) > 2 * tiny(plain)
    assert tiny(l1) > tiny(l2)
    assert np.linalg.norm(l2) < 0.8 * np.linalg.norm(plain)


@pytest.mark.slow
def test_a_shorter_training_goes_down_a_part_of_the_longer_ones_schedules():
    longer = fitted(SCHEDULED, epochs=6)
    shorter = fitted(SCHEDULED, epochs=4, horizon=6)
    for name, curve in shorter.curves.items():
        assert curve == longer.curves[name][:4]
    anew = fitted(SCHEDULED, epochs=4)
    assert anew.curves["objective"] != shorter.curves["objective"]


@pytest.mark.ci
@pytest.mark.slow
def test_the_shipped_model_predicts_as_measured_and_needs_keras_alone(tmp_path):
    import keras

    found = fitted(MIXTURE, epochs=4)
    assert [len(networks) for networks in found.networks] == [2, 2]
    model = as_one_model(DIGITS, MIXTURE, found.shape, found.networks)
    X, _ = rows()
    expected = found.predictions[-1]
    # float32, and a kernel that is computed once instead of in each batch
    assert DIGITS.evaluate(model, X[200:]) == pytest.approx(expected, abs=1e-5)
    path = tmp_path / "model.keras"
    model.save(path)
    with zipfile.ZipFile(path) as archive:
        config = archive.read("config.json")
    assert b"pipelines" not in config
    assert b"RandomFlip" not in config
    loaded = keras.saving.load_model(path, safe_mode=True)
    assert DIGITS.evaluate(loaded, X[200:]) == pytest.approx(expected, abs=1e-5)
    # of each network: two hidden layers, their projection, two normalizations, head
    hidden = (64 * 24 + 24) + (24 * 16 + 16 + 24 * 16) + 4 * (24 + 16)
    assert found.n_parameters == 2 * (hidden + 16 * 10 + 10)
