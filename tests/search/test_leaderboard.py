import io
import json
import math
from dataclasses import replace

import pytest
from rich.console import Console

from search.configuration import describe
from search.diagnosis import Diagnosis, Kind
from search.leaderboard import (
    heading,
    leaderboard_markdown,
    leaderboard_table,
    leaderboard_view,
    make_rows,
    row_as_json,
)
from search.types import TrialState
from spaces.dense import DENSE
from spaces.nas import NAS_IMAGES


def printed(table):
    out = io.StringIO()
    Console(file=out, width=200).print(table)
    return out.getvalue()


def overfitting(make_fold, n_folds=3):
    """Folds best in epoch 3 of 4, while the training loss goes on falling."""
    folds = [make_fold(number) for number in range(n_folds)]
    falling = {"loss": [0.4, 0.3, 0.2, 0.1]}
    return tuple(replace(fold, curves=fold.curves | falling) for fold in folds)


def test_a_row_holds_the_figures_of_its_trial(make_settings, make_trial):
    (row,) = make_rows(make_settings(), [make_trial(7)])
    # By hand: folds of .85, .86, .87 in the third epoch; training is .05 higher.
    assert (row.rank, row.number, row.epoch, row.n_parameters) == (1, 7, 3, 1234)
    assert row.score == pytest.approx(0.86)
    assert row.score_std == pytest.approx(0.01)
    assert row.standard_error == pytest.approx(0.01 / math.sqrt(3))
    # t with 2 degrees of freedom reaches 4.3027; the variance of the mean of 3 folds
    # is 1/3 + 1/2 of that of a fold
    half = 4.3027 * 0.01 * math.sqrt(1 / 3 + 1 / 2)
    assert row.interval == pytest.approx((0.86 - half, 0.86 + half), abs=1e-5)
    assert row.gap == pytest.approx(0.05)
    assert row.metrics == pytest.approx({"accuracy": 0.86, "log_loss": 0.39})
    assert list(row.metrics) == ["accuracy", "log_loss"]
    assert row.seconds == 7.5


def test_a_trial_of_few_training_rows_has_a_wider_interval(make_settings, make_trial):
    settings = make_settings(fold_sizes=((200, 100),) * 3)
    few = make_trial(1, params={"rows": 50})
    (whole, part) = make_rows(settings, [make_trial(0), few])
    half = 4.3027 * 0.01 * math.sqrt(1 / 3 + 100 / 50)
    assert part.interval == pytest.approx((0.86 - half, 0.86 + half), abs=1e-5)
    assert whole.interval[1] < part.interval[1]


def test_only_complete_trials_are_ranked(make_settings, make_trial):
    trials = [
        make_trial(0, height=0.7),
        make_trial(1, state="failed"),
        make_trial(2, state="running"),
        make_trial(3, height=0.8),
        make_trial(4, height=0.8),
        make_trial(5, state="stopped"),
    ]
    rows = make_rows(make_settings(), trials)
    assert [(row.rank, row.number) for row in rows] == [(1, 3), (2, 4), (3, 0)]


def test_the_heading_says_what_the_scores_are(make_settings):
    text = heading(make_settings(n_rows=5000))
    assert "digits, 5,000 rows, kfold:3; accuracy: mean over folds at the best" in text
    assert "of 4" in text
    assert "test rows not used" in text
    assert "all rows" in heading(make_settings())
    assert "the last epoch" in heading(make_settings(epoch="last"))


def test_the_table_shows_score_and_log_loss(make_settings, make_trial):
    settings = make_settings()
    text = printed(leaderboard_table(settings, make_rows(settings, [make_trial(7)])))
    line = next(line for line in text.splitlines() if "±0.0058" in line)
    for cell in (
        "7",
        "0.8600 ±0.0058",
        "0.8207 to 0.8993",
        "0.3900",
        "+0.0500",
        "3",
        "1,234",
        "8",
    ):
        assert f" {cell} " in line, cell
    assert "64, dropout 0.3, batch_norm" in line


