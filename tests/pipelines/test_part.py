import pickle

import numpy as np
import pytest

from pipelines.part import Part, digest
from spaces.errors import DataError


def part(n: int = 4, *, source: str = "made up", dtype: type = np.uint8) -> Part:
    return Part(
        X=np.arange(n * 6, dtype=dtype).reshape(n, 2, 3),
        y=np.arange(n, dtype=np.int64),
        source=source,
    )


def test_digest_is_a_function_of_the_content_alone():
    whole = part()
    fortran = Part(X=np.asfortranarray(whole.X), y=whole.y.copy(), source="elsewhere")
    strided = Part(X=np.repeat(whole.X, 2, axis=0)[::2], y=whole.y, source="")
    assert len(digest(whole)) == 64
    assert digest(whole) == digest(fortran) == digest(strided)


def test_digest_tells_content_dtype_shape_and_groups_apart():
    whole = part()
    changed = whole.X.copy()
    changed[3, 1, 2] += 1
    others = [
        Part(changed, whole.y, source=""),
        Part(whole.X.reshape(4, 6), whole.y, source=""),
        Part(whole.X.view(np.int8), whole.y, source=""),
        Part(whole.X, whole.y[::-1], source=""),
        Part(whole.X, whole.y, source="", groups=np.zeros(4, np.int64)),
        Part(whole.X, whole.y, source="", groups=np.ones(4, np.int64)),
        part(n=3),
    ]
    digests = {digest(other) for other in others} | {digest(whole)}
    assert len(digests) == len(others) + 1


def test_digest_takes_text_dates_and_named_columns():
    y = np.zeros(2, np.int64)
    table = np.array([(1, 2.5), (2, 3.5)], dtype=[("a", "i4"), ("b", "f8")])
    renamed = table.view([("a", "i4"), ("c", "f8")])
    dates = np.array(["2020-01-01", "2020-01-02"], "datetime64[D]")
    columns = [
        table,
        renamed,
        dates,
        np.array(["good", "bad"]),
        np.array([True, False]),
    ]
    assert len({digest(Part(X, y, source="")) for X in columns}) == len(columns)


def test_arrays_are_read_only_and_the_callers_are_not_touched():
    X = np.zeros((2, 3), np.uint8)
    kept = Part(X, np.zeros(2, np.int64), source="", groups=np.zeros(2, np.int64))
    for array in kept.arrays().values():
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1
    X[0] = 1


@pytest.mark.parametrize(
    ("y", "groups", "text"),
    [
        (np.zeros(3), None, r"same number of rows, got X \(2, 3\) and y \(3,\)"),
        (np.float64(1) + np.zeros(()), None, r"y \(\)"),
        (np.zeros(2), np.zeros(1), r"groups \(1,\)"),
        (np.array(["a", None]), None, "y must hold plain values"),
    ],
)
def test_wrong_arrays_are_refused(y, groups, text):
    with pytest.raises(DataError, match=text):
        Part(np.zeros((2, 3)), y, source="made up", groups=groups)


def test_a_part_travels_between_processes():
    there = pickle.loads(pickle.dumps(part()))
    assert digest(there) == digest(part())
