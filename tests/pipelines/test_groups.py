import numpy as np
import pytest

from pipelines.groups import KINDS, row_groups
from pipelines.part import Part
from spaces.errors import UnknownNameError

X = np.random.default_rng(0).normal(size=(40, 20))
X = np.concatenate([X, X[:5] + 1e-3])
NAMES = np.array(["ada", "bob", "cy"] * 15)


def part(**fields):
    return Part(**{"X": X, "y": np.zeros(45), "source": "made up"} | fields)


def test_none_is_none(tmp_path):
    found = row_groups(None, part(groups=NAMES), digest="x", cache=tmp_path)
    assert found is None


def test_the_pipelines_groups_are_numbered(tmp_path):
    groups = row_groups("pipeline", part(groups=NAMES), digest="x", cache=tmp_path)
    assert groups.dtype == np.int64
    assert groups.tolist() == [0, 1, 2] * 15
    assert not list(tmp_path.iterdir())


def test_near_duplicates_are_groups(tmp_path):
    groups = row_groups("duplicates", part(), digest="x", cache=tmp_path)
    assert groups.tolist() == [*range(40), *range(5)]
    assert [file.name for file in tmp_path.iterdir()] == ["x"]


@pytest.mark.parametrize(
    ("kind", "fields", "message"),
    [
        ("pipeline", {}, "--groups pipeline: the pipeline's data has no groups; use"),
        ("duplicates", {"X": NAMES}, "can be told among numbers, got inputs of <U3"),
        ("duplicate", {}, "--groups: unknown kind of groups 'duplicate'; did you mean"),
    ],
)
def test_what_cannot_be_had_is_one_clear_line(tmp_path, kind, fields, message):
    with pytest.raises(UnknownNameError) as caught:
        row_groups(kind, part(**fields), digest="x", cache=tmp_path)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_all_kinds_can_be_asked_for(tmp_path):
    for kind in KINDS:
        found = row_groups(kind, part(groups=NAMES), digest="x", cache=tmp_path)
        assert found.shape == (45,)
