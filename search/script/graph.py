"""The layers of a network, in the order in which they are made and called.

A layer draws its seed when it is made. Written in the same order, with the same seed
before the first one, the layers begin with the same weights.
"""

import inspect
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from pipelines.pipeline import Pipeline, Shape
from search.errors import SettingsError
from search.quiet import quiet_stderr
from search.script.draw_order import ROWS, events_of
from search.script.layout import (
    Call,
    Name,
    Real,
    Whole,
    constant_name,
    remembering,
    whole,
)
from search.seeding import set_keras_seed
from spaces.params import Scalar

SHAPED = "ShapedDense"
"""Class of the script for `pipelines.reparametrised.ReparametrisedDense`."""

_SEED = 0
_MAX_DRAWN = 10**9  # Keras draws seeds from 1 to this
_NOT_WRITTEN = ("name", "dtype", "seed")
_OBJECTS = {"regularizers": "penalty", "constraints": "limit"}
"""Modules of what several layers share, and the word for one of them."""

_BY_VALUE = {
    "l1": ("l1_strength", ("L1L2",)),
    "l2": ("l2_strength", ("L1L2",)),
    "activation": ("activation", ("Activation",)),
}
"""Arguments that lose where they came from: the parameter, and who has them."""


@dataclass(frozen=True, kw_only=True)
class Step:
    """One layer of a network.

    Attributes:
        number: Its place in `Graph.steps`.
        make: What makes the layer.
        inputs: Numbers of the layers whose output it takes, or `ROWS`.
        listed: Whether it takes them as a list.
        trains: Whether it does something else in training.
    """

    number: int
    make: Call
    inputs: tuple[int, ...]
    listed: bool
    trains: bool


@dataclass(frozen=True, kw_only=True)
class Graph:
    """A network as plain layers.

    Attributes:
        steps: The layers.
        events: In their order, what is done: a number is made, or called.
        shared: What several layers share, made before them.
        units: Whether the last layer turns a regression's value into its unit.
    """

    steps: Sequence[Step]
    events: Sequence[tuple[str, int]]
    shared: Mapping[str, Call]
    units: bool

    @property
    def made(self) -> list[int]:
        """Return the layers in the order in which they are made."""
        return [number for event, number in self.events if event == "make"]

    @property
    def called(self) -> list[int]:
        """Return the layers in the order in which they are called."""
        return [number for event, number in self.events if event == "call"]

    def is_chain(self) -> bool:
        """Say whether each layer takes what the one before it gives, and that alone."""
        before = ROWS
        for number in self.called:
            if self.steps[number].inputs != (before,):
                return False
            before = number
        return True


@quiet_stderr()  # to read a layer Keras imports TensorFlow, which greets
def graph_of(pipeline: Pipeline, params: Mapping[str, Scalar], shape: Shape) -> Graph:
    """Build a network once and read its layers.

    Raises:
        SettingsError: It holds something that is no layer of Keras.
    """
    if shape.task == "classification":
        shape = replace(shape, n_outputs=whole(shape.n_outputs, "N_CLASSES"))
    set_keras_seed(_SEED)
    try:
        model = pipeline.build(remembering(params), shape)
    except Exception as error:  # noqa: BLE001  (the record may be anybody's)
        reason = (str(error).strip() or "no message").splitlines()[0]
        raise SettingsError(
            f"export: {pipeline.name} cannot build a network of the recorded "
            f"parameters ({type(error).__name__}: {reason}); was the record changed?"
        ) from None
    reader = _Reader(params)
    last = reader.read(model, {})
    inputs = [step.inputs for step in reader.steps]
    events = events_of(inputs, _places(reader.drawn, reader.n_more), last)
    return Graph(
        steps=reader.steps,
        events=events,
        shared=reader.shared,
        units=shape.task == "regression",
    )


