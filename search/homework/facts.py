"""What the cross-validated results say, in sentences computed from the numbers."""

from collections.abc import Mapping, Sequence

import numpy as np

from search.compare import write_p
from search.homework.grid import BASELINE
from search.homework.results import READINGS, Effect, Results
from search.homework.template import Text, decimals
from search.metrics import METRICS


def labels(results: Results, text: Text) -> dict[str, str]:
    """Return each metric's name in the text's language, with its unit."""
    unit = results.unit
    units = {"mse": f" ({unit}²)", "mae": f" ({unit})", "rmse": f" ({unit})"}
    return {
        name: text.word(name, name.replace("_", " "))
        + (units.get(name, "") if unit else "")
        for name in results.metrics
    }


def names(results: Results, text: Text) -> dict[str, str]:
    """Return the techniques' names in the text's language, in the table's order."""
    return {e.technique: text.word(e.technique) for e in results.entries}


def table_facts(results: Results, text: Text) -> list[str]:
    """Say which is best, what the two readings differ by, and what all cost."""
    main, *others = results.metrics
    label, named = labels(results, text), names(results, text)
    sign = METRICS[main].sign
    best = max(results.entries, key=lambda e: sign(e.mean("best", main)))
    slowest = max(results.entries, key=lambda e: e.seconds)
    number = text.number
    facts = [
        text(
            "fact-best",
            measure=label[main],
            name=named[best.technique],
            value=number(best.mean("best", main)),
            baseline=number(results.entry(BASELINE).mean("best", main)),
        )
    ]
    facts += [
        text(
            "fact-reading",
            name=named[entry.technique],
            measure=label[main],
            last=number(entry.mean("last", main)),
            best=number(entry.mean("best", main)),
            epoch=entry.epoch,
            beside=label[others[0]],
            beside_last=number(entry.mean("last", others[0])),
            beside_best=number(entry.mean("best", others[0])),
        )
        for entry in results.entries
    ]
    fits = [f"{named[e.technique]} {text.count(e.fits)}" for e in results.entries]
    cost = text(
        "fact-costs",
        fits=", ".join(fits),
        name=named[slowest.technique],
        seconds=text.count(round(slowest.seconds)),
    )
    return [*facts, cost]


def effect_facts(results: Results, text: Text) -> list[str]:
    """Say of each technique in each reading whether it helps, as far as decided."""
    facts = [
        _effect(results, text, results.effect(entry.technique, reading))
        for entry in results.entries
        if entry.technique != BASELINE
        for reading in READINGS
    ]
    if any(effect.verdict == "not decided" for effect in results.effects):
        facts.append(text("fact-not-decided-means"))
    return facts


def capacity_facts(results: Results, text: Text) -> list[str]:
    """Say of each network of the first step how far it overfits."""
    main = results.metrics[0]
    curve = METRICS[main].curve
    facts = []
    for network in results.capacities:
        valid, seen = network.curves[f"val_{curve}"], network.curves[curve]
        epoch = int(np.argmin(valid)) + 1
        values = {
            "widths": "-".join(map(str, network.widths)),
            "weights": text.count(network.n_parameters),
            "measure": labels(results, text)[main],
            "epoch": epoch,
            "lowest": text.number(valid[epoch - 1]),
            "last": text.number(valid[-1]),
            "train": text.number(seen[-1]),
        }
        if network.overfit_since is None:
            facts.append(text("fact-network-fits", **values))
        else:
            since = network.overfit_since
            facts.append(text("fact-network-overfits", **values, since=since))
    return facts


def final_facts(results: Results, text: Text) -> list[str]:
    """Say each configuration's test scores with intervals and seeds."""
    label, named, number = labels(results, text), names(results, text), text.number
    facts = []
    for score in results.test:
        said = [
            text(
                "fact-test-score",
                measure=label[metric],
                mean=number(float(np.mean(values))),
                low=number(score.intervals[metric][0]),
                high=number(score.intervals[metric][1]),
                seeds=", ".join(map(number, values)),
            )
            for metric, values in score.scores.items()
        ]
        facts.append(
            text(
                "fact-test",
                name=named[score.technique],
                reading=text.word(score.reading),
                epoch=score.epoch,
                scores="; ".join(said),
            )
        )
    return [*facts, text("fact-test-means")]


def bullets(facts: Sequence[str]) -> str:
    """Return facts as a Markdown list."""
    return "\n".join(f"- {fact}" for fact in facts)


def _effect(results: Results, text: Text, effect: Effect) -> str:
    main = results.metrics[0]
    values: dict[str, object] = {
        "name": names(results, text)[effect.technique],
        "reading": text.word(effect.reading),
        "measure": labels(results, text)[main],
    }
    if effect.low is None or effect.high is None:
        low = high = effect.difference
    else:
        low, high = effect.low, effect.high
    if low == high == effect.difference == 0:
        return text("fact-equal", **values)
    # As many decimals for all, so that the ends can be compared with the middle.
    digits = max(decimals(max(abs(low), abs(high))), 2)

    def number(value: float) -> str:
        return text.number(value, digits)

    plus = "+" if effect.difference > 0 else ""
    values |= {"difference": number(abs(effect.difference))}
    values |= {"signed": plus + number(effect.difference)}
    values |= {"low": number(low), "high": number(high)}
    if effect.verdict in ("better", "worse"):
        return text(f"fact-{effect.verdict}", **values, p=_p(effect, text))
    piece = "fact-no-test" if effect.verdict == "no test" else "fact-not-decided"
    return text(piece, **values, **_evidence(effect, text, values, digits))


def _evidence(
    effect: Effect, text: Text, values: Mapping[str, object], digits: int
) -> dict[str, str]:
    interval = visible = ""
    if effect.low is not None:
        interval = text("fact-interval", low=values["low"], high=values["high"])
    if effect.smallest_visible is not None:
        seen = text.number(effect.smallest_visible, digits)
        visible = text("fact-visible", difference=seen)
    return {"interval": interval, "visible": visible}


def _p(effect: Effect, text: Text) -> str:
    assert effect.p is not None  # a verdict has one
    written = write_p(effect.p).replace(".", text.pieces["decimal-sign"])
    return written if written.startswith("<") else f"= {written}"
