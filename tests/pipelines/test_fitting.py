import numpy as np
import pytest
import scipy.sparse

from pipelines.compiling import UNITS
from pipelines.fitting import PREDICT_ROWS, fit, predict
from pipelines.models import dense_network
from pipelines.pipeline import Shape
from search.seeding import set_keras_seed

SHAPE = Shape(inputs=(6,), n_outputs=4, n_rows=100)
BARE = {
    "n_layers": 2, "width_1": 16, "width_2": 24, "activation": "relu",
    "optimizer": "adam", "learning_rate": 0.01, "batch_size": 64,
}  # fmt: skip
FULL = BARE | {
    "batch_norm": True, "dropout": 0.5, "l1": "on", "l1_strength": 1e-4, "l2": "on",
    "l2_strength": 1e-3, "label_smoothing": 0.2,
}  # fmt: skip
REGRESSION = Shape(inputs=(6,), n_outputs=1, n_rows=100, task="regression")


def test_prediction_is_in_inference_mode_and_goes_block_by_block():
    model = dense_network(FULL, SHAPE)
    X = np.random.default_rng(0).normal(size=(PREDICT_ROWS + 3, 6)).astype(np.float32)
    shares = predict(model, X)
    assert shares.shape == (len(X), 4)
    assert shares.dtype == np.float32
    assert np.array_equal(predict(model, X), shares)  # dropout would differ
    expected = np.asarray(model(X, training=False))
    # float32 products of blocks of another size
    assert shares == pytest.approx(expected, abs=1e-6)


def test_training_takes_class_numbers_every_epoch_and_callback():
    import keras

    model = dense_network(BARE, SHAPE)
    rng = np.random.default_rng(0)
    y = rng.integers(0, 4, size=100)
    # one input per class: easy to learn, if the numbers meet the right outputs
    X = np.eye(6, dtype=np.float32)[y] * 3
    kept = X.copy(), y.copy()
    ended = []
    after = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: ended.append(logs["loss"])
    )
    fit(model, X, y, BARE, epochs=12, callbacks=(after,))
    assert len(ended) == 12
    assert (predict(model, X).argmax(axis=1) == y).all()
    assert np.array_equal(X, kept[0])
    assert np.array_equal(y, kept[1])


def test_the_last_classes_may_have_no_row():
    model = dense_network(BARE, SHAPE)
    X = np.zeros((10, 6), np.float32)
    fit(model, X, np.zeros(10, np.int64), BARE, epochs=1, callbacks=[])


def test_a_regression_learns_whatever_the_unit():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 6)).astype(np.float32)
    y = X[:, 0] - 2 * X[:, 1] + 10
    predictions = []
    for unit in (1.0, 1e5):
        set_keras_seed(0)
        model = dense_network(BARE, REGRESSION)
        fit(model, X, y * unit, BARE, epochs=15, callbacks=[])
        predictions.append(predict(model, X) / unit)
    assert predictions[0].shape == (200,)
    # the target's variance is 5: most of it is explained
    assert np.mean((predictions[0] - y) ** 2) < 0.5
    # float32 has seven digits
    assert predictions[1] == pytest.approx(predictions[0], abs=1e-3)


def test_a_constant_target_is_predicted():
    model = dense_network(BARE, REGRESSION)
    X = np.zeros((10, 6), np.float32)
    fit(model, X, np.full(10, 7.0), BARE, epochs=1, callbacks=[])
    assert np.isfinite(predict(model, X)).all()
    assert float(model.get_layer(UNITS).bias[0]) == 7.0


def test_sparse_rows_are_trained_and_predicted_as_dense_ones_are():
    rng = np.random.default_rng(0)
    y = rng.integers(0, 4, size=100)
    X = (np.eye(6, dtype=np.float32)[y] * 3).astype(np.float32)
    sparse = scipy.sparse.csr_matrix(X)
    model = dense_network(BARE, SHAPE)
    assert np.array_equal(predict(model, sparse), predict(model, X))
    fit(model, sparse, y, BARE, epochs=12, callbacks=[])
    assert (predict(model, sparse).argmax(axis=1) == y).all()
