"""All techniques at once, each with a switch: the search finds the mixture.

Source: Kadra, Lindauer, Hutter, Grabocka 2021, Well-tuned Simple Nets Excel on Tabular
Datasets, arXiv:2106.11189, table 1. Of theirs Lookahead, shake-shake, shake-drop and
adversarial training are missing; L1, L2, DropConnect, Gaussian noise, the other norms,
label smoothing, schedules, early stopping, pruning, and the size of the network are
added.
"""

from dataclasses import replace

from spaces.dense import OPTIMISATION
from spaces.narrow import narrow
from spaces.params import Param, When
from spaces.space import SearchSpace
from spaces.technique import Inputs, Task, Technique
from spaces.techniques import TECHNIQUES

LEFT_OUT = ("l1-l2", "ensemble")
"""L1 and L2 are there one by one; an ensemble of seeds multiplies the time of a trial,
and can be made of the mixture that was found."""

_ONLY_WHERE: dict[str, When] = {
    "skip": ("n_layers", (2, 3, 4, 5, 6)),
    "layer_norm": ("batch_norm", (False,)),
    "use_snapshots": ("schedule", ("constant",)),
    "class_weights": ("resample", ("none",)),
}
"""Conditions across techniques: without effect, twice the same, or refused."""


def exclude_each_other(one: Technique, other: Technique) -> bool:
    """Say whether two techniques cannot be on at once.

    They share a parameter, or one has no effect or is refused beside the other.
    """
    if set(one.group) & set(other.group):
        return True
    pairs = ((one.group, other.group), (other.group, one.group))
    return any(
        name in group and when[0] in beside
        for group, beside in pairs
        for name, when in _ONLY_WHERE.items()
    )


def cocktail(
    task: Task,
    inputs: Inputs = "images",
    *,
    techniques: tuple[Technique, ...] = tuple(TECHNIQUES.values()),
) -> SearchSpace:
    """Return the space of all techniques that suit a task and its rows.

    Decoupled weight decay takes the place of the optimizer `adamw`, which is `adam`
    with a fixed one.

    Args:
        task: What is learned.
        inputs: From which rows.
        techniques: What to mix; those of `LEFT_OUT`, of other tasks and of other rows
            are not.
    """
    params: dict[str, Param] = {}
    for technique in techniques:
        suits = task in technique.tasks and inputs in technique.inputs
        if suits and technique.name not in LEFT_OUT:
            joined = SearchSpace(params) | technique.group
            params = dict(joined.params)
    for name, when in _ONLY_WHERE.items():
        if name in params and when[0] in params:
            params[name] = replace(params[name], when=when)
    return SearchSpace(params) | narrow(OPTIMISATION, ["optimizer=adam,sgd"])


COCKTAIL = cocktail("classification")
"""The mixture for classes of images."""
