"""What a technique is: a group of parameters with a switch, a name and a source."""

from dataclasses import dataclass, replace
from typing import Literal

from spaces.narrow import narrow
from spaces.params import Choice, Param
from spaces.space import SearchSpace

Task = Literal["classification", "regression"]
Inputs = Literal["images", "vectors", "text"]


@dataclass(frozen=True, kw_only=True)
class Technique:
    """One way to make a network generalise better.

    Attributes:
        name: The word used on the command line.
        title: Its name in a text.
        summary: What it does, in one line.
        group: Its parameters; at least one point of it is off, so that it can be
            joined with others. A parameter that is missing is off, too.
        on: Settings as `narrow` takes them that leave only what is on.
        paper: Where it comes from.
        tasks: Tasks it can be used for.
        inputs: Rows it can be used for.
    """

    name: str
    title: str
    summary: str
    group: SearchSpace
    on: tuple[str, ...]
    paper: str
    tasks: tuple[Task, ...] = ("classification", "regression")
    inputs: tuple[Inputs, ...] = ("images", "vectors", "text")

    @property
    def alone(self) -> SearchSpace:
        """The group with the technique always on."""
        return narrow(self.group, self.on)


def switched(name: str, param: Param) -> SearchSpace:
    """Return a parameter with a switch `use_NAME` before it.

    Nothing but the space reads the switch: where it is off, the parameter is missing.

    Example:
        >>> list(switched("dropout", Choice(options=(0.2, 0.5))))
        ['use_dropout', 'dropout']
    """
    switch = f"use_{name}"
    return SearchSpace(
        {
            switch: Choice(options=("off", "on")),
            name: replace(param, when=(switch, ("on",))),
        }
    )
