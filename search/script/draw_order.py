"""In which order the layers of a network are made and called."""

from collections.abc import Mapping, Sequence

ROWS = -1
"""Stands for the network's input among the numbers of layers."""


def events_of(
    inputs: Sequence[Sequence[int]], places: Mapping[int, int], last: int
) -> list[tuple[str, int]]:
    """Return layers made in the order of their draws, each called when it can be.

    Args:
        inputs: Of each layer, numbers of the layers whose output it takes, or `ROWS`.
        places: Of each layer that draws, when it does so first.
        last: Number of the layer that gives the output.

    Returns:
        `("make", number)` and `("call", number)`, every layer made before its call.
    """
    drawing = sorted(places, key=places.__getitem__)
    events: list[tuple[str, int]] = []
    made: set[int] = set()
    called: set[int] = {ROWS}

    def make(number: int) -> None:
        if number not in made:
            made.add(number)
            events.append(("make", number))

    def waits(number: int) -> bool:
        """Say whether a layer before this one has still to draw."""
        return any(
            parent not in called
            and ((parent in places and parent not in made) or waits(parent))
            for parent in inputs[number]
        )

    def call(number: int) -> None:
        for parent in inputs[number]:
            if parent not in called:
                call(parent)
        make(number)
        called.add(number)
        events.append(("call", number))

    for number in drawing:
        if waits(number):
            make(number)
        elif number not in called:
            call(number)
        # a layer may draw once more when it is called
        for ahead in sorted(made - called):
            if not waits(ahead):
                call(ahead)
    if last not in called:
        call(last)
    return events
