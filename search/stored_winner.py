"""The winner of a recorded study: as its end left it, or found anew."""

from search.errors import TrackingError
from search.out_of_fold import read_out_of_fold
from search.results import best_trials, n_chosen_from
from search.store import Store
from search.stored_study import RecordedStudy
from search.winner import ARTIFACT, Winner, find_winner, winner_from_json


def stored_winner(store: Store, study: RecordedStudy) -> Winner | None:
    """Read a study's winner; None where no trial is complete.

    What the study's end stored holds while no trial has been added to it; a study
    that was killed, or is running, has its winner found from its trials, which reads
    the predictions of all. So has one of groups whose rows were drawn one by one, as
    earlier versions did.
    """
    n_trials = n_chosen_from(store, study)
    if n_trials == 0:
        return None
    try:
        stored = winner_from_json(store.read_json(study.run_id, ARTIFACT))
    except TrackingError:  # it has not ended
        stored = None
    if stored is not None and stored.n_trials == n_trials:
        grouped = study.settings.groups is not None
        if stored.grouped == grouped or not stored.resamples:
            return stored
    recorded = {each.trial.number: each for each in best_trials(store, study, None)}
    return find_winner(
        study.settings,
        [each.trial for each in recorded.values()],
        lambda trial: read_out_of_fold(store, recorded[trial.number]),
    )
