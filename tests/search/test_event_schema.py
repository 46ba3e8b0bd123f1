"""What cannot be an event where it stands is refused with its reason."""

from dataclasses import asdict

import pytest

from search.event_schema import EventChecker
from search.events import trial_to_events
from search.types import Budget


@pytest.fixture
def events(make_settings, make_trial):
    """The events of a study with a complete, a stopped and an open trial."""
    budget = asdict(Budget(trials=3))
    study = {"event": "study", "settings": asdict(make_settings()), "budget": budget}
    return [
        study,
        {"event": "session", "began": 1.0, "budget": budget},
        *trial_to_events(make_trial(0)),
        {"event": "told", "number": 0},
        *trial_to_events(make_trial(1, state="stopped", n_folds=1)),
        {"event": "engine", "engine": "random", "sampler": "random"},
        *trial_to_events(make_trial(2, state="running", n_folds=2)),
        {"event": "stopped", "reason": "done"},
    ]


def check(events):
    checker = EventChecker()
    for event in events:
        checker.check(event)


def place(events, kind, number=0):
    return next(
        n
        for n, event in enumerate(events)
        if event["event"] == kind and event.get("number", 0) == number
    )


def test_what_a_study_writes_is_as_it_should_be(events):
    check(events)


def test_the_first_event_is_the_studys_and_no_other(events):
    with pytest.raises(ValueError, match="must be the first"):
        check(events[1:])
    with pytest.raises(ValueError, match="must be the first"):
        check([*events, events[0]])


@pytest.mark.parametrize(
    ("kind", "changes"),
    [
        ("study", {"settings": {}}),
        ("study", {"settings": 3}),
        ("study", {"budget": True}),
        ("session", {"began": "now"}),
        ("asked", {"number": 1}),
        ("asked", {"number": "0"}),
        ("asked", {"epochs": 0}),
        ("asked", {"params": ["x"]}),
        ("asked", {"params": {"x": [1]}}),
        ("fold", {"number": 7}),
        ("fold", {"fold": -1}),
        ("fold", {"fold": 1.5}),
        ("fold", {"curves": {}}),
        ("fold", {"curves": {"loss": [0.5]}}),
        ("fold", {"seconds": None}),
        ("ended", {"state": "running"}),
        ("ended", {"score": None}),
        ("ended", {"epoch": 99}),
        ("ended", {"copy_of": 9}),
        ("ended", {"number": 9}),
        ("told", {"number": None}),
        ("engine", {"sampler": 3}),
        ("stopped", {"reason": None}),
        ("stopped", {"event": "exploded"}),
        ("stopped", {"event": ["stopped"]}),
    ],
)
def test_a_changed_event_is_refused(events, kind, changes):
    changed = place(events, kind)
    events[changed] = events[changed] | changes
    with pytest.raises(ValueError, match=r"\w"):
        check(events)


@pytest.mark.parametrize("field", ["curves", "ended", "number", "fold"])
def test_a_field_that_is_missing_is_refused(events, field):
    changed = place(events, "fold")
    del events[changed][field]
    with pytest.raises(ValueError, match=field):
        check(events)


@pytest.mark.parametrize(
    "settings",
    [{"metrics": []}, {"metrics": ["no-such"]}, {"epochs": "4"}, {"made_up": 1}],
)
def test_settings_are_checked_as_well(events, settings):
    events[0]["settings"] |= settings
    with pytest.raises(ValueError, match=r"\w"):
        check(events)
