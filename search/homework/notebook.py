"""The notebook to hand in: live cells, the embedded table, facts and empty answers."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pipelines.atomic_file import replacing
from search.errors import SettingsError
from search.export import builder_code, check_writable, network_options
from search.homework import (
    cells,
    drawing,
    drawing_table,
    facts,
    measuring,
    preparing,
    training,
)
from search.homework.answers import keep_answers
from search.homework.card import write_card
from search.homework.embedded import (
    Plain,
    chosen_options,
    table_code,
    table_digest,
    table_of,
)
from search.homework.execution import run_cells, write_html
from search.homework.grid import BASELINE, COMBINED
from search.homework.loading import Loading, find_loading
from search.homework.plan import VALID_SHARE
from search.homework.results import READINGS, Entry, Results
from search.homework.sheet import METADATA, Sheet
from search.homework.template import Text, read_template
from search.metrics import METRICS
from spaces.params import Scalar
from spaces.space import Params


def write_notebook(
    results: Results, folder: Path, *, template: Path | None, execute: bool = True
) -> Path:
    """Write the notebook and the same as HTML, run from top to bottom.

    Args:
        results: What was measured; nothing else is read.
        folder: Where `NAME.ipynb` and `NAME.html` are written. Answers in an older
            notebook of this name are taken over, and it is kept as `NAME.ipynb.bak`.
        template: The text in another language; None for English.
        execute: Run the cells in a fresh kernel of this Python.

    Returns:
        Path of the notebook.

    Raises:
        SettingsError: The template is wrong; nothing was written.
        FatalError: A cell failed; both files show where.
    """
    import nbformat

    text = read_template(template)
    notebook = make_notebook(results, text)
    path = folder / f"{results.name}.ipynb"
    keep_answers(notebook, path)
    try:
        if execute:
            run_cells(notebook, folder, backend=results.plan.backend)
    finally:
        with replacing(path) as file:
            file.write(nbformat.writes(notebook).encode())
        language = text.pieces["language"]
        write_html(notebook, path.with_suffix(".html"), language=language)
    return path


def make_notebook(results: Results, text: Text) -> Any:
    """Return the notebook as nbformat's node, its cells not yet run."""
    import nbformat

    loading = find_loading(results.plan.pipeline)
    live = [] if loading is None else _writable(results)
    table = table_of(results, text, with_curves=not live)
    sheet = Sheet(text)
    write_card(sheet, results, live=bool(live))
    if loading is None or not live:
        reason = "no-loader" if loading is None else "no-code"
        _embedded_curves(sheet, results, table, reason=text(reason))
    else:
        _live(sheet, results, loading, live)
    _cross_validated(sheet, results, table, with_table=bool(live))
    sheet.markdown("conclusion", text("conclusion"))
    sheet.question("conclusion")
    notebook = nbformat.v4.new_notebook(cells=sheet.cells)
    notebook.metadata.kernelspec = {
        "name": "python3",
        "display_name": "Python 3",
        "language": "python",
    }
    notebook.metadata[METADATA] = _metadata(results, table, live=bool(live))
    return notebook


def _writable(results: Results) -> list[Entry]:
    """Return the entries that plain Keras can train; none without the baseline."""
    found = []
    for entry in results.entries:
        try:
            check_writable(entry.params)
        except SettingsError:
            continue
        found.append(entry)
    return found if results.entry(BASELINE) in found else []


def _task(results: Results) -> Any:
    return METRICS[results.metrics[0]].task


def _live(
    sheet: Sheet, results: Results, loading: Loading, live: Sequence[Entry]
) -> None:
    plan, text, task = results.plan, sheet.text, _task(results)
    base = results.entry(BASELINE).params
    used = {name for entry in live for name in chosen_options(entry, results)}
    sheet.code("imports", cells.IMPORTS, backend=plan.backend)
    sheet.markdown("settings-text", text("settings"))
    settings = _settings(results, loading, base, live)
    sheet.code("settings", cells.settings_code(settings, text("quick-comment")))
    sheet.code("names", _names(results, text))
    sheet.markdown("load-text", text("load"))
    sheet.code("load", loading.load + preparing.LOADED[loading.kind])
    sheet.markdown("preprocess-text", text("preprocess"))
    sheet.code("preprocess", preparing.preprocess_code(loading, task))
    sheet.markdown("build-text", text("build"))
    builder = builder_code(base, task=task, used=used)
    sheet.code("build", builder + training.built_code(task))
    sheet.markdown("train-text", text("train"))
    sheet.code("train", training.train_code(loading, task, used))
    left_out = [e.technique for e in results.entries if e not in live]
    sheet.markdown("run-text", text("run") + _left_out(left_out, text))
    sheet.code("run", training.RUN)
    sheet.markdown("evaluate-text", text("evaluate"))
    sheet.code("measure", measuring.measure_code(results.metrics, task))
    _curves(sheet, "", say_techniques=drawing.SAY_AGAINST)
    of_classes = task == "classification"
    kind = "confusion" if of_classes else "residuals"
    best = text.word(_best_single(results, live))
    sheet.markdown(f"{kind}-text", text(kind, best=best))
    sheet.code(kind, drawing.CONFUSION if of_classes else drawing.RESIDUALS)
    say = drawing.SAY_CONFUSION if of_classes else drawing.SAY_RESIDUALS
    sheet.code(f"{kind}-facts", say)
    sheet.question(kind)
    sheet.markdown("live-table-text", text("live-table"))
    sheet.code("live-table", drawing.LIVE_TABLE)
    if loading.plane:
        sheet.markdown("boundaries-text", text("boundaries"))
        sheet.code("boundaries", drawing.BOUNDARIES)
        sheet.code("boundaries-facts", drawing.SAY_BOUNDARIES)
        sheet.question("boundaries")


