"""What is tried: capacities, settings of each technique, and combinations.

All lists are fixed and in an order of their own: a smaller budget takes the first
entries. Nothing here looks at scores but `combinations`, by a rule that is written down
before.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from search.errors import SettingsError
from spaces.cocktail import exclude_each_other
from spaces.evaluation import MEMBERS
from spaces.params import Choice, Int, Param, Scalar
from spaces.space import Params, SearchSpace, unknown
from spaces.techniques import TECHNIQUES

BASELINE, COMBINED, ENSEMBLE = "baseline", "combined", "ensemble"

CAPACITIES = ((64, 64), (256, 256), (512, 512), (512, 512, 512))
"""Widths of the hidden layers, the smallest network first."""

MOST_SETTINGS, LEAST_SETTINGS = 5, 2
"""Settings per technique; two leave a choice."""

MOST_COMBINED = 6
"""Techniques of a combination: more can hardly be told apart."""

LEARNING_RATES = (1e-3, 3e-4, 3e-3, 1e-4, 5e-4)
"""Of the baseline, Adam's default first."""

DEFAULT = ("early-stopping", "dropout", "l2", "l1", "label-smoothing", "ensemble")
"""The lecture's six techniques."""

PATIENCE = (0.15, 0.25, 0.1, 0.4, 0.05)
"""Of early stopping, as shares of the epochs: 3 of 20 first."""

GRIDS: Mapping[str, tuple[Params, ...]] = {
    "dropout": tuple({"dropout": rate} for rate in (0.5, 0.3, 0.2, 0.4, 0.1)),
    "l2": tuple(
        {"l2": "on", "l2_strength": strength}
        for strength in (1e-3, 3e-4, 3e-3, 1e-4, 1e-2)
    ),
    "l1": tuple(
        {"l1": "on", "l1_strength": strength}
        for strength in (1e-4, 3e-5, 3e-4, 1e-5, 1e-3)
    ),
    "label-smoothing": tuple(
        {"label_smoothing": amount} for amount in (0.1, 0.2, 0.05, 0.3, 0.02)
    ),
}
"""Settings of a technique, the one tried first in front; other techniques are spread
over their ranges by `spread`."""

CHOSEN_FROM = tuple(name for name in TECHNIQUES if name != "capacity")
"""What may be applied; the capacity is what it is applied to."""


@dataclass(frozen=True)
class Setting:
    """One configuration of a technique.

    Attributes:
        technique: Its name in `CHOSEN_FROM`, or `baseline`, or `combined`.
        params: The whole configuration.
        label: What sets it apart from others of the technique.
    """

    technique: str
    params: Params
    label: str


def check_techniques(names: Sequence[str], *, task: str, inputs: str) -> None:
    """Refuse unknown techniques and those that do not fit the task or the rows.

    Args:
        names: As typed.
        task: `classification` or `regression`.
        inputs: `images`, `vectors` or `text`.

    Raises:
        SettingsError: With the reason.
    """
    for name in names:
        if name not in CHOSEN_FROM:
            known = list(CHOSEN_FROM)
            raise SettingsError(f"--techniques: {unknown('technique', name, known)}")
        if name == "label-smoothing" and task == "regression":
            raise SettingsError(
                "--techniques: label-smoothing spreads a class's probability over the "
                "other classes, but the target is a number; leave it out"
            )
        if inputs not in TECHNIQUES[name].inputs:
            raise SettingsError(
                f"--techniques: {name} is for {' or '.join(TECHNIQUES[name].inputs)}, "
                f"got {inputs}; leave it out"
            )
        if task not in TECHNIQUES[name].tasks:
            raise SettingsError(
                f"--techniques: {name} is for a {TECHNIQUES[name].tasks[0]}, got a "
                f"{task}; leave it out"
            )
    if len(set(names)) < len(names):
        raise SettingsError(f"--techniques: each may stand once, got {','.join(names)}")
    if not names:
        raise SettingsError("--techniques: needs at least one, got none")


def fitting_techniques(
    task: str, inputs: str, among: Sequence[str] = DEFAULT
) -> tuple[str, ...]:
    """Return those of some techniques, the lecture's by default, that fit."""
    return tuple(
        name
        for name in among
        if task in TECHNIQUES[name].tasks and inputs in TECHNIQUES[name].inputs
    )


def with_capacity(params: Params, widths: Sequence[int]) -> Params:
    """Return a configuration with hidden layers of these widths."""
    kept = {k: v for k, v in params.items() if not k.startswith("width_")}
    numbered: Params = {f"width_{i}": width for i, width in enumerate(widths, 1)}
    return {**kept, "n_layers": len(widths), **numbered}


def baseline_settings(base: Params, n: int) -> list[Setting]:
    """Return the baseline at its first `n` learning rates."""
    return [
        Setting(BASELINE, {**base, "learning_rate": rate}, f"learning rate {rate:g}")
        for rate in LEARNING_RATES[:n]
    ]


