import numpy as np
import pytest

from pipelines.part import Part, digest
from search.errors import SettingsError
from search.seen_rows import refuse_seen, seen_in, target_digest

rng = np.random.default_rng(0)
X = rng.integers(0, 255, (400, 4, 4)).astype(np.uint8)
y = rng.integers(0, 10, 400)
MINE = Part(X, y, source="made up")


@pytest.fixture
def study(make_settings):
    """Return a function that makes the settings of a study on some data."""

    def settings(part, **fields):
        known = {"data_digest": digest(part), "target_digest": target_digest(part)}
        return make_settings(**known | fields)

    return settings


@pytest.fixture
def source(study, add_digits):
    """Return a function that makes those of a study whose data are here."""

    def settings(X, y, **fields):
        add_digits("theirs", X=X, y=y)
        part = Part(X, y, source="made up")
        return study(part, **{"name": "before", "pipeline": "theirs"} | fields)

    return settings


def look(study, source):
    return refuse_seen(study(MINE), MINE, run="f" * 32, source=source)


def test_other_rows_are_no_reason_to_refuse(study, source):
    others = rng.integers(0, 255, (300, 4, 4)).astype(np.uint8)
    assert look(study, source(others, y[:300])) == (
        "note: what run ffffffff of before (theirs) was trained on holds none of this "
        "study's 400 training rows"
    )


def test_the_same_data_are_refused_wherever_they_are(study):
    gone = study(MINE, name="before", pipeline="gone")
    with pytest.raises(SettingsError, match=r"before \(gone\) trained it on the same"):
        look(study, gone)


@pytest.mark.parametrize("known", [True, False])
def test_the_same_targets_under_other_inputs_are_refused(study, source, known):
    noise = np.concatenate([X, X], axis=2)
    fields = {} if known else {"target_digest": ""}  # from before it was recorded
    with pytest.raises(SettingsError, match="the same 400 targets, so the same rows"):
        look(study, source(noise, y, **fields))


def test_repeated_rows_are_refused_under_other_targets_and_types(study, source):
    theirs = np.concatenate([X[:2].astype(np.float64), rng.normal(size=(50, 4, 4))])
    with pytest.raises(SettingsError, match="2 of the 400 training rows of this study"):
        look(study, source(theirs, np.zeros(52, np.int64)))


def test_so_few_that_chance_explains_them_are_said(study, source, monkeypatch):
    monkeypatch.setattr("search.seen_rows.MAX_SHARE", 0.01)
    said = look(study, source(X[:4], np.zeros(4, np.int64)))
    assert said.endswith("holds 4 of this study's 400 training rows")


def test_what_could_not_be_compared_is_said(study, source):
    part = Part(X[:9], y[:9], source="made up")
    said = look(study, study(part, name="before", pipeline="gone"))
    assert "is not here: only digests" in said
    said = look(study, source(rng.normal(size=(9, 3)), y[:9]))
    assert "rows of another form, (3,), here (4, 4): only digests" in said
    words = np.array(["a", "b", "c"] * 3)
    assert not seen_in(np.zeros(5, np.uint8), [source(words, y[:9])]).any()


def test_code_of_the_user_is_not_run_to_look_at_its_data(study, tmp_path, monkeypatch):
    (tmp_path / "theirs.py").write_text("raise SystemExit('run')")
    monkeypatch.setattr("pipelines.mapped.user_cache_folder", lambda: tmp_path)
    part = Part(X[:9], y[:9], source="made up")
    word = f"{tmp_path / 'theirs.py'}:PIPELINE"
    assert "is not here" in look(study, study(part, pipeline=word))


def test_rows_of_several_studies_are_counted_together(source):
    first = source(X[:3], y[:3])
    assert np.flatnonzero(seen_in(X, [first])).tolist() == [0, 1, 2]
    second = source(X[5:6], y[5:6])
    assert np.flatnonzero(seen_in(X, [first, second])).tolist() == [0, 1, 2, 5]
    assert not seen_in(X, []).any()
