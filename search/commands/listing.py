"""`tunefold list`, `space` and `data fetch`: what there is."""

from typing import Any

import click

from search.commands.options import WithAdvanced, json_option
from search.commands.output import print_json
from search.commands.own_data import own_data_options, take_pipeline

OWN_FORMS = {
    "table:FILE": "CSV or Parquet, with --target COLUMN",
    "text:FILE": "a text a row, with --target COLUMN",
    "images:FOLDER": "a folder of images for each class",
    "MODULE:PIPELINE": "a pipeline in Python; also FILE.py:PIPELINE",
}


BY_OPTION = {
    "transfer": {
        "summary": "begins with the weights of a rerun on other data; an option, not "
        "part of a space: search --init-from",
        "paper": "Yosinski et al. 2014, arXiv:1411.1792",
    }
}
"""Techniques without a parameter of their own."""


@click.command("list")
@json_option
def list_command(as_json: bool) -> None:
    """List pipelines, techniques, engines, pruners, splitters, metrics, objectives.

    \b
    tunefold list
    tunefold list --json
    """
    from pipelines.registry import MODULES, get_pipeline
    from search.engines.registry import SAMPLERS
    from search.metrics import METRICS
    from search.objectives import ALSO, SCORE
    from search.pruners.registry import PRUNERS
    from search.splitters import FORMS
    from spaces.techniques import TECHNIQUES

    objectives = {SCORE: "the searched metric"} | {
        name: words for name, (words, _) in ALSO.items()
    }

    pipelines = [get_pipeline(name) for name in MODULES]
    if as_json:
        print_json(
            {
                "pipelines": {
                    p.name: {"summary": p.summary, "spaces": list(p.spaces)}
                    for p in pipelines
                },
                "techniques": {
                    name: {"summary": t.summary, "paper": t.paper}
                    for name, t in TECHNIQUES.items()
                }
                | BY_OPTION,
                "engines": {name: list(kinds) for name, kinds in SAMPLERS.items()},
                "pruners": PRUNERS,
                "splitters": FORMS,
                "metrics": {name: m.task for name, m in METRICS.items()},
                "objectives": objectives,
            }
        )
        return
    sections: dict[str, list[tuple[str, str]]] = {
        "pipelines": [
            (p.name, f"{p.summary} (spaces: {', '.join(p.spaces)})") for p in pipelines
        ],
        "your own data": list(OWN_FORMS.items()),
        "techniques": [
            *((name, t.summary) for name, t in TECHNIQUES.items()),
            *((name, t["summary"]) for name, t in BY_OPTION.items()),
        ],
        "engines": [
            (name, f"samplers: {', '.join(kinds)}") for name, kinds in SAMPLERS.items()
        ],
        "pruners": list(PRUNERS.items()),
        "splitters": list(FORMS.items()),
        "metrics": [(name, m.task) for name, m in METRICS.items()],
        "objectives": list(objectives.items()),
    }
    for title, rows in sections.items():
        click.echo(f"{title}")
        width = max(18, *(len(name) for name, _ in rows))
        for name, text in rows:
            click.echo(f"  {name:<{width}} {text}")
    click.echo(
        "\nsampler gp needs PyTorch: "
        'pip install -c constraints.txt -e ".[gp]" (README: "The sampler gp")'
    )


@click.group("data")
def data_group() -> None:
    """Copy data sets for machines without network."""


@data_group.command("fetch")
@click.argument("names", nargs=-1)
@click.option(
    "--to", required=True, metavar="FOLDER", help="Where to; made when needed."
)
def data_fetch(names: tuple[str, ...], to: str) -> None:
    """Copy data sets, digest-checked, into a folder; all of them without NAMES.

    \b
    tunefold data fetch digits --to data
    tunefold data fetch --to /media/stick/tunefold-data
    TUNEFOLD_DATA=/media/stick/tunefold-data tunefold search fashion_mnist
    """
    from pathlib import Path

    from pipelines.prepared import fetch
    from pipelines.registry import MODULES, get_pipeline

    loaders = {name: get_pipeline(name).load for name in MODULES}
    for file in fetch(list(names), Path(to), loaders):
        click.echo(
            f"{file.path}  {file.n_rows:,} rows  {file.n_bytes / 2**20:.1f} MiB  "
            f"from {file.source}"
        )


@click.command("space", cls=WithAdvanced)
@click.argument("pipeline")
@click.option("--space", "name", help="A space of the pipeline [default: its first].")
@click.option("--set", "changes", multiple=True, metavar="NAME=VALUES")
@own_data_options
@json_option
def space_command(
    pipeline: str,
    name: str | None,
    changes: tuple[str, ...],
    as_json: bool,
    **options: Any,
) -> None:
    """Show a pipeline's search space as a table.

    The value tried first stands behind each range.

    \b
    tunefold space digits
    tunefold space digits --set n_layers=1..2 --set dropout=0
    """
    from pipelines.registry import complete, get_pipeline
    from spaces.errors import SpaceError
    from spaces.narrow import narrow
    from spaces.params import write_scalar
    from spaces.space import unknown

    spaces = get_pipeline(complete(take_pipeline(pipeline, options))).spaces
    name = name or next(iter(spaces))
    if name not in spaces:
        raise SpaceError(f"--space: {unknown('space', name, list(spaces))}")
    space = narrow(spaces[name], changes)
    if as_json:
        print_json(
            {
                "name": name,
                "fingerprint": space.fingerprint(),
                "params": space.to_dict(),
            }
        )
        return
    width = max(map(len, space.params))
    for param_name, param in space.params.items():
        when = ""
        if param.when is not None:
            values = ", ".join(write_scalar(value) for value in param.when[1])
            when = f"  when {param.when[0]} is {values}"
        first = write_scalar(param.initial())
        first = "" if first == param.describe() else f"; first {first}"
        click.echo(f"{param_name:<{width}} {param.describe()}{first}{when}")