def technique_settings(
    technique: str,
    baseline: Params,
    n: int,
    *,
    epochs: int,
    rates: Sequence[Scalar] = (),
) -> list[Setting]:
    """Return what a technique tries at the cost of `n` networks per fold.

    The ensemble is one setting of `n` networks, the others `n` settings of one. A
    technique with fewer settings, such as a mere switch, tries them at other learning
    rates, too, but only at those the baseline was chosen from: otherwise it would be
    compared with a baseline at a worse rate. Where these are too few it costs less.

    Args:
        technique: Its name.
        baseline: The chosen baseline.
        n: Settings.
        epochs: Of every training; patience is a share of them.
        rates: Learning rates at which the baseline overfits visibly.
    """
    if technique == ENSEMBLE:
        return [Setting(ENSEMBLE, {**baseline, MEMBERS: n}, f"{n} networks")]
    changes = _changes(technique, n, epochs=epochs)
    other_rates = [
        {**change, "learning_rate": rate}
        for rate in rates
        if rate != baseline["learning_rate"]
        for change in changes
    ]
    return [
        Setting(technique, {**baseline, **change}, describe(change) or "on")
        for change in [*changes, *other_rates][:n]
    ]


def _changes(technique: str, n: int, *, epochs: int) -> Sequence[Params]:
    if technique == "early-stopping":
        waits = dict.fromkeys(max(1, round(share * epochs)) for share in PATIENCE)
        return [{"early_stopping": "on", "patience": wait} for wait in waits]
    return GRIDS.get(technique) or spread(TECHNIQUES[technique].alone, n)


def spread(space: SearchSpace, n: int) -> list[Params]:
    """Return different points spread over a space, the middle one first, at most `n`.

    The i-th point takes the i-th of one half, a quarter, three quarters, ... of every
    range, and the i-th option of every choice.
    """
    found: list[Params] = []
    for place, share in enumerate((1 / 2, 1 / 4, 3 / 4, 1 / 8, 7 / 8)):
        point: Params = {}
        for name, param in space.params.items():
            if space.is_active(name, point):
                point[name] = _at(param, share, place)
        if point not in found:
            found.append(point)
    return found[:n]


def _at(param: Param, share: float, place: int) -> Scalar:
    if isinstance(param, Choice):
        return param.options[place % len(param.options)]
    low, high = float(param.low), float(param.high)
    value = low + share * (high - low)
    if param.log:
        value = low * (high / low) ** share
    if isinstance(param, Int):
        return round(value)
    return float(f"{value:.2g}")  # a setting that can be read


def combinations(
    baseline: Params, ranked: Sequence[tuple[str, Params]], n_helped: int, n: int
) -> list[Setting]:
    """Return combinations of techniques, by this rule, at most `n` different ones.

    1. all techniques that helped, each at its chosen setting;
    2. the same at half strength: several together need less of each;
    3. the best two; 4. the best three; 5. all techniques, whether they helped or not.

    In each at most `MOST_COMBINED`, the best ones; of two that exclude each other the
    better one.

    Args:
        baseline: The configuration without any technique.
        ranked: Each technique but the ensemble and the parameters it adds at its
            chosen setting, the best first.
        n_helped: How many of them, from the first, beat the baseline.
        n: How many combinations.
    """
    n_helped = max(n_helped, min(2, len(ranked)))
    helped = _compatible(ranked[:n_helped])
    ranked = _compatible(ranked)
    halved = [(name, half_strength(changes)) for name, changes in helped]
    found: dict[tuple[tuple[str, Scalar], ...], Setting] = {}
    for chosen, note in (
        (helped, ""),
        (halved, ", half strength"),
        (ranked[:2], ""),
        (ranked[:3], ""),
        (ranked, ""),
    ):
        params = dict(baseline)
        for _, changes in chosen:
            params.update(changes)
        label = " + ".join(name for name, _ in chosen) + note
        found.setdefault(tuple(params.items()), Setting(COMBINED, params, label))
    return list(found.values())[:n]


def _compatible(ranked: Sequence[tuple[str, Params]]) -> list[tuple[str, Params]]:
    chosen: list[tuple[str, Params]] = []
    for name, changes in ranked:
        if len(chosen) < MOST_COMBINED and not any(
            exclude_each_other(TECHNIQUES[name], TECHNIQUES[other])
            for other, _ in chosen
        ):
            chosen.append((name, changes))
    return chosen


def half_strength(changes: Mapping[str, Scalar]) -> Params:
    """Return a technique's parameters with every real number halved."""
    return {
        name: value / 2 if isinstance(value, float) else value
        for name, value in changes.items()
    }


def describe(changes: Mapping[str, Scalar]) -> str:
    """Say a setting in words, switches left out.

    Example:
        >>> describe({"l2": "on", "l2_strength": 0.001})
        'l2 strength 0.001'
        >>> describe({"mix": "mixup", "mix_strength": 0.4})
        'mix mixup, mix strength 0.4'
    """
    return ", ".join(
        f"{name.replace('_', ' ')} "
        + (value if isinstance(value, str) else f"{value:g}")
        for name, value in changes.items()
        if value != "on" and not isinstance(value, bool)
    )
