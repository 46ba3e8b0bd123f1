"""A pipeline: the five steps of one learning task, as five plain functions.

load -> prepare -> build -> train -> evaluate, always in this order. A pipeline
knows neither engines nor folds nor the tracking server; whoever drives it decides
which rows are seen.

To add one, write a module with a constant `PIPELINE`, beginning from the nearest
one in this folder, and name it in `pipelines/registry.py`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from pipelines.part import Part, PartName
from spaces.params import Scalar
from spaces.space import SearchSpace

if TYPE_CHECKING:  # scipy.sparse costs a tenth of a second
    from scipy.sparse import csr_matrix

Task = Literal["classification", "regression"]

Rows: TypeAlias = "NDArray[np.float32] | csr_matrix"
"""Prepared rows: float32 (n, ...), or for texts a float32 CSR matrix (n, words), which
is made dense batch by batch."""

Transform: TypeAlias = "Callable[[NDArray[Any]], Rows]"


@dataclass(frozen=True, kw_only=True)
class Shape:
    """What a model builder has to know of the data.

    Attributes:
        inputs: Shape of one prepared row, for example (784,).
        n_outputs: Classes, or 1 for a regression.
        n_rows: Training rows the model will see, for the number of steps.
        task: Decides head and loss.
        epochs: Epochs it will be trained, for schedules; None where no schedule can
            be asked for.
    """

    inputs: tuple[int, ...]
    n_outputs: int
    n_rows: int
    task: Task = "classification"
    epochs: int | None = None


class Prepare(Protocol):
    """Learn the preprocessing from training rows; see `Pipeline.prepare`."""

    def __call__(
        self, X: NDArray[Any], y: NDArray[Any], params: Mapping[str, Scalar]
    ) -> Transform:
        """Return the function that applies what was learned."""
        ...


class Build(Protocol):
    """Build and compile one model; see `Pipeline.build`."""

    def __call__(self, params: Mapping[str, Scalar], shape: Shape) -> Any:
        """Return a compiled Keras model."""
        ...


class Train(Protocol):
    """Fit a model; see `Pipeline.train`."""

    def __call__(
        self,
        model: Any,
        X: Rows,
        y: NDArray[Any],
        params: Mapping[str, Scalar],
        *,
        epochs: int,
        callbacks: Sequence[Any],
    ) -> None:
        """Fit the model in place."""
        ...


@dataclass(frozen=True, kw_only=True)
class Pipeline:
    """One learning task.

    Attributes:
        name: The word used on the command line.
        task: Decides default splitter, metric and head.
        summary: One line for `tunefold list`.
        classes: The classes' names in the order of their numbers; empty for a
            regression.
        epochs: Epochs of a first search.
        load: Read one half of the data as it was published. Only this half is
            read from disk.
        prepare: Learn the preprocessing from training rows alone and return the
            function that applies it: raw rows (n, ...) to prepared `Rows`.
            Validation and test rows cannot leak in: it never receives them.
        build: Return a compiled Keras model for one point of a space. All random
            numbers come from Keras' global seed.
        train: Plain `model.fit` for `epochs` epochs with the given callbacks.
        evaluate: Predict prepared rows in inference mode: class probabilities
            float32 (n, n_outputs), or values float32 (n,) for a regression.
        spaces: Names of the spaces its builder understands; the first is used
            when none is asked for.
        unit: Unit of a regression's target, for example `k$`.
        note: What is said wherever the data is used, in lines; empty for none.
        in_order: Whether the rows stand in the order of time: they are neither
            shuffled nor drawn then.
    """

    name: str
    task: Task
    summary: str
    classes: tuple[str, ...]
    epochs: int
    load: Callable[[PartName], Part]
    prepare: Prepare
    build: Build
    train: Train
    evaluate: Callable[[Any, Rows], NDArray[np.float32]]
    spaces: Mapping[str, SearchSpace]
    unit: str = ""
    note: str = ""
    in_order: bool = False

    @property
    def n_outputs(self) -> int:
        """Width of the model's last layer."""
        return len(self.classes) or 1
