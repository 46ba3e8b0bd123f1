"""What a homework's engine asks depends on what it was told and on nothing else."""

import pytest

from search.homework.engines import (
    LadderEngine,
    ListEngine,
    TechniquesEngine,
    choose,
    overfits_visibly,
)
from search.homework.grid import BASELINE, COMBINED, Setting
from search.types import Done, Suggestion, TrialState, Wait

FALLING = [1.0, 0.8, 0.7, 0.6], [1.0, 0.81, 0.72, 0.61]
RISING = [1.0, 0.5, 0.6, 0.8], [1.0, 0.52, 0.61, 0.83]
BARELY = [1.0, 0.5, 0.51, 0.52], [1.0, 0.51, 0.52, 0.535]
LADDER = [Setting(BASELINE, {"width_1": w}, str(w)) for w in (8, 16, 32)]
TECHNIQUES = ("early-stopping", "dropout", "ensemble")


def test_a_rise_that_no_eye_sees_is_not_visible(curved_trial):
    assert overfits_visibly(curved_trial(0, *RISING).folds)
    assert not overfits_visibly(curved_trial(0, *BARELY).folds)
    assert not overfits_visibly(curved_trial(0, *FALLING).folds)
    assert not overfits_visibly([])


def test_larger_networks_are_asked_for_until_one_overfits(curved_trial):
    engine = LadderEngine(LADDER)
    assert engine.ask(0).params == {"width_1": 8}
    assert isinstance(engine.ask(1), Wait)
    engine.tell(curved_trial(0, *FALLING))
    assert engine.ask(1).params == {"width_1": 16}
    engine.tell(curved_trial(1, *RISING))
    assert engine.ask(2) == Done("a network that overfits visibly is found")


def test_the_ladder_ends(curved_trial):
    engine = LadderEngine(LADDER)
    for number in range(3):
        engine.tell(curved_trial(number, *FALLING))
    assert engine.ask(3) == Done("no network overfits visibly")


def drive(engine, curved_trial, folds_of):
    """Tell an engine of what it asks for until it is done; return the settings."""
    asked = []
    while not isinstance(answer := engine.ask(len(asked)), Done):
        assert isinstance(answer, Suggestion)
        asked.append(answer)
        engine.tell(
            curved_trial(
                answer.number, *folds_of(answer), tags=answer.tags, params=answer.params
            )
        )
    return asked, answer


def folds_of(suggestion):
    """Dropout helps a bit, early stopping does not; a rate of .003 is best."""
    level = {"dropout": 0.4, "early-stopping": 0.6}.get(suggestion.tags["technique"], 0)
    if not level:
        level = 0.5 if suggestion.params["learning_rate"] == 3e-3 else 0.55
    return [[1.0, level + d, level + 0.2, level + 0.3 + d] for d in (0.0, 0.01)]


@pytest.fixture
def techniques():
    return TechniquesEngine(
        {"width_1": 8}, TECHNIQUES, n_settings=3, epochs=20, metric="log_loss"
    )


def test_steps_two_and_three(techniques, curved_trial):
    asked, done = drive(techniques, curved_trial, folds_of)
    assert [s.tags["technique"] for s in asked] == [
        *[BASELINE] * 3, *["early-stopping"] * 3, *["dropout"] * 3, "ensemble",
        *[COMBINED] * 2,
    ]  # fmt: skip
    assert done == Done("all settings are tried")
    # everything after the baseline takes over its best learning rate
    assert {s.params["learning_rate"] for s in asked[3:]} == {3e-3}
    assert asked[9].params["members"] == 3
    # dropout alone helped, but two are combined; the first of equal settings is taken
    combined = asked[10].params
    assert (combined["dropout"], combined["patience"]) == (0.5, 3)
    assert asked[11].params["dropout"] == 0.25
    assert [s.tags["step"] for s in asked] == ["2 alone"] * 10 + ["3 combine"] * 2


def test_a_stage_waits_for_the_one_before(techniques, curved_trial):
    assert isinstance(techniques.ask(2), Suggestion)
    for number in (0, 2):
        asked = techniques.ask(number)
        techniques.tell(curved_trial(number, *folds_of(asked), params=asked.params))
    assert isinstance(techniques.ask(3), Wait)


def test_a_baseline_that_does_not_overfit_ends_it(techniques, curved_trial):
    for number in range(3):
        techniques.tell(curved_trial(number, *FALLING))
    answer = techniques.ask(3)
    assert answer == Done("the baseline overfits visibly at no learning rate")


def test_equal_tells_give_equal_answers(curved_trial):
    engines = [
        TechniquesEngine(
            {"w": 1}, TECHNIQUES, n_settings=2, epochs=20, metric="log_loss"
        )
        for _ in range(2)
    ]
    first, second = (drive(engine, curved_trial, folds_of)[0] for engine in engines)
    assert first == second


def test_failed_settings_are_not_chosen(curved_trial):
    settings = [Setting("dropout", {"d": i}, str(i)) for i in range(3)]
    trials = {
        0: curved_trial(0, *RISING, score=None, state=TrialState.FAILED),
        1: curved_trial(1, *RISING),
        2: curved_trial(2, *FALLING),
    }
    setting, score = choose(settings, trials, "dropout", metric="log_loss")
    assert (setting.label, score) == ("1", -trials[1].score)
    assert choose(settings, {0: trials[0]}, "dropout", metric="log_loss") is None


def test_a_list_is_asked_in_its_order():
    engine = ListEngine(LADDER, step="x")
    assert [engine.ask(n).params["width_1"] for n in range(3)] == [8, 16, 32]
    assert isinstance(engine.ask(3), Done)
    assert engine.ask(1).tags == {"step": "x", "technique": BASELINE, "setting": "16"}
