import random
from functools import reduce
from operator import or_

import pytest

from spaces.cocktail import COCKTAIL, LEFT_OUT, cocktail
from spaces.params import Float
from spaces.space import SearchSpace
from spaces.technique import switched
from spaces.techniques import TECHNIQUES

HOMEWORK = ("early-stopping", "dropout", "l2", "l1", "label-smoothing", "ensemble")


def test_techniques_are_found_by_the_names_a_user_types():
    assert set(HOMEWORK) < set(TECHNIQUES)
    for name, technique in TECHNIQUES.items():
        assert technique.name == name == name.lower().replace("_", "-")
        for text in (technique.title, technique.summary, technique.paper):
            assert text == text.strip()
            assert not text.endswith(".")


@pytest.mark.parametrize("name", TECHNIQUES)
def test_a_technique_alone_is_always_on(name):
    technique = TECHNIQUES[name]
    rng = random.Random(0)
    for _ in range(50):
        point = technique.group.check(technique.alone.sample(rng))
        assert not (technique.on and has_switch_off(point))
    if technique.on:  # and the group can leave it out
        assert any(has_switch_off(technique.group.sample(rng)) for _ in range(50))


OFF = ("off", False, "none", "constant", "standard")


def has_switch_off(point):
    switches = [value for value in point.values() if isinstance(value, str | bool)]
    off = any(value in OFF for value in switches)
    return off or point.get("members") == 1


def test_all_groups_can_be_joined_but_for_the_two_that_repeat_others():
    groups = [t.group for n, t in TECHNIQUES.items() if n != "l1-l2"]
    assert len(reduce(or_, groups).params) == sum(len(g.params) for g in groups)


def test_a_switch_removes_the_value():
    space = switched("dropout", Float(low=0.1, high=0.5))
    assert space.check({"use_dropout": "off"}) == {"use_dropout": "off"}
    space.check({"use_dropout": "on", "dropout": 0.2})


def test_the_cocktail_holds_every_technique_and_can_leave_out_each():
    for name, technique in TECHNIQUES.items():
        there = name not in ("ensemble", "word-dropout")  # of text
        assert (set(technique.group) <= set(COCKTAIL)) == there, name
    assert set(LEFT_OUT) < set(TECHNIQUES)
    rng = random.Random(0)
    points = [COCKTAIL.check(COCKTAIL.sample(rng)) for _ in range(300)]
    for name, technique in TECHNIQUES.items():
        if name in (*LEFT_OUT, "capacity", "word-dropout"):
            continue
        last = list(technique.alone)[-1]
        assert (
            0
            < sum(
                last in p and p[last] not in (False, "none", "standard") for p in points
            )
            < 300
        )


def test_the_cocktail_asks_for_nothing_that_is_refused_or_without_effect():
    rng = random.Random(1)
    for _ in range(300):
        point = COCKTAIL.sample(rng)
        assert not ("snapshots" in point and point["schedule"] != "constant")
        assert not ("skip" in point and point["n_layers"] == 1)
        assert not (point["batch_norm"] and "layer_norm" in point)
        assert not (point["resample"] != "none" and "class_weights" in point)
        assert point["optimizer"] != "adamw"


def test_a_cocktail_for_values_has_nothing_that_needs_classes():
    space = cocktail("regression")
    assert set(COCKTAIL) - set(space) == {
        *("use_label_smoothing", "label_smoothing", "class_weights", "resample"),
    }


def test_a_cocktail_has_what_suits_the_rows():
    columns, words = (cocktail("classification", kind) for kind in ("vectors", "text"))
    assert {"augment_noise", "mix"} < set(columns)
    assert {"augment_noise", "word_dropout"} < set(words)
    assert not {"augment_flip", "augment_shift", "word_dropout"} & set(columns)
    assert not {"augment_flip", "augment_shift", "mix"} & set(words)


def test_a_cocktail_of_some_techniques_needs_no_others():
    chosen = tuple(TECHNIQUES[n] for n in ("capacity", "skip", "snapshots"))
    space = cocktail("classification", techniques=chosen)
    assert {"skip", "snapshots"} < set(space)
    assert "schedule" not in space
    assert isinstance(space, SearchSpace)
