"""`tunefold report`: what a study showed, as a page and as figures."""

from pathlib import Path

import click

from search.commands.options import json_option, store_option
from search.commands.output import note, print_json


@click.command("report")
@click.argument("study", required=False)
@click.option(
    "--to",
    "page",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="The page to write [default: STUDY-report.html].",
)
@click.option(
    "--figures",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="FOLDER",
    help="Write every figure there as well, as SVG and PNG.",
)
@json_option
@store_option
def report_command(
    study: str | None,
    page: Path | None,
    folder: Path | None,
    as_json: bool,
    tracking_uri: str | None,
) -> None:
    """Write a study's figures, leaderboard and settings as one HTML page.

    The page needs no network and may be printed. The study may still be running, or
    have been killed: what has ended is shown.

    \b
    tunefold report
    tunefold report digits-1 --to results.html --figures pictures
    """
    from search.figures.drawing import Missing, Shown
    from search.report.study_report import read_material, write_report
    from search.results import load_study
    from search.store import Store, choose_uri

    store = Store(choose_uri(tracking_uri))
    recorded = load_study(store, study)
    name = recorded.settings.name
    written = write_report(
        read_material(store, recorded),
        recorded.facts,
        page=page or Path(f"{name}-report.html"),
        folder=folder,
    )
    shown = [f for f in written.figures if isinstance(f, Shown)]
    missing = [f for f in written.figures if isinstance(f, Missing)]
    if as_json:
        print_json(
            {
                "study": name,
                "store": store.name,
                "page": str(written.page),
                "trials": written.trials,
                "figures": {
                    f.name: sorted(str(path) for path in f.files.values())
                    if folder is not None
                    else []
                    for f in shown
                },
                "missing": {f.name: f.reason for f in missing},
            }
        )
        return
    note(f"store: {store.name}")
    note(f"{name}: {written.trials} trials, {len(shown)} figures")
    for figure in missing:
        note(f"no {figure.name}: {figure.reason}")
    click.echo(str(written.page))
    if folder is not None:
        click.echo(str(folder))
