from dataclasses import replace

import pytest
from drawn import read_picture, share_of

from search.pictures.canvas import COLOURS
from search.pictures.learning_curve import (
    MAX_CAPACITIES,
    draw_learning_curve,
    find_grid,
)


@pytest.fixture
def trial_of(make_trial, make_fold):
    """Return a function that makes a trial with so many weights and training rows."""

    def trial(n_parameters, rows, *, height=0.9, n_folds=3, **fields):
        folds = tuple(
            make_fold(number, height=height, n_parameters=n_parameters)
            for number in range(n_folds)
        )
        params = {"width": 8, "rows": rows}
        return make_trial(folds=folds, **{"params": params} | fields)

    return trial


def as_rows(grid):
    return {n_parameters: list(trials) for n_parameters, trials in grid.items()}


def test_a_grid_is_found_whatever_the_order(trial_of, make_settings):
    trials = [trial_of(n, rows) for rows in (400, 100) for n in (9000, 300)]
    grid = find_grid(trials, make_settings())
    assert as_rows(grid) == {300: [100, 400], 9000: [100, 400]}
    assert list(grid) == [300, 9000]


def test_of_equal_trials_the_best_is_drawn(trial_of, make_settings):
    trials = [trial_of(n, rows) for n in (300, 9000) for rows in (100, 400)]
    better = trial_of(300, 100, height=0.95, number=7)
    for order in ([*trials, better], [better, *trials]):
        assert find_grid(order, make_settings())[300][100].number == 7
    by_loss = make_settings(metrics=("log_loss", "accuracy"))
    better = trial_of(300, 100, height=0.95, number=7, metric="log_loss")
    trials = [replace(t, score=0.5) for t in trials]
    assert find_grid([*trials, better], by_loss)[300][100].number == 7


def test_what_is_no_grid_is_not_drawn(trial_of, make_trial, make_settings):
    def found(trials):
        return find_grid(trials, make_settings())

    grid = [trial_of(n, rows) for n in (300, 9000) for rows in (100, 400)]
    assert found(grid)
    assert found([]) is None
    assert found([make_trial()] * 4) is None  # without `rows`
    assert found(grid[:3]) is None  # one capacity with one number of rows
    assert found([trial_of(300, rows) for rows in (100, 200, 400)]) is None
    for fields in ({"state": "stopped"}, {"state": "failed"}, {"rung": True}):
        assert found([*grid[:3], trial_of(9000, 400, **fields)]) is None
    many = [trial_of(n, rows) for n in range(1, MAX_CAPACITIES + 2) for rows in (1, 2)]
    assert found(many[:-2])
    assert found(many) is None


@pytest.mark.parametrize(
    ("rows", "n_folds"), [((100, 400), 1), (range(50, 1000, 50), 3)]
)
def test_each_capacity_has_its_line_in_each_panel(
    path, trial_of, make_settings, rows, n_folds
):
    trials = [
        trial_of(n, each, height=0.5 + 0.1 * i, n_folds=n_folds)
        for i, n in enumerate((300, 2000, 9000))
        for each in rows
    ]
    settings = make_settings()
    draw_learning_curve(path, find_grid(trials, settings), settings)
    pixels = read_picture(path)
    assert pixels.shape[:2] == (570, 1800)
    for panel in range(3):
        third = pixels[:480, 600 * panel : 600 * (panel + 1)]
        # the gap of these trials is one number: the last line hides the others
        seen = COLOURS[:3] if panel < 2 else COLOURS[2:3]
        assert all(share_of(colour, third) > 0.0005 for colour in seen)
    unseen = COLOURS[3]
    assert share_of(unseen, pixels) == 0
