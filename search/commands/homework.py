"""`tunefold homework`: the lecture's experiment, from overfitting to the notebook."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from search.commands.formats import FORMATS
from search.commands.options import (
    Advanced,
    WithAdvanced,
    format_option,
    store_option,
)
from search.commands.output import note, print_json, stderr, stdout

if TYPE_CHECKING:
    from search.homework.results import Results

TECHNIQUES = "early-stopping,dropout,l2,l1,label-smoothing,ensemble"
"""What `search.homework.grid` names, without its imports; a test compares them."""


@click.command("homework", cls=WithAdvanced)
@click.argument("pipeline")
@click.option(
    "--techniques",
    metavar="NAME[,NAME...]",
    help="Each is applied alone, then combined; 'all' for all that fit, see "
    f"'tunefold list' [default: {TECHNIQUES}; for a regression without "
    "label-smoothing].",
)
@click.option(
    "--minutes",
    type=float,
    default=30.0,
    show_default=True,
    help="Make a plan that takes no longer, or the smallest one.",
)
@click.option("--student", default="", metavar="NAME", help="Derive the seeds from it.")
@click.option("--rows", "n_rows", type=int, help="Use at most so many training rows.")
@click.option("--epochs", type=int, help="Of every training [default: by pipeline].")
@click.option("--name", help="The homework's name [default: homework-PIPELINE].")
@click.option(
    "--template",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Text of the notebook in another language; cs is there.",
)
@format_option
@store_option
@click.option(
    "--plan",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Follow the plan that another homework has written: with its seeds, or with "
    "those of --student.",
    cls=Advanced,
)
@click.option(
    "--cv",
    default="kfold:3",
    show_default=True,
    metavar="SPLITTER",
    help="Folds of the tuning.",
    cls=Advanced,
)
@click.option(
    "--workers", type=int, help="Folds at the same time [default: cores].", cls=Advanced
)
@click.option(
    "--backend",
    type=click.Choice(["jax", "tensorflow"]),
    help="Keras backend [default: KERAS_BACKEND, or jax].",
    cls=Advanced,
)
@click.option(
    "--experiment", help="MLflow experiment [default: PIPELINE].", cls=Advanced
)
def homework_command(
    pipeline: str,
    techniques: str | None,
    minutes: float,
    student: str,
    n_rows: int | None,
    epochs: int | None,
    name: str | None,
    template: Path | None,
    form: str,
    tracking_uri: str | None,
    plan: Path | None,
    cv: str,
    workers: int | None,
    backend: str | None,
    experiment: str | None,
) -> None:
    """Overfit, apply each technique alone, combine them, and write the notebook.

    Every technique gets as many trainings as the others; settings are chosen on some
    folds and scored on fresh ones; test rows come last. Interrupted, the same command
    goes on.

    \b
    tunefold homework fashion_mnist --minutes 30 --student Lovelace
    tunefold homework boston_housing --techniques dropout,l2,l1,ensemble
    """
    from search.homework.request import HomeworkRequest
    from search.homework.run import run_homework
    from search.store import choose_uri

    names = None
    if techniques is not None:
        names = tuple(word.strip() for word in techniques.split(",") if word.strip())
    notebook = run_homework(
        HomeworkRequest(
            pipeline=pipeline,
            techniques=names,
            minutes=minutes,
            cv=cv,
            n_rows=n_rows,
            epochs=epochs,
            student=student,
            plan=plan,
            name=name,
            experiment=experiment,
            backend=backend,
            workers=workers,
            template=template,
        ),
        store_uri=choose_uri(tracking_uri),
        console=stderr(),
        show=lambda results: _show(results, form),
    )
    (click.echo if form == "table" else note)(str(notebook))
    note(f"the same to look at: {notebook.with_suffix('.html')}")


def _show(results: "Results", form: str) -> None:
    from search.homework.show import results_cells, show_results

    if form == "json":
        print_json(asdict(results))
    elif form in FORMATS:
        click.echo(FORMATS[form](*results_cells(results)))
    else:
        show_results(results, stdout())
