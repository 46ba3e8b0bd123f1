import random
from functools import reduce
from operator import or_

import pytest

from spaces.augmentation import DATA_TECHNIQUES
from spaces.techniques import TECHNIQUES

OFF = ("off", "none", False)


@pytest.mark.parametrize("technique", DATA_TECHNIQUES, ids=lambda t: t.name)
def test_each_has_a_switch_and_alone_is_on(technique):
    rng = random.Random(0)
    switch = next(iter(technique.group))  # parents stand first
    chosen = {technique.group.sample(rng)[switch] in OFF for _ in range(50)}
    assert chosen == {True, False}
    for _ in range(50):
        point = technique.group.check(technique.alone.sample(rng))
        assert point[switch] not in OFF
        strength = list(point.values())[-1]
        assert not isinstance(strength, float) or strength > 0
    off = [p for p in (technique.group.sample(rng) for _ in range(50))
           if p[switch] in OFF]  # fmt: skip
    assert all(len(point) == 1 for point in off)  # no strength is left


def test_all_can_be_joined_with_each_other_and_with_other_techniques():
    names = [technique.name for technique in DATA_TECHNIQUES]
    assert len(set(names)) == len(names)
    joined = reduce(or_, (technique.group for technique in DATA_TECHNIQUES))
    for other in TECHNIQUES.values():
        if other not in DATA_TECHNIQUES:
            assert not set(joined) & set(other.group)


def test_what_needs_classes_says_so():
    of_classes = {t.name for t in DATA_TECHNIQUES if t.tasks == ("classification",)}
    assert of_classes == {"class-weights", "resampling"}
