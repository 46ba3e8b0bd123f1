"""Names that a store knows, also where the study's own run was deleted."""

import pytest

from search.errors import SettingsError
from search.launch import _free_name, _refuse_taken
from search.recorder import Recorder


def test_a_new_study_never_takes_the_trials_of_a_deleted_one(
    store, make_settings, make_trial, tmp_path
):
    recorder = Recorder(store, make_settings(name="digits-1"), began=1.0)
    recorder.begin({})
    recorder.trial_begun(make_trial(0), began=1.0)
    with pytest.raises(SettingsError, match="exists already in "):
        _refuse_taken(store, "digits-1")
    store.client.delete_run(recorder.run_id)
    with pytest.raises(SettingsError, match="though its own run is deleted; delete "):
        _refuse_taken(store, "digits-1")
    assert _free_name(store, tmp_path, "digits") == "digits-2"
    store.client.delete_run(store.find("digits-1/0").info.run_id)
    _refuse_taken(store, "digits-1")
    assert _free_name(store, tmp_path, "digits") == "digits-1"