@dataclass
class _Reader:
    """Reads layers, those of a model within a model in its place."""

    params: Mapping[str, Scalar]
    steps: list[Step] = field(default_factory=list)
    drawn: list[list[int]] = field(default_factory=list)
    shared: dict[str, Call] = field(default_factory=dict)
    n_more: int = 0  # draws that leave no trace

    def read(self, model: Any, sources: dict[int, int]) -> int:
        """Add a model's layers and return the number of the one that gives its output.

        Args:
            model: Functional, with one output.
            sources: Number of the layer that gives a tensor, by the tensor's identity;
                what is not in it is `ROWS`.
        """
        for operation in model.operations:
            kind = type(operation).__name__
            if kind == "InputLayer":
                continue
            if len(operation._inbound_nodes) != 1:
                raise _no_code(f"the layer {operation.name}, which is used twice")
            arguments = operation._inbound_nodes[0].arguments
            given = arguments.args[0]
            listed = isinstance(given, list | tuple)
            tensors = list(given) if listed else [given]
            inputs = tuple(sources.get(id(tensor), ROWS) for tensor in tensors)
            if hasattr(operation, "operations"):  # a model within the model
                inner = {id(operation.inputs[0]): inputs[0]}
                number = self.read(operation, inner)
            else:
                number = len(self.steps)
                make = self._make(operation)
                trains = "training" in inspect.signature(operation.call).parameters
                self.steps.append(
                    Step(
                        number=number,
                        make=make,
                        inputs=inputs,
                        listed=listed,
                        trains=trains and make.function != "keras.layers.Dense",
                    )
                )
                self.drawn.append(list(_seeds(operation)))
                # the length of normalised weights is drawn before it is measured
                self.n_more += getattr(operation, "length", None) is not None
            sources[id(operation._inbound_nodes[0].outputs[0])] = number
        return sources[id(model.outputs[0])]

    def _make(self, layer: Any) -> Call:
        import keras

        kind = type(layer)
        function = f"keras.layers.{kind.__name__}"
        if kind.__name__ == "ReparametrisedDense":
            kind, function = keras.layers.Dense, SHAPED
        elif getattr(keras.layers, kind.__name__, None) is not kind:
            raise _no_code(f"a {kind.__name__}, which is no layer of Keras")
        config = layer.get_config()
        required = [
            name
            for name, param in inspect.signature(kind.__init__).parameters.items()
            if name != "self"
            and param.default is param.empty
            and param.kind is param.POSITIONAL_OR_KEYWORD
        ]
        plain = kind(**{name: config[name] for name in required}).get_config()
        options = {
            name: self._value(layer, name, value)
            for name, value in config.items()
            if name not in (*_NOT_WRITTEN, *required) and value != plain.get(name)
        }
        args = tuple(self._value(layer, name, config[name]) for name in required)
        return Call(function, args, options)

    def _value(self, owner: Any, name: str, value: Any) -> Any:
        """Return an argument as it is written."""
        kept = getattr(owner, name, value)
        if isinstance(kept, Whole | Real):
            return kept
        if isinstance(kept, tuple) and kept and all(each is kept[0] for each in kept):
            kept = kept[0]  # Keras has made a pair of one number
            return kept if isinstance(kept, Whole) else value
        if isinstance(value, dict):
            return self._object(kept)
        if type(owner).__name__ in _BY_VALUE.get(name, ("", ()))[1]:
            for parameter, its in self.params.items():
                if parameter.rpartition("/")[2] == _BY_VALUE[name][0] and its == value:
                    return Name(constant_name(parameter))
        return value

    def _object(self, made: Any) -> Name:
        """Return the name of a penalty or constraint, which is made once."""
        import keras

        module = type(made).__module__.rpartition(".")[2]
        kind = type(made).__name__
        if module not in _OBJECTS or not hasattr(getattr(keras, module), kind):
            raise _no_code(f"a {kind}")
        options = {
            name: self._value(made, name, value)
            for name, value in made.get_config().items()
            if not (module == "regularizers" and value == 0.0)
        }
        call = Call(f"keras.{module}.{kind}", (), options)
        for name, other in self.shared.items():
            if other == call:
                return Name(name)
        word = _OBJECTS[module]
        n = sum(name.startswith(word) for name in self.shared)
        name = f"{word}_{n + 1}" if n else word
        self.shared[name] = call
        return Name(name)


def _seeds(layer: Any) -> Iterator[int]:
    """Yield the seeds that a layer drew when it was made."""
    import keras
    import numpy as np

    for value in vars(layer).values():
        if isinstance(value, keras.initializers.Initializer):
            seed = getattr(value, "seed", None)
            if isinstance(seed, int):
                yield seed
        elif isinstance(value, keras.random.SeedGenerator):
            yield int(np.asarray(keras.ops.convert_to_numpy(value.state))[0])


def _places(drawn: Sequence[Sequence[int]], n_more: int) -> dict[int, int]:
    """Return the place of each layer's first draw among all draws of the build."""
    rng = random.Random(_SEED)
    n_drawn = sum(map(len, drawn)) + n_more
    order = {rng.randint(1, _MAX_DRAWN): place for place in range(n_drawn)}
    if any(seed not in order for seeds in drawn for seed in seeds):
        raise _no_code("random numbers that no layer of the network draws")
    return {
        number: min(order[seed] for seed in seeds)
        for number, seeds in enumerate(drawn)
        if seeds
    }


def _no_code(what: str) -> SettingsError:
    return SettingsError(
        f"export: no plain code is known for {what}; export another trial"
    )