def _left_out(techniques: Sequence[str], text: Text) -> str:
    """Say which techniques are not trained live, and why."""
    if not techniques:
        return ""
    names = ", ".join(text.word(name) for name in techniques)
    return "\n\n" + text("not-live", names=names)


def _embedded_curves(
    sheet: Sheet, results: Results, table: Plain, *, reason: str
) -> None:
    text = sheet.text
    sheet.code("imports", cells.FEW_IMPORTS)
    sheet.code("names", _names(results, text))
    sheet.markdown("no-live-text", text("no-live", reason=reason))
    sheet.code("cross-validated", table_code(table))
    sheet.code("measure", drawing.EMBEDDED_CURVES)
    _curves(sheet, "no-live-", say_techniques=drawing.SAY_CURVES)


def _curves(sheet: Sheet, prefix: str, *, say_techniques: str) -> None:
    sheet.markdown("curves-baseline-text", sheet.text(f"{prefix}curves-baseline"))
    sheet.code("curves-baseline", drawing.BASELINE)
    sheet.code("curves-baseline-facts", drawing.SAY_BASELINE)
    sheet.question("baseline")
    sheet.markdown("curves-all-text", sheet.text(f"{prefix}curves-all"))
    sheet.code("curves-all", drawing.TECHNIQUES)
    sheet.code("curves-all-facts", say_techniques)
    sheet.question("techniques")


def _cross_validated(
    sheet: Sheet, results: Results, table: Plain, *, with_table: bool
) -> None:
    plan, text = results.plan, sheet.text
    sheet.markdown(
        "cross-validated-text",
        text(
            "cross-validated",
            seed=plan.seed,
            n_splits=plan.n_splits,
            name=results.name,
            digest=table_digest(table)[:16],
        ),
    )
    if with_table:
        sheet.code("cross-validated", table_code(table))
    for role, code, said in (
        ("table", drawing_table.TABLE, facts.table_facts(results, text)),
        ("effects", drawing_table.EFFECTS, facts.effect_facts(results, text)),
        ("capacity", drawing_table.CAPACITY, facts.capacity_facts(results, text)),
        ("test", drawing_table.TEST, facts.final_facts(results, text)),
    ):
        values = {"n_test": text.count(results.n_test), "look": results.look}
        sheet.markdown(f"{role}-text", text(role, **values, n_seeds=plan.n_seeds))
        sheet.code(role, code)
        sheet.markdown(f"{role}-facts", facts.bullets(said))
        sheet.question(role)


def _settings(
    results: Results, loading: Loading, base: Params, live: Sequence[Entry]
) -> dict[str, Any]:
    plan, task = results.plan, _task(results)
    settings: dict[str, Any] = {
        "SEED": plan.seed,
        "N_ROWS": plan.notebook_rows,
        "VALID_SHARE": cells.Code("1 / 3") if VALID_SHARE == 1 / 3 else VALID_SHARE,
        "EPOCHS": plan.epochs,
        "BATCH_SIZE": base["batch_size"],
        "NETWORK": network_options(base),
        "TECHNIQUES": {
            entry.technique: _arguments(chosen_options(entry, results))
            for entry in live
        },
        "BEST_SINGLE": _best_single(results, live),
        "CLASSES": list(results.classes),
    }
    if task == "regression":
        settings["UNIT"] = results.unit
    if loading.kind == "text":
        settings |= {
            "N_WORDS": base["n_words"],
            "NGRAMS": base["ngrams"],
            "WEIGHTING": base["weighting"],
        }
    return settings


def _arguments(options: dict[str, Scalar]) -> dict[str, Scalar]:
    """Return what `run` takes; the learning rate is the same for all."""
    return {name: value for name, value in options.items() if name != "learning_rate"}


def _best_single(results: Results, live: Sequence[Entry]) -> str:
    """Return the technique that met the test rows; else the best at the best epoch.

    Only of those that are trained live.
    """
    tested = [score.technique for score in results.test]
    main = METRICS[results.metrics[0]]
    singles = [e for e in live if e.technique not in (BASELINE, COMBINED)]
    known = [e for e in singles if e.technique in tested] or singles
    best = max(known, key=lambda e: main.sign(e.mean("best", main.name)), default=None)
    return BASELINE if best is None else best.technique


def _names(results: Results, text: Text) -> str:
    say = {
        name.removeprefix("say-"): sentence
        for name, sentence in text.pieces.items()
        if name.startswith("say-")
    }
    return cells.fill(
        drawing.NAMES,
        text,
        names=facts.names(results, text),
        labels=facts.labels(results, text),
        readings={reading: text.word(reading) for reading in READINGS},
        say=say,
    )


def _metadata(results: Results, table: Plain, *, live: bool) -> Plain:
    plan = results.plan
    facts_: Plain = {
        "homework": results.name,
        "student": plan.student,
        "pipeline": plan.pipeline,
        "task": _task(results),
        "live": live,
        "metrics": list(results.metrics),
        "techniques": [entry.technique for entry in results.entries],
        "seeds": [plan.seed, plan.tuning_seed, plan.fresh_seed],
        "splits": dict(results.split_digests),
        "data": plan.data_digest,
        "look": results.look,
        "table": table_digest(table),
    }
    return facts_ | {"seal": table_digest(facts_)}
