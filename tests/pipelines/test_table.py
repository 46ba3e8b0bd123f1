"""Tables from file to prepared rows, on files that others wrote."""

import importlib.util
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipelines.pipeline import Pipeline
from pipelines.spec import Spec
from pipelines.table import make_pipeline
from pipelines.table import read as read_own
from spaces.errors import DataError


def shipped(package, path):
    """Return a file inside an installed package."""
    origin = importlib.util.find_spec(package).origin
    return Path(origin).parent / path


@pytest.fixture
def write(tmp_path):
    def write(name="t.csv", **columns):
        path = tmp_path / name
        pd.DataFrame(columns).to_csv(path, index=False)
        return path

    return write


def read(path, **options) -> Pipeline:
    spec = Spec(kind="table", place=str(path), options=options)
    return make_pipeline(spec, *read_own(spec))


def flowers(n=120):
    rng = np.random.default_rng(0)
    return {
        "kind": np.array(["rose", "iris", "lily"])[np.arange(n) % 3],
        "height": rng.normal(size=n).round(2),
        "bed": np.arange(n) // 6,
        "day": pd.date_range("2024-01-01", periods=n)[rng.permutation(n)],
    }


MATPLOTLIB, STATSMODELS = "mpl-data/sample_data", "datasets"
CASES = [
    ("matplotlib", f"{MATPLOTLIB}/msft.csv", {"target": "Close", "time": "Date"}),
    ("statsmodels", f"{STATSMODELS}/co2/co2.csv", {"target": "co2", "time": "date"}),
    ("statsmodels", f"{STATSMODELS}/modechoice/modechoice.csv", {"target": "mode"}),
    (
        "statsmodels",
        f"{STATSMODELS}/grunfeld/grunfeld.csv",
        {"target": "invest", "groups": "firm"},
    ),
    ("statsmodels", f"{STATSMODELS}/heart/heart.csv", {"target": "censors"}),
    ("statsmodels", f"{STATSMODELS}/fair/fair.csv", {"target": "affairs"}),
    ("boston", "resources/boston_house_prices.csv", {"target": "MEDV"}),
]


@pytest.mark.parametrize(
    ("package", "path", "options"), CASES, ids=[path for _, path, _ in CASES]
)
def test_files_of_other_people_keep_the_contract(package, path, options):
    pytest.importorskip(package)
    pipeline = read(shipped(package, path), **options)
    train, test = pipeline.load("train"), pipeline.load("test")
    assert train.X.dtype == test.X.dtype
    assert 0.15 < len(test.y) / (len(test.y) + len(train.y)) < 0.3
    transform = pipeline.prepare(train.X, train.y, {})
    X = transform(train.X)
    assert X.dtype == np.float32
    assert np.isfinite(X).all()
    assert np.isfinite(transform(test.X)).all()
    assert X.shape[1:] == transform(test.X).shape[1:]
    # what a validation part holds does not move what was learned
    half = len(train.y) // 2
    learned = pipeline.prepare(train.X[:half], train.y[:half], {})(train.X[:half])
    changed = train.X.copy()
    for name in changed.dtype.names:
        changed[name][half:] = changed[name][0]
    again = pipeline.prepare(changed[:half], train.y[:half], {})(changed[:half])
    assert np.array_equal(learned, again)


def test_what_was_decided_is_said_line_by_line(write):
    columns = flowers()
    columns["height"][0] = np.nan
    columns["row"] = np.arange(120)
    columns["kind"] = np.where(np.arange(120) == 7, None, columns["kind"])
    pipeline = read(write("garden.csv", **columns), target="kind")
    assert (pipeline.name, pipeline.task) == ("garden", "classification")
    assert pipeline.classes == ("iris", "lily", "rose")
    first, *others = pipeline.note.splitlines()
    assert first.startswith("garden.csv: classification of kind, 3 classes (guessed: ")
    assert "0 = iris (32 rows), 1 = lily (32 rows), 2 = rose (32 rows)" in first
    assert others[0] == "without target kind, so left out: 1 of 120 rows"
    assert any(line.startswith("numbers: height") for line in others)
    assert "dates: day (read as year-month-day)" in others
    assert "left out: row (the number of the row)" in others
    assert others[-1].startswith("set aside for the test: 23 of 119 rows")


def test_groups_stay_on_one_side_and_are_no_input(write):
    pipeline = read(write(**flowers()), target="height", groups="bed")
    train, test = pipeline.load("train"), pipeline.load("test")
    assert not {*train.groups} & {*test.groups}
    assert len(test.y) == 24
    assert "bed" not in pipeline.note.replace("groups", "")
    assert not pipeline.in_order


def test_time_orders_the_rows_and_the_latest_are_the_test(write):
    pipeline = read(write(**flowers()), target="height", time="day")
    train, test = pipeline.load("train"), pipeline.load("test")
    days = train.X["dates"][:, 0]
    assert (np.diff(days) > np.timedelta64(0)).all()
    assert days.max() < test.X["dates"].min()
    assert pipeline.in_order


def test_a_test_file_takes_the_place_of_the_cut(write):
    columns = flowers()
    later = {name: values[:30] for name, values in columns.items()}
    path = write("later.csv", **later, more=range(30))
    pipeline = read(write(**columns), target="kind", test=str(path))
    train, test = pipeline.load("train"), pipeline.load("test")
    assert (len(train.y), len(test.y)) == (120, 30)
    assert np.array_equal(train.X[:30], test.X)
    assert np.array_equal(train.y[:30], test.y)
    assert test.source == str(path)
    with pytest.raises(DataError, match=r"it lacks kind, bed, day"):
        read(write(**columns), target="kind", test=str(write("x.csv", height=[1, 2])))


def test_a_small_table_gets_small_batches_and_values_no_smoothing(write):
    classes = read(write(**flowers()), target="kind")
    values = read(write(**flowers()), target="height")
    assert list(classes.spaces) == ["dense", "cocktail", "nas"]
    assert 16 in classes.spaces["dense"].params["batch_size"].options
    assert "label_smoothing" in classes.spaces["dense"].params
    assert list(values.spaces) == ["dense", "cocktail"]
    for space in values.spaces.values():
        assert "label_smoothing" not in space.params
    assert (values.task, values.classes, values.n_outputs) == ("regression", (), 1)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({}, "Name it with --target: kind, height, bed, day"),
        ({"target": "hight"}, "--target: unknown column 'hight'; did you mean 'height"),
        ({"target": "kind", "time": "dy"}, "--time: unknown column 'dy'"),
        ({"target": "kind", "groups": "bad"}, "--groups: unknown column"),
        ({"target": "height", "time": "kind"}, "--time kind: must hold numbers or da"),
        ({"target": "kind", "time": "day", "groups": "bed"}, "leave one out"),
        ({"target": "kind", "task": "regression"}, "finite numbers, got 'rose'"),
        ({"target": "empty"}, "target empty must be in most rows"),
    ],
)  # fmt: skip
def test_wrong_options_are_refused_in_one_line(write, options, said):
    columns = flowers() | ({"empty": [None] * 120} if "empty" in said else {})
    with pytest.raises(DataError, match=said) as error:
        read(write(**columns), **options)
    assert "\n" not in str(error.value)


def test_classes_that_only_the_test_part_has_are_named(write):
    columns = flowers()
    columns["kind"][np.argsort(columns["day"])[-4:]] = "new"
    pipeline = read(write(**columns), target="kind", time="day")
    assert "classes of test rows only, which no network can learn: new" in pipeline.note
