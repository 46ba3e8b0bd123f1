"""`tunefold export`: a trial as a script or notebook, a study as a file."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from search.commands.options import pipeline_option, store_option
from search.commands.output import note

if TYPE_CHECKING:
    from search.store import Store
    from search.stored_study import RecordedTrial


@click.command("export")
@click.argument("study_or_run", required=False)
@click.option(
    "--to",
    "form",
    type=click.Choice(["script", "notebook", "study-file"]),
    default="script",
    show_default=True,
    help="A trial as a script or notebook; the settings of the whole study.",
)
@click.option("--trial", type=int, help="A trial's number [default: the best].")
@click.option(
    "--api",
    type=click.Choice(["functional", "sequential", "subclass"]),
    default="functional",
    show_default=True,
    help="Which of Keras' ways builds the network.",
)
@click.option("--output", metavar="FILE", help="[default: STUDY-TRIAL.py and so on]")
@click.option("--force", is_flag=True, help="Overwrite the file.")
@pipeline_option
@store_option
def export_command(
    study_or_run: str | None,
    form: str,
    trial: int | None,
    api: str,
    output: str | None,
    force: bool,
    pipeline: str | None,
    tracking_uri: str | None,
) -> None:
    """Write a trial as plain Keras code that needs nothing of tunefold.

    The script loads, prepares, builds, trains and evaluates as 'tunefold rerun' does
    with its first seed, and prints the same test scores. Takes a study or the run id of
    one trial.

    \b
    tunefold export digits-1
    tunefold export digits-1 --trial 3 --to notebook --api sequential
    tunefold export digits-1 --to study-file
    """
    from search.store import Store, choose_uri

    store = Store(choose_uri(tracking_uri))
    if form == "study-file":
        name, suffix, text = _study_file(store, study_or_run, trial, pipeline)
    else:
        name, suffix, text = _code(_chosen(store, study_or_run, trial), form, api)
    file = Path(output or f"{name}{suffix}")
    _write(file, text, force=force)
    click.echo(file)
    if form == "study-file":
        note(f"search it again: tunefold search --from {file}")


def _chosen(
    store: "Store", study_or_run: str | None, number: int | None
) -> "RecordedTrial":
    from search.results import load_study, load_trial, numbered_trial

    if number is None:
        return load_trial(store, study_or_run)
    return numbered_trial(store, load_study(store, study_or_run), number)


def _code(recorded: "RecordedTrial", form: str, api: str) -> tuple[str, str, str]:
    """Return the name of a trial, the suffix of a file, and its text."""
    from search.environment import BACKENDS, set_environment
    from search.script.export import export
    from search.script.sections import as_script

    set_environment(BACKENDS[0])  # the network is built here, the lighter will do
    exported = export(recorded, api=api)  # type: ignore[arg-type]  # click has checked
    if form == "script":
        return exported.name, ".py", as_script(exported)
    import nbformat

    from search.script.notebook import as_notebook

    return exported.name, ".ipynb", nbformat.writes(as_notebook(exported)) + "\n"


def _study_file(
    store: "Store", study: str | None, trial: int | None, pipeline: str | None
) -> tuple[str, str, str]:
    """Return the name of a study, the suffix of a file, and its text."""
    from pipelines.registry import recorded_word
    from search.errors import SettingsError
    from search.results import load_study
    from search.store import KIND
    from search.study_file import as_command, as_toml, study_options

    if trial is not None:
        raise SettingsError(
            f"--trial {trial}: a study file holds no trial; leave it out, or use --to "
            "script"
        )
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
