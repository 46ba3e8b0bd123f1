"""The one table of cross-validated results that a notebook carries, and its digest."""

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any, cast

from search.export import options_in_use
from search.homework.altering import row_options
from search.homework.grid import BASELINE
from search.homework.results import Entry, Results
from search.homework.template import Text
from search.metrics import METRICS
from search.types import Curves
from spaces.evaluation import MEMBERS
from spaces.params import Scalar

Plain = dict[str, Any]

_BEFORE, _AFTER = 'CROSS_VALIDATED = json.loads(r"""', '""")'
_CELL = re.compile(rf"{re.escape(_BEFORE)}(.*?){re.escape(_AFTER)}", re.DOTALL)


def table_of(results: Results, text: Text, *, with_curves: bool) -> Plain:
    """Return the table as plain JSON values, real numbers to six digits.

    Args:
        results: What was measured.
        text: For the titles of the networks.
        with_curves: Embed each row's curves, for a notebook that trains nothing.
    """
    plan = results.plan
    table = {
        "homework": results.name,
        "student": plan.student,
        "seeds": [plan.seed, plan.tuning_seed, plan.fresh_seed],
        "splits": dict(results.split_digests),
        "data": plan.data_digest,
        "rows": [_row(results, entry, with_curves) for entry in results.entries],
        "effects": [
            {
                "technique": effect.technique,
                "reading": effect.reading,
                "difference": effect.difference,
                "low": effect.low,
                "high": effect.high,
                "p": effect.p,
                "verdict": effect.verdict,
            }
            for effect in results.effects
        ],
        "capacities": [
            {
                "title": [
                    "-".join(map(str, each.widths)),
                    text("n-weights", weights=text.count(each.n_parameters)),
                ],
                "overfit_since": each.overfit_since,
                "curves": _named(results, each.curves),
            }
            for each in results.capacities
        ],
        "test": [
            {
                "technique": score.technique,
                "reading": score.reading,
                "epoch": score.epoch,
                "scores": {name: list(each) for name, each in score.scores.items()},
                "intervals": {
                    name: list(each) for name, each in score.intervals.items()
                },
            }
            for score in results.test
        ],
        "look": results.look,
    }
    return cast(Plain, _short(table))


def table_code(table: Plain) -> str:
    """Write the cell that holds the table, a line for each of its rows."""
    lines = []
    for name, value in table.items():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            rows = ",\n".join("  " + json.dumps(row) for row in value)
            lines.append(f"{json.dumps(name)}: [\n{rows}\n]")
        else:
            lines.append(f"{json.dumps(name)}: {json.dumps(value)}")
    return f"{_BEFORE}\n{{\n" + ",\n".join(lines) + f"\n}}\n{_AFTER}"


def read_table_code(source: str) -> Plain | None:
    """Return the table that a cell holds; None where it holds none that can be read."""
    found = _CELL.search(source)
    try:
        table = json.loads(found[1]) if found else None
    except ValueError:
        return None
    return table if isinstance(table, dict) else None


def table_digest(value: Any) -> str:
    """Return the SHA-256 of plain JSON values, whatever their layout."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def chosen_options(entry: Entry, results: Results) -> dict[str, Scalar]:
    """Return what an entry switches on, by the names of the notebook's code."""
    params = entry.params
    baseline = results.entry(BASELINE).params
    task = METRICS[results.metrics[0]].task
    options = options_in_use(params, task=task) | row_options(params)
    if params.get("early_stopping") == "on":
        options["patience"] = params["patience"]
    if int(params.get(MEMBERS, 1)) > 1:
        options["members"] = params[MEMBERS]
    if entry.technique == BASELINE:
        options["learning_rate"] = baseline["learning_rate"]
    return options


def _row(results: Results, entry: Entry, with_curves: bool) -> Plain:
    row: Plain = {
        "technique": entry.technique,
        "setting": chosen_options(entry, results),
        "epoch": entry.epoch,
        "fits": entry.fits,
        "seconds": entry.seconds,
        "weights": entry.n_parameters,
        "overfit_since": entry.overfit_since,
        "scores": {
            reading: {name: list(each) for name, each in scores.items()}
            for reading, scores in entry.scores.items()
        },
    }
    return row | ({"curves": _named(results, entry.curves)} if with_curves else {})


def _named(results: Results, curves: Mapping[str, list[float]]) -> Curves:
    """Return curves under the names of the metrics."""
    return {
        f"{part}{name}": curves[f"{part}{METRICS[name].curve}"]
        for name in results.metrics
        for part in ("", "val_")
    }


def _short(value: Any) -> Any:
    """Return values with six significant digits: more would only be noise to read."""
    if isinstance(value, dict):
        return {name: _short(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_short(each) for each in value]
    return float(f"{value:.6g}") if isinstance(value, float) else value