def test_a_single_fold_is_shown_without_a_spread(make_settings, make_trial):
    settings = make_settings(cv="holdout:0.2")
    trial = make_trial(n_folds=1)
    rows = make_rows(settings, [trial])
    assert math.isnan(rows[0].score_std)
    for text in (
        printed(leaderboard_table(settings, rows)),
        leaderboard_markdown(settings, [trial]),
    ):
        assert "0.8500" in text
        assert "nan" not in text
        assert "±" not in text
        assert "interval" not in text


def test_markdown_holds_the_table_and_the_count_of_states(make_settings, make_trial):
    trials = [
        make_trial(0, height=0.7),
        make_trial(1, state="failed"),
        make_trial(2, height=0.8),
        make_trial(3, state="running"),
    ]
    lines = leaderboard_markdown(make_settings(), trials).splitlines()
    assert lines[0] == heading(make_settings())
    head, rule, first, second = (line.split("|")[1:-1] for line in lines[2:6])
    assert [cell.strip() for cell in head] == [
        *("trial", "accuracy", "95 % interval", "log_loss", "gap", "epoch", "weights"),
        *("seconds", "diagnosis", "configuration"),
    ]
    assert len(rule) == len(first) == len(head)
    assert [row[0].strip() for row in (first, second)] == ["2", "0"]
    assert first[1].strip() == "0.7600 ±0.0058"
    assert lines[-1] == "trials: 1 unfinished, 2 complete, 1 failed"


def test_a_predictor_that_ignores_its_inputs_stands_below(make_settings, make_trial):
    settings = make_settings(dummy={"accuracy": 0.1, "log_loss": 2.3026})
    (line,) = (
        line
        for line in leaderboard_markdown(settings, [make_trial()]).splitlines()
        if "dummy" in line
    )
    cells = [cell.strip() for cell in line.split("|")[1:-1]]
    assert cells[:5] == ["dummy", "0.1000", "", "2.3026", ""]
    assert cells[-1] == "predicts the shares of the classes"
    table = leaderboard_table(settings, make_rows(settings, [make_trial()]))
    assert table.row_count == 2
    # a study recorded without one has no such row
    rows = make_rows(make_settings(), [make_trial()])
    assert leaderboard_table(make_settings(), rows).row_count == 1


@pytest.mark.parametrize("width", [80, 142, 143, 200])
def test_a_narrow_terminal_has_the_configurations_below(
    width, make_settings, make_trial, make_fold
):
    settings = make_settings(dummy={"accuracy": 0.1, "log_loss": 2.3026})
    seven = make_trial(7, folds=overfitting(make_fold))
    rows = make_rows(settings, [seven, make_trial(8, height=0.8)])
    console = Console(width=width, file=io.StringIO(), highlight=False)
    console.print(leaderboard_view(settings, rows, width=console.width))
    lines = console.file.getvalue().splitlines()
    assert max(map(len, lines)) <= width
    of_trial_7 = [line for line in lines if line.split()[:1] == ["7"]]
    if width >= 143:
        (line,) = of_trial_7
        assert describe(rows[0].params) in line
        assert "overfit from 3" in line
    else:
        scores, words = of_trial_7
        assert "0.8600" in scores
        assert words.split()[1:7] == ["0.8207", "to", "0.8993", "overfit", "from", "3"]
        assert describe(rows[0].params)[:10] in words
    assert "predicts the shares" in console.file.getvalue()


def test_rungs_are_counted_but_not_ranked(make_settings, make_trial):
    trials = [make_trial(0), make_trial(1, height=0.99, rung=True, epochs=1)]
    assert [row.number for row in make_rows(make_settings(), trials)] == [0]
    end = leaderboard_markdown(make_settings(), trials).splitlines()[-1]
    assert end == "trials: 1 complete, 1 at fewer epochs"


def test_the_front_is_marked_where_several_objectives_are_searched(
    make_settings, make_trial
):
    both = make_settings(objectives=("score", "n_parameters"))
    trials = [
        make_trial(0, height=0.9, n_parameters=1000),
        make_trial(1, height=0.8, n_parameters=100),
        make_trial(2, height=0.7, n_parameters=500),  # beaten by 1
    ]
    rows = make_rows(both, trials)
    assert {row.number: row.on_front for row in rows} == {0: True, 1: True, 2: False}
    assert "front" in leaderboard_markdown(both, trials)
    alone = make_rows(make_settings(), trials)
    assert {row.on_front for row in alone} == {None}
    assert "front" not in leaderboard_markdown(make_settings(), trials)


