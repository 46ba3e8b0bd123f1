"""Fit the networks of one configuration: one, or an ensemble of several seeds."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from pipelines.compiling import UNITS
from pipelines.pipeline import Pipeline, Rows, Shape
from pipelines.resampling import n_resampled
from pipelines.shipping import Networks, n_parameters, plain, shipped
from pipelines.transfer import (
    Layer,
    assign_matching,
    describe_kernels,
    layer_weights,
)
from search.errors import ModelTooLargeError, TrialError
from search.measure import Labelled, Measurer, OnEpoch, average_members
from search.model_cache import fresh_model
from search.seeding import derive_seed
from search.types import Curves
from spaces.evaluation import MEMBERS, ROWS
from spaces.space import Params


@dataclass(frozen=True, kw_only=True, eq=False)
class Fitted:
    """Networks of one configuration after their training.

    Attributes:
        curves: By epoch; of the averaged predictions where there are several networks.
        predictions: Of the validation rows, after each epoch; none without such rows.
        n_parameters: Weights of all networks together, as they are shipped.
        epoch_seconds: Training time of each epoch, all networks together.
        measure_seconds: Time of predicting and scoring.
        networks: Of each member of the ensemble: the network it ships, or several
            whose predictions it averages (`pipelines.shipping.shipped`).
        kept: The same at the end of the epochs (from 1) that were asked for.
        shape: What the networks were built for.
    """

    curves: Curves
    predictions: Sequence[NDArray[np.float32]]
    n_parameters: int
    epoch_seconds: Sequence[float]
    measure_seconds: float
    networks: Sequence[Networks]
    kept: Mapping[int, Sequence[Networks]]
    shape: Shape


def fit_all(
    pipeline: Pipeline,
    params: Params,
    X: Rows,
    y: NDArray[Any],
    *,
    train: Labelled,
    valid: Labelled | None,
    metrics: tuple[str, ...],
    epochs: int,
    horizon: int | None = None,
    seed: int,
    floor: tuple[float, ...] | None = None,
    max_parameters: int | None = None,
    init: Sequence[Layer] | None = None,
    keep: Sequence[int] = (),
    on_epoch: OnEpoch | None = None,
) -> Fitted:
    """Build, train and measure, once for each member of the configuration.

    Args:
        pipeline: Whose steps are called.
        params: The configuration; `members` says how many networks (one without it).
        X: Prepared training rows.
        y: Their targets.
        train: Training rows to measure the fit on.
        valid: Validation rows; None measures the fit only.
        metrics: Names of the metrics, the searched one first.
        epochs: Epochs of each network.
        horizon: Epochs that schedules are laid over, at least `epochs`; None for as
            many.
        seed: Of the first network; those of the others are derived from it.
        floor: See `Measurer`; of no effect on an ensemble, whose value is known only
            after its last network.
        max_parameters: Refuse networks with more weights together; None refuses none.
        init: Weights to begin with where shapes are equal, the same for each network;
            None begins with fresh ones.
        keep: Epochs, from 1, at whose end the weights are kept; 0 is before the first.
        on_epoch: Hears what each network reached after each epoch; None for nobody.

    Raises:
        ModelTooLargeError: The networks have more weights than allowed.
        TrialError: No kernel has the shape of the one to begin with.
    """
    shape = Shape(
        inputs=X.shape[1:],
        n_outputs=pipeline.n_outputs,
        n_rows=n_resampled(y, params),
        task=pipeline.task,
        epochs=horizon or epochs,
    )
    n_members = cast(int, params.get(MEMBERS, 1))
    members: list[Measurer] = []
    networks: list[Networks] = []
    kept: dict[int, list[Networks]] = {epoch: [] for epoch in keep}
    for member in range(n_members):
        own = seed if member == 0 else derive_seed(seed, MEMBERS, member)
        model = fresh_model(pipeline, params, shape, seed=own)
        n_weights = n_members * n_parameters(model)
        if max_parameters is not None and n_weights > max_parameters:
            raise ModelTooLargeError(n_weights, max_parameters)
        if init is not None and not assign_matching(model, init):
            raise TrialError(
                "--init-from: at least one kernel must have the shape of the run's, "
                f"{describe_kernels(init)}, got "
                f"{describe_kernels(layer_weights(model))}; fix its widths by --set"
            )
        measurer = Measurer(
            pipeline.evaluate,
            train=train,
            valid=valid,
            metrics=metrics,
            floor=floor if n_members == 1 else None,
            on_epoch=on_epoch,
        )
        at_epoch: dict[int, Networks] = {}
        pipeline.train(
            model,
            X,
            y,
            params,
            epochs=epochs,
            callbacks=[measurer.callback(), _keeping(keep, at_epoch)],
        )
        measurer.fill(epochs)
        members.append(measurer)
        networks.append(shipped(model))
        for epoch in keep:  # early stopping may have ended before it
            kept[epoch].append(at_epoch.get(epoch, networks[-1]))
        if measurer.cut_short:  # an average with it would be of no use
            members = members[-1:]
            break
    curves, predictions = average_members(
        members, train=train, valid=valid, metrics=metrics
    )
    seconds = itertools.zip_longest(*(m.epoch_seconds for m in members), fillvalue=0.0)
    return Fitted(
        curves=curves,
        predictions=predictions,
        n_parameters=n_weights,
        epoch_seconds=[sum(epoch) for epoch in seconds],
        measure_seconds=sum(m.measure_seconds for m in members),
        networks=networks,
        kept=kept,
        shape=shape,
    )


def choose_training_rows(
    train: NDArray[np.int64], params: Params, *, seed: int
) -> NDArray[np.int64]:
    """Return the training rows of a fold that a configuration uses.

    Args:
        train: The fold's training rows, int64 (n,), ascending.
        params: `rows` says how many; without it all are used.
        seed: Of the draw. The same for all configurations: the rows of a smaller
            number are among those of a larger one.

    Raises:
        TrialError: The fold has fewer rows.
    """
    if ROWS not in params:
        return train
    wanted = cast(int, params[ROWS])
    if wanted > len(train):
        raise TrialError(
            f"rows: must be at most the {len(train):,} training rows of a fold, got "
            f"{wanted:,}; narrow it by --set rows=LOW..HIGH or --set rows=A,B,C"
        )
    order = np.random.default_rng(derive_seed(seed, ROWS)).permutation(len(train))
    return train[np.sort(order[:wanted])]


def as_one_model(
    pipeline: Pipeline, params: Params, shape: Shape, networks: Sequence[Networks]
) -> Any:
    """Return a Keras model that predicts as the fitted networks do together.

    Several networks become one model with one input whose output is their average. It
    is made of Keras' own layers where the pipeline's builder makes it so of `plain`
    parameters.

    Args:
        pipeline: Whose builder is called.
        params: The configuration.
        shape: What the networks were built for.
        networks: Of each member, as `Fitted` has them.
    """
    members = []
    for several in networks:
        models = []
        for weights in several:
            model = pipeline.build(plain(params), shape)
            model.set_weights(weights)
            model.compiled = False  # its loss need not be found where it is loaded
            models.append(model)
        members.append(_average(models, shape))
    return _average(members, shape)


def _average(models: Sequence[Any], shape: Shape) -> Any:
    import keras

    if len(models) == 1:
        return models[0]
    for number, model in enumerate(models):
        model.name = f"member_{number}"
    inputs = keras.Input(shape.inputs)
    # `predict` knows a regression by the name of its last layer
    name = UNITS if shape.task == "regression" else None
    outputs = keras.layers.Average(name=name)([model(inputs) for model in models])
    return keras.Model(inputs, outputs)


def _keeping(epochs: Sequence[int], into: dict[int, Networks]) -> Any:
    """Return the Keras callback that keeps what would be shipped after some epochs."""
    import keras

    class Keep(keras.callbacks.Callback):  # type: ignore[misc]
        def on_train_begin(self, logs: Any = None) -> None:  # noqa: ARG002
            if 0 in epochs:
                into[0] = shipped(self.model)

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:  # noqa: ARG002
            if epoch + 1 in epochs:
                into[epoch + 1] = shipped(self.model)

    return Keep()
