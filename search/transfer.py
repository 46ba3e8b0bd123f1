"""Let a study begin with the weights of a run: `tunefold search --init-from`."""

from dataclasses import replace

from pipelines.pipeline import Pipeline
from pipelines.registry import get_pipeline, recorded_word
from pipelines.transfer import describe_kernels
from search.initial_weights import keep
from search.request import Draft
from search.rerun_weights import find_rerun, lineage, read_weights
from search.seen_rows import refuse_seen
from search.store import Store
from search.types import Settings
from spaces.errors import TunefoldError


def begin_with(draft: Draft, store: Store, name: str) -> Draft:
    """Return the draft with the weights that its networks begin with.

    The head is left out unless both predict the same classes, or a value in the same
    unit: begun with the head of other classes networks end worse than with a fresh one.

    Args:
        draft: A study that begins with fresh weights.
        store: Holds the run.
        name: Its id, or a study's name for that study's latest rerun.

    Raises:
        SettingsError: The run has seen rows of this study, itself or through a run it
            began with; or it has no weights that can be read.
        UnknownStudyError: There is no such run.
    """
    settings = draft.settings
    rerun = find_rerun(store, name)
    pipeline = get_pipeline(settings.pipeline)
    part = pipeline.load("train")
    notes = [
        refuse_seen(settings, part, run=each.run_id, source=each.settings)
        for each in lineage(store, rerun.run_id)
    ]
    weights = read_weights(store, rerun)
    with_head = _predict_the_same(pipeline, rerun.settings)
    if not with_head:
        weights = weights[:-1]
    digest = keep(weights)
    settings = replace(settings, init_from=rerun.run_id, init_digest=digest)
    head = (
        "" if with_head else "; the head is left out, for it may predict something else"
    )
    notes.append(
        f"begins with the weights of run {rerun.run_id} (kernels "
        f"{describe_kernels(weights)}) where shapes are equal{head}"
    )
    return replace(
        draft,
        settings=settings,
        jobs=replace(draft.jobs, settings=settings),
        notes=(*draft.notes, *notes),
    )


def _predict_the_same(pipeline: Pipeline, source: Settings) -> bool:
    try:
        other = get_pipeline(recorded_word(source.pipeline, named=None))
    except TunefoldError:  # not here: nobody knows what its classes mean
        return False
    known = pipeline.classes or pipeline.unit  # else a value nobody has named
    return bool(known) and all(
        getattr(pipeline, what) == getattr(other, what)
        for what in ("task", "classes", "unit")
    )
