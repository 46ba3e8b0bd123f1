"""From a recorded trial to the sections of a script that repeats its rerun.

The script does what `search.final.run_final` does with the first seed of `tunefold
rerun`, in the same order and with the same random numbers: on the same kind of machine,
with the same versions, it gives the same test scores.
"""

from search.scoring import mean_curve
from search.script.data import data_code
from search.script.measuring import metric_functions, metrics_code
from search.script.network import Api
from search.script.parts import (
    build_code,
    constants,
    is_several,
    predicting_code,
    predictions_code,
    run_code,
    train_code,
)
from search.script.sections import Exported, Section, beginning, constants_code
from search.script.source import Source, description, source_of
from search.stored_study import RecordedTrial


def export(recorded: RecordedTrial, *, api: Api = "functional") -> Exported:
    """Write a trial as plain Keras code.

    Needs the data, to know the shape of a row and what the pipeline found out about it.

    Raises:
        SettingsError: The trial is not complete, or something of it cannot be written;
            the message names it.
        DataError: The data is not here or is not the study's.
    """
    source = source_of(recorded)
    load, choose, prepare = data_code(source)
    sections = [
        Section(
            title="Load",
            words="Training rows, and test rows that no search has seen.",
            code=f"# {len(source.trained_on):,} training rows are expected.\n"
            f"{load}{choose}",
        ),
        Section(
            title="Preprocess",
            words="Learned from the training rows alone.",
            code=prepare,
        ),
        Section(title="Build", words="The network.", code=build_code(source, api)),
        Section(
            title="Train",
            words="On all training rows. Predictions are made in inference mode: "
            "dropout and its like are off.",
            code=_train(source),
        ),
        Section(
            title="Evaluate",
            words="On the test rows, once.",
            code=_evaluate(source),
        ),
    ]
    code = "".join(section.code for section in sections)
    return Exported(
        name=f"{source.settings.name}-{source.trial.number}",
        doc=description(source),
        classes=source.pipeline.classes,
        curves={
            name: mean_curve(source.trial.folds, name).tolist()
            for name in ("loss", "val_loss")
        },
        sections=(
            *beginning(
                source.settings.backend,
                code,
                parameters=constants_code(constants(source), code),
                words="Found by the search. `EPOCHS` is the common epoch: the best of "
                "the mean curve over the folds.",
            ),
            *sections,
        ),
    )


def _train(source: Source) -> str:
    predict = predicting_code(source, several=is_several(source.params))
    return f"{predict}\n\n{train_code(source)}\n\n{run_code(source.params)}"


def _evaluate(source: Source) -> str:
    metrics = source.settings.metrics
    return (
        metric_functions(metrics)
        + predictions_code(source.params)
        + metrics_code(metrics, source.pipeline.task)
    )
