"""The notebook's first cell: what was done, for whom, and how to repeat it."""

import shlex

from search.homework.results import Results
from search.homework.sheet import Sheet
from search.homework.template import Text


def write_card(sheet: Sheet, results: Results, *, live: bool) -> None:
    """Add the first cell; `live` says whether other cells train networks."""
    plan, text = results.plan, sheet.text
    pipeline = f"`{plan.pipeline}`"
    studies = "<br>".join(
        f"{name} `{digest[:16]}`" for name, digest in results.split_digests.items()
    )
    student = f" --student {shlex.quote(plan.student)}" if plan.student else ""
    minutes = ", ".join(
        f"{name} {text.number(value, 1)}" for name, value in results.minutes.items()
    )
    card = text(
        "card",
        student=plan.student.replace("|", "\\|") or text("nobody"),
        name=results.name,
        pipeline=pipeline,
        source=results.data_source,
        data_digest=plan.data_digest,
        studies=studies,
        seed=plan.seed,
        tuning_seed=plan.tuning_seed,
        fresh_seed=plan.fresh_seed,
        rows=text("all-rows") if plan.n_rows is None else text.count(plan.n_rows),
        notebook_rows=text.count(plan.notebook_rows),
        epochs=plan.epochs,
        n_settings=plan.n_settings,
        n_splits=plan.n_splits,
        n_seeds=plan.n_seeds,
        minutes=minutes,
        cut="; ".join(_cut(line, text) for line in plan.cut) or text("nothing"),
        kinds=text("two-kinds" if live else "one-kind"),
        command=f"tunefold homework {shlex.quote(plan.pipeline)}{student} "
        "--plan plan.json",
    )
    title = text("title", pipeline=pipeline)
    note = text("note", note=results.note.replace("\n", "\n> ")) if results.note else ""
    sheet.markdown("card", "\n\n".join(filter(None, [title, note, card])))


def _cut(line: str, text: Text) -> str:
    """Say a line of the plan in the text's language: `what: got instead of most`."""
    what, _, amount = line.partition(": ")
    numbers = [each.replace(",", "") for each in amount.split(" instead of ")]
    if len(numbers) != 2 or not all(map(str.isdecimal, numbers)):
        return line
    got, most = (text.count(int(each)) for each in numbers)
    word = text.word(f"cut-{what.replace(' ', '-')}", what)
    return text("cut-line", what=word, got=got, most=most)
