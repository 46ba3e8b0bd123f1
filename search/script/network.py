"""The function that builds a network, in each of Keras' three ways."""

import re
from collections.abc import Mapping, Sequence
from textwrap import indent
from typing import Literal

from search.errors import SettingsError
from search.script.draw_order import ROWS
from search.script.graph import Graph, Step
from search.script.layout import WIDTH, Call, assign, write

Api = Literal["functional", "sequential", "subclass"]
APIS: tuple[Api, ...] = ("functional", "sequential", "subclass")

_WIDTH = WIDTH - 4  # of a function's body
_INPUT = "keras.Input(X_train.shape[1:])"
_DOC = '    """Return the compiled network."""\n'


def network_code(graph: Graph, api: Api, *, compiled: str) -> str:
    """Write `build_model`, and the class it needs where there is one.

    Args:
        graph: The layers.
        api: Which of Keras' ways.
        compiled: Lines that compile `model`, not indented.

    Raises:
        SettingsError: The layers are no chain, which `sequential` needs.
    """
    if api == "sequential" and not graph.is_chain():
        raise SettingsError(
            "--api sequential: needs layers one behind the other, this network has "
            "ways past some; use --api functional or subclass"
        )
    before, body = _WRITERS[api](graph)
    return (
        f"{before}def build_model():\n{_DOC}{indent(body, '    ')}"
        f"{indent(compiled, '    ')}    return model\n"
    )


def _functional(graph: Graph) -> tuple[str, str]:
    names = _tensors(graph, rows="inputs")
    lines = [*_shared(graph.shared, _WIDTH), f"inputs = {_INPUT}"]
    for number, step, target in _events(graph):
        if target is None:
            lines.append(assign(_layer(graph, number), step.make, width=_WIDTH))
            continue
        passed = f"({_arguments(step, names)})"
        if _is_ahead(graph, number):
            lines.append(f"{names[number]} = {_layer(graph, number)}{passed}")
        else:
            line = assign(names[number], step.make, width=_WIDTH, after=passed)
            lines.append(line)
    lines.append(f"model = keras.Model(inputs, {names[graph.called[-1]]})")
    return "", _joined(lines)


def _sequential(graph: Graph) -> tuple[str, str]:
    lines = [*_shared(graph.shared, _WIDTH), "model = keras.Sequential()"]
    lines.append(f"model.add({_INPUT})")
    for number, step, target in _events(graph):
        if target is None:
            lines.append(assign(_layer(graph, number), step.make, width=_WIDTH))
        elif _is_ahead(graph, number):
            lines.append(f"model.add({_layer(graph, number)})")
        else:
            lines.append(write(Call("model.add", (step.make,)), width=_WIDTH))
    return "", _joined(lines)


def _subclass(graph: Graph) -> tuple[str, str]:
    names = _tensors(graph, rows="x")
    made = _shared(graph.shared, _WIDTH - 4)
    made += [
        assign(
            f"self.{_layer(graph, number)}", graph.steps[number].make, width=_WIDTH - 4
        )
        for number in graph.made
    ]
    called = []
    for number in graph.called:
        step = graph.steps[number]
        passed = _arguments(step, names) + ", training=training" * step.trains
        called.append(f"{names[number]} = self.{_layer(graph, number)}({passed})")
    called.append(f"return {names[graph.called[-1]]}")
    before = (
        'class Network(keras.Model):\n    """The network, layer by layer."""\n\n'
        "    def __init__(self):\n        super().__init__()\n"
        + indent(_joined(made), "        ")
        + f"\n    def call(self, {names[ROWS]}, training=None):\n"
        + indent(_joined(called), "        ")
        + "\n\n"
    )
    body = f"model = Network()\nmodel({_INPUT})  # makes the weights\n"
    return before, body


_WRITERS = {
    "functional": _functional,
    "sequential": _sequential,
    "subclass": _subclass,
}


def _events(graph: Graph) -> Sequence[tuple[int, Step, str | None]]:
    """Return what is written: layers made ahead (no target), and all calls."""
    return [
        (number, graph.steps[number], None if event == "make" else "call")
        for event, number in graph.events
        if event == "call" or _is_ahead(graph, number)
    ]


def _is_ahead(graph: Graph, number: int) -> bool:
    """Say whether something else is called between making a layer and calling it."""
    place = graph.events.index(("make", number))
    return graph.events[place + 1] != ("call", number)


def _tensors(graph: Graph, *, rows: str) -> dict[int, str]:
    """Name the output of each layer: `x` where the next one alone takes it."""
    called = graph.called
    users: dict[int, set[int]] = {}
    for number in called:
        for source in graph.steps[number].inputs:
            users.setdefault(source, set()).add(number)
    names = {ROWS: rows}
    kept = 0
    for number, following in zip(called, [*called[1:], None], strict=True):
        if users.get(number, set()) <= {following}:
            names[number] = "x"
        else:
            kept += 1
            names[number] = f"kept_{kept}"
    if rows == "x" and users.get(ROWS, set()) - {called[0]}:
        names[ROWS] = "rows"
    return names


def _arguments(step: Step, names: Mapping[int, str]) -> str:
    passed = ", ".join(names[source] for source in step.inputs)
    return f"[{passed}]" if step.listed else passed


def _layer(graph: Graph, number: int) -> str:
    """Name a layer by its kind and its place among those of its kind."""
    kinds = [graph.steps[made].make.function for made in graph.made]
    place = graph.made.index(number)
    kind = kinds[place].rpartition(".")[2]
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", kind).lower()
    return f"{snake}_{kinds[: place + 1].count(kinds[place])}"


def _shared(shared: Mapping[str, Call], width: int) -> list[str]:
    return [assign(name, call, width=width) for name, call in shared.items()]


def _joined(lines: Sequence[str]) -> str:
    return "".join(f"{line}\n" for line in lines)