def test_a_diagnosis_made_beside_more_trials_is_taken(make_settings, make_trial):
    known = {7: Diagnosis(Kind.UNDERFIT), 8: Diagnosis(Kind.ROBUST)}
    (row,) = make_rows(make_settings(), [make_trial(7)], known)
    assert row.diagnosis is known[7]
    (alone,) = make_rows(make_settings(), [make_trial(7)])
    assert alone.diagnosis.kind is Kind.UNDECIDED


def test_markdown_of_a_study_without_a_result(make_settings):
    assert leaderboard_markdown(make_settings(), []).endswith("trials: none")


@pytest.mark.parametrize("space", [DENSE, NAS_IMAGES], ids=["dense", "nas"])
def test_the_longest_description_fits_into_a_tag(space, make_settings, make_trial):
    import random

    rng = random.Random(0)
    points = [space.sample(rng) for _ in range(200)]
    widest = sorted(points, key=lambda point: len(describe(point)))[-30:]
    trials = [make_trial(n, params=point) for n, point in enumerate(widest)]
    text = leaderboard_markdown(make_settings(), trials)
    assert len(text) < 8000  # what MLflow stores in one tag
    assert text.count("\n| ") == 1 + 1 + 20  # head, rule, rows


@pytest.mark.parametrize(
    ("params", "text"),
    [
        ({"n_layers": 2, "width_1": 64, "width_2": 32}, "64-32"),
        ({"n_layers": 2, "units": 8}, "n_layers 2, units 8"),
        ({"l2": "off", "dropout": 0.123456}, "dropout 0.12"),
        ({"l2": "on", "l2_strength": 1.234e-05}, "l2 1.2e-05"),
        ({"batch_norm": True, "bias": False, "act": "relu"}, "batch_norm, relu"),
        ({"batch_size": 128, "learning_rate": 0.001}, "batch_size 128, learning_rate "),
        ({}, ""),
        (
            {
                "block": "conv",
                "conv/kernel_size": 3,
                "conv/num_blocks": 2,
                "conv/num_layers": 2,
                "conv/filters_0": 8,
                "conv/filters_1": 64,
                "tail/n_layers": 1,
                "tail/width_1": 32,
                "tail/dropout": 0.5,
            },
            "conv, kernel_size 3, num_layers 2, filters 8-64, tail/width 32, "
            "tail/dropout 0.5",
        ),
        (
            {"block": "dense", "dense/num_layers": 1, "dense/units_0": 32},
            "dense, units 32",
        ),
        (
            {"n_layers": 1, "width_1": 8, "input_norm": "standard", "resample": "over"},
            "8, over",
        ),
    ],
)
def test_a_configuration_in_one_line(params, text):
    assert describe(params).startswith(text)
    assert "off" not in describe(params)


@pytest.mark.parametrize("n_folds", [1, 3])
def test_a_row_as_json_is_strict_json(make_settings, make_trial, make_fold, n_folds):
    trial = make_trial(folds=overfitting(make_fold, n_folds))
    (row,) = make_rows(make_settings(), [trial])
    plain = row_as_json(row, "abc")
    read = json.loads(json.dumps(plain, allow_nan=False))
    assert read["run_id"] == "abc"
    assert read["params"]["width_1"] == 64
    # a single fold shows no standard error
    diagnosis = (read["diagnosis"], read["overfit_since"])
    assert diagnosis == (("undecided", None) if n_folds == 1 else ("overfit", 3))
    assert (read["score_std"] is None) == (n_folds == 1)


def test_each_state_is_counted_in_words(make_settings, make_trial):
    trials = [make_trial(n, state=state) for n, state in enumerate(TrialState)]
    end = leaderboard_markdown(make_settings(), trials).splitlines()[-1]
    assert end == "trials: 1 unfinished, 1 complete, 1 stopped, 1 failed"
