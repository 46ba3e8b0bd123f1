"""A homework that cannot be done is refused before anything is trained."""

from dataclasses import replace
from pathlib import Path

import pytest

from pipelines.registry import get_pipeline
from search.errors import SettingsError
from search.homework.plan import MAX_ROWS, write_plan
from search.homework.request import (
    HomeworkRequest,
    check_request,
    default_name,
    full_plan,
    same_plan,
)

DIGITS = get_pipeline("digits")


@pytest.fixture(scope="module")
def data():
    return DIGITS.load("train")


def plan_of(data, **options):
    request = HomeworkRequest(pipeline="digits", **options)
    return full_plan(request, "digits", DIGITS, data)


def test_the_full_plan_is_what_a_lecture_would_want(data):
    plan = plan_of(data)
    assert (plan.n_settings, plan.n_splits, plan.n_seeds) == (5, 10, 3)
    assert plan.epochs == 2 * DIGITS.epochs
    assert plan.n_rows is None  # all of them
    assert plan.cut == ()


def test_large_data_are_used_in_part(data):
    big = replace(data, X=data.X[:1].repeat(30_000, 0), y=data.y[:1].repeat(30_000))
    assert plan_of(big).n_rows == MAX_ROWS
    assert plan_of(big, n_rows=25_000).n_rows == MAX_ROWS
    assert plan_of(big, n_rows=7_000).n_rows == 7_000


def test_a_student_gets_seeds_of_their_own(data):
    ada, again, bob = (plan_of(data, student=s) for s in ("Ada", "ada ", "Bob"))
    seeds = [(p.seed, p.tuning_seed, p.fresh_seed) for p in (ada, again, bob)]
    assert seeds[0] == seeds[1]
    assert not set(seeds[0]) & set(seeds[2])


@pytest.mark.parametrize(
    ("student", "name"),
    [
        ("", "homework-digits"),
        ("Ada Lovelace", "homework-digits-ada-lovelace"),
        ("Jiří  O'Něco", "homework-digits-jiri-o-neco"),
    ],
)
def test_the_name_tells_pipeline_and_student(student, name):
    assert default_name(DIGITS, student) == name


@pytest.mark.parametrize(
    ("options", "rule"),
    [
        ({"epochs": 2}, "--epochs: overfitting needs at least 8"),
        ({"minutes": 0}, "--minutes: must be above 0"),
        ({"minutes": float("nan")}, "--minutes: must be above 0"),
    ],
)
def test_settings_that_show_nothing(options, rule):
    with pytest.raises(SettingsError, match=rule):
        check_request(HomeworkRequest(pipeline="digits", **options), DIGITS)


def test_a_series_in_time_is_refused():
    with pytest.raises(SettingsError, match="would learn from its future"):
        check_request(
            HomeworkRequest(pipeline="digits"), replace(DIGITS, in_order=True)
        )


@pytest.mark.parametrize(
    ("options", "rule"),
    [
        ({"n_rows": 0}, "--rows: must lie between 1 and the 1,437"),
        ({"n_rows": 9_999}, "--rows: must lie between"),
        ({"techniques": ("word-dropout",)}, "is for text, got images"),
        ({"plan": Path("nowhere.json")}, "--plan: nowhere.json cannot be read"),
    ],
)
def test_what_does_not_fit_the_data(data, options, rule):
    with pytest.raises(SettingsError, match=rule):
        plan_of(data, **options)


def test_a_plan_is_followed_with_the_seeds_of_the_student(data, tmp_path):
    path = tmp_path / "plan.json"
    given = replace(plan_of(data), n_splits=3, cut=("splits: 3 instead of 10",))
    write_plan(given, path)
    own = plan_of(data, student="Ada")
    seeds = {
        name: getattr(own, name)
        for name in ("student", "seed", "tuning_seed", "fresh_seed")
    }
    assert plan_of(data, plan=path, student="Ada") == replace(given, **seeds)
    assert plan_of(data, plan=path) == given


def test_a_plan_is_for_its_data(data, tmp_path):
    path = tmp_path / "plan.json"
    write_plan(plan_of(data), path)
    assert plan_of(data, plan=path) == plan_of(data)
    write_plan(replace(plan_of(data), data_digest="0" * 64), path)
    with pytest.raises(SettingsError, match="plan anew without --plan"):
        plan_of(data, plan=path)


def test_a_homework_goes_on_with_what_it_began_with(data):
    full = plan_of(data)
    cut = replace(full, n_settings=2)
    assert same_plan(cut, full, "h") is cut
    with pytest.raises(SettingsError, match="was begun with epochs 40, got 50"):
        same_plan(cut, replace(full, epochs=50), "h")
