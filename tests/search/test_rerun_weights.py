"""Reruns in a real store; their models are built, not trained."""

import json
import zipfile
from pathlib import Path

import keras
import pytest

from pipelines.transfer import content_digest, layer_weights
from search.errors import SettingsError, UnknownStudyError
from search.initial_weights import kept
from search.recorder import Recorder
from search.rerun_weights import find_rerun, lineage, provide, read_weights
from search.store import FAILED, FINISHED, KEY, KIND, PARENT

BEGAN = 1_700_000_000.0


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setattr("pipelines.mapped.user_cache_folder", lambda: tmp_path / "c")


@pytest.fixture
def add_study(store, make_settings, make_trial):
    """Return a function that records a study; it returns recorder and trial's run."""

    def add(name, **fields):
        recorder = Recorder(store, make_settings(name=name, **fields), began=BEGAN)
        recorder.begin({})
        recorder.trial(make_trial(), Path("none"))
        return recorder, store.find(f"{name}/0").info.run_id

    return add


@pytest.fixture
def add_rerun(store, tmp_path):
    """Return a function that records a rerun, with a model where one is given."""

    def add(study, number=1, *, model=None, status=FINISHED):
        recorder, trial = study
        name = recorder._settings.name
        tags = {KEY: f"{name}/0/rerun-{number}", KIND: "rerun", PARENT: trial}
        run_id = store.create_run(
            recorder.experiment_id, f"{name}-rerun", tags=tags, began=BEGAN + number
        )
        if model is not None:
            client, folder = store.client, tmp_path / f"logged-{number}"
            (folder / "data").mkdir(parents=True)
            (folder / "data" / "model.keras").write_bytes(model)
            logged = client.create_logged_model(
                recorder.experiment_id, name="model", source_run_id=run_id
            )
            client.log_model_artifacts(logged.model_id, str(folder))
        store.client.set_terminated(run_id, status)
        return run_id

    return add


@pytest.fixture
def model(tmp_path):
    """A network and its file."""
    network = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    network.add(keras.layers.Dense(4, activation="softmax"))
    network.save(tmp_path / "model.keras")
    return network, (tmp_path / "model.keras").read_bytes()


def test_a_rerun_is_found_by_its_run_or_as_the_latest_of_its_study(
    store, add_study, add_rerun
):
    study = add_study("a")
    first, second = add_rerun(study, 1), add_rerun(study, 2)
    add_rerun(study, 3, status=FAILED)
    add_rerun(add_study("ab"))  # not of study a
    assert find_rerun(store, "a").run_id == second
    found = find_rerun(store, first)
    assert (found.run_id, found.settings.name) == (first, "a")


def test_what_keeps_no_weights_is_refused(store, add_study, add_rerun):
    recorder, trial = study = add_study("a")
    with pytest.raises(SettingsError, match="do it by 'tunefold rerun a'"):
        find_rerun(store, "a")
    with pytest.raises(SettingsError, match=r"finished run of .*, got a trial"):
        find_rerun(store, trial)
    with pytest.raises(SettingsError, match="got a study"):
        find_rerun(store, recorder.run_id)
    with pytest.raises(SettingsError, match="got one that is FAILED"):
        find_rerun(store, add_rerun(study, status=FAILED))
    for name in ("b", "0" * 32):
        with pytest.raises(UnknownStudyError, match=f"unknown study '{name}'"):
            find_rerun(store, name)


def test_weights_are_those_of_the_logged_model(store, add_study, add_rerun, model):
    network, file = model
    add_rerun(add_study("a"), model=file)
    read = read_weights(store, find_rerun(store, "a"))
    assert content_digest(read) == content_digest(layer_weights(network))


def test_a_model_that_is_not_there_or_would_run_code_is_refused(
    store, add_study, add_rerun, model, monkeypatch
):
    monkeypatch.syspath_prepend(Path.cwd())  # a module there could be imported
    study = add_study("a")
    add_rerun(study, 1)
    with pytest.raises(SettingsError, match=r"in sqlite.*, got none; 'tunefold"):
        read_weights(store, find_rerun(store, "a"))
    for number, poisoned in enumerate((_with_code(), *_with_a_module()), start=2):
        add_rerun(study, number, model=poisoned)
        with pytest.raises(SettingsError, match="without running code of it"):
            read_weights(store, find_rerun(store, "a"))
        assert not Path("ran").exists()
    add_rerun(study, 9, model=b"no archive")
    with pytest.raises(SettingsError, match="must be a Keras file"):
        read_weights(store, find_rerun(store, "a"))


def _with_code():
    """Return a model's file that holds Python code, which leaves a file behind."""
    layer = keras.layers.Lambda(lambda x: (open("ran", "w").close(), x)[1])  # noqa: PTH123
    network = keras.Sequential([keras.Input((3,)), layer, keras.layers.Dense(4)])
    network.save("code.keras")
    Path("ran").unlink()  # building it has run the code
    return Path("code.keras").read_bytes()


def _with_a_module():
    """Return models that name a module, as a layer and within one; it leaves a file."""
    Path("poison.py").write_text("open('ran', 'w').close()\nclass Layer: pass\n")
    foreign = {"module": "poison", "class_name": "Layer", "registered_name": None}
    network = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4)])
    network.save("plain.keras")
    with zipfile.ZipFile("plain.keras") as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    config = json.loads(members["config.json"])
    dense = config["config"]["layers"][1]
    inner = dense["config"] | {"kernel_initializer": foreign | {"config": {}}}
    for changed in (foreign, {"config": inner}):
        config["config"]["layers"][1] = dense | changed
        members["config.json"] = json.dumps(config).encode()
        with zipfile.ZipFile("poisoned.keras", "w") as archive:
            for name, content in members.items():
                archive.writestr(name, content)
        yield Path("poisoned.keras").read_bytes()


def test_a_study_gets_back_what_it_began_with(
    store, add_study, add_rerun, model, make_settings
):
    network, file = model
    run_id = add_rerun(add_study("a"), model=file)
    weights = layer_weights(network)
    for begun in (weights, weights[:-1]):  # with the head and without
        digest = content_digest(begun)
        provide(store, make_settings(init_from=run_id, init_digest=digest))
        assert content_digest(kept(digest)) == digest
    store.client.delete_run(run_id)
    provide(store, make_settings(init_from=run_id, init_digest=digest))  # still kept
    with pytest.raises(SettingsError, match="has others"):
        provide(store, make_settings(init_from=run_id, init_digest="f" * 64))
    provide(store, make_settings())


def test_what_a_run_began_with_counts_too(store, add_study, add_rerun):
    first = add_rerun(add_study("a"))
    second = add_rerun(add_study("b", init_from=first, init_digest="f" * 64))
    found = [each.settings.name for each in lineage(store, second)]
    assert found == ["b", "a"]
    assert list(lineage(store, None)) == []
    tags = [store.find(key).data.tags for key in ("a", "a/0", "b", "b/0")]
    assert [t.get("init_from") for t in tags] == [None, None, first, first]
