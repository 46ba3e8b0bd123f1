"""`tunefold export`: a trial or an ensemble as code, a study as a file."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from search.commands.options import check_members, pipeline_option, store_option
from search.commands.output import note

if TYPE_CHECKING:
    from search.script.network import Api
    from search.script.sections import Exported
    from search.store import Store


@click.command("export")
@click.argument("study_or_run", required=False)
@click.option(
    "--to",
    "form",
    type=click.Choice(["script", "notebook", "study-file"]),
    default="script",
    show_default=True,
    help="Code as a script or notebook; the settings of the whole study.",
)
@click.option("--trial", type=int, help="A trial's number [default: the best].")
@click.option(
    "--ensemble",
    "size",
    type=int,
    metavar="N",
    help="The mean of up to N trials instead, as 'tunefold rerun --ensemble N'.",
)
@click.option(
    "--api",
    type=click.Choice(["functional", "sequential", "subclass"]),
    default="functional",
    show_default=True,
    help="Which of Keras' ways builds a network.",
)
@click.option("--output", metavar="FILE", help="[default: STUDY-TRIAL.py and so on]")
@click.option("--force", is_flag=True, help="Overwrite the file.")
@pipeline_option
@store_option
def export_command(
    study_or_run: str | None,
    form: str,
    trial: int | None,
    size: int | None,
    api: "Api",
    output: str | None,
    force: bool,
    pipeline: str | None,
    tracking_uri: str | None,
) -> None:
    """Write a trial or an ensemble as plain Keras code.

    The script needs nothing of tunefold. It loads, prepares, builds, trains and
    evaluates as 'tunefold rerun' does with its first seed, and prints the same test
    scores. Takes a study, or the run id of one trial or of an ensemble's rerun.

    \b
    tunefold export digits-1
    tunefold export digits-1 --trial 3 --to notebook --api sequential
    tunefold export digits-1 --ensemble 5
    tunefold export digits-1 --to study-file
    """
    from search.store import Store, choose_uri

    _check(form, trial, size)
    store = Store(choose_uri(tracking_uri))
    if form == "study-file":
        name, suffix, text = _study_file(store, study_or_run, pipeline)
    else:
        name, suffix, text = _code(
            _exported(store, study_or_run, trial, size, api), form
        )
    file = Path(output or f"{name}{suffix}")
    _write(file, text, force=force)
    click.echo(file)
    if form == "study-file":
        note(f"search it again: tunefold search --from {file}")


def _check(form: str, trial: int | None, size: int | None) -> None:
    """Refuse options that exclude each other."""
    from search.errors import SettingsError

    check_members(size)
    if trial is not None and size is not None:
        raise SettingsError(
            f"--ensemble: chooses trials itself, got --trial {trial}; leave one out"
        )
    for option, given in (("--trial", trial), ("--ensemble", size)):
        if form == "study-file" and given is not None:
            raise SettingsError(
                f"{option} {given}: a study file holds no trial; leave it out, or use "
                "--to script"
            )


def _exported(
    store: "Store",
    study_or_run: str | None,
    number: int | None,
    size: int | None,
    api: "Api",
) -> "Exported":
    from search.ensemble_record import KIND, read_members
    from search.environment import BACKENDS, set_environment
    from search.results import load_study, load_trial, numbered_trial, run_of_id
    from search.script.ensemble import export_ensemble
    from search.script.export import export
    from search.study_ensemble import find_ensemble

    set_environment(BACKENDS[0])  # networks are built here, the lighter will do
    if size is not None:
        found = find_ensemble(store, load_study(store, study_or_run), size=size)
        return export_ensemble(found.members, api=api)
    if number is not None:
        study = load_study(store, study_or_run)
        return export(numbered_trial(store, study, number), api=api)
    run = run_of_id(store, study_or_run, kind=KIND)
    if run is not None:
        return export_ensemble(read_members(store, run), api=api)
    return export(load_trial(store, study_or_run), api=api)


def _code(exported: "Exported", form: str) -> tuple[str, str, str]:
    """Return the name of what is exported, the suffix of a file, and its text."""
    from search.script.sections import as_script

    if form == "script":
        return exported.name, ".py", as_script(exported)
    import nbformat

    from search.script.notebook import as_notebook

    return exported.name, ".ipynb", nbformat.writes(as_notebook(exported)) + "\n"


def _study_file(
    store: "Store", study: str | None, pipeline: str | None
) -> tuple[str, str, str]:
    """Return the name of a study, the suffix of a file, and its text."""
    from pipelines.registry import recorded_word
    from search.results import load_study
    from search.store import KIND
    from search.study_file import as_command, as_toml, study_options

    recorded = load_study(store, study)
    settings = recorded.settings
    recorded_word(settings.pipeline, named=pipeline)
    runs = store.children(recorded.run_id)
    n_trials = sum(run.data.tags.get(KIND) == "trial" for run in runs)
    options = study_options(settings, n_trials=max(1, n_trials))
    text = as_toml(options, study=settings.name)
    return (
        settings.name,
        ".toml",
        f"{text}\n# The same, typed:\n# {as_command(options)}\n",
    )


def _write(file: Path, text: str, *, force: bool) -> None:
    from pipelines.atomic_file import replacing
    from search.errors import SettingsError

    if file.exists() and not force:
        raise SettingsError(
            f"--output {file}: exists already; name another file, or give --force"
        )
    try:
        with replacing(file) as opened:
            opened.write(text.encode())
    except OSError as error:
        raise SettingsError(
            f"--output {file}: cannot be written: {error.strerror}"
        ) from None
