import pytest

from search.errors import SettingsError
from search.pruners.floors import FLOORS
from search.pruners.racing import RULES
from search.pruners.registry import (
    DEFAULT,
    NONE,
    PRUNERS,
    TwoLevels,
    check_pruner,
    default_pruner,
)


def test_every_rule_has_a_name_and_every_name_a_rule():
    assert {*PRUNERS} == {*RULES, *FLOORS, NONE}
    assert DEFAULT in RULES


@pytest.mark.parametrize("name", PRUNERS)
def test_a_name_alone_stays(name):
    assert check_pruner(name, ["score"]) == name


def test_two_levels_are_written_in_one_way():
    assert check_pruner("asha + forgiving", ["score"]) == "forgiving+asha"


@pytest.mark.parametrize(
    ("text", "objectives", "message"),
    [
        ("forgivin", ["score"], "did you mean 'forgiving'"),
        ("forgiving+aggressive", ["score"], "got forgiving+aggressive"),
        ("median+asha", ["score"], "got median+asha"),
        ("none+median", ["score"], "got none+median"),
        ("median", ["score", "n_parameters"], "use forgiving or none"),
        ("forgiving", ["score", "seconds"], "use none"),
    ],
)
def test_what_does_not_fit_is_refused_in_a_line(text, objectives, message):
    with pytest.raises(SettingsError) as caught:
        check_pruner(text, objectives)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_what_cannot_be_judged_early_is_not_pruned_by_default():
    assert default_pruner(["score"], "tpe") == DEFAULT
    assert default_pruner(["score", "n_parameters"], "tpe") == DEFAULT
    assert default_pruner(["score", "gap"], "tpe") == NONE


def test_a_grid_is_finished_by_default():
    assert default_pruner(["score"], "grid") == NONE


def test_without_parts_nothing_ends(trial):
    nothing = TwoLevels()
    assert nothing.floor(0, 3, []) is None
    assert nothing.stop_after(trial(1, 0.1), [trial(0, 0.9, 0.9, 0.9, 0.9)]) is None
