"""What holds for every figure: it is drawn, or says in one line why not."""

import json
from dataclasses import replace

import numpy as np
import pytest
from drawn import read_picture

from search.figures.drawing import Missing, Shown, draw_all
from search.figures.figure import NothingToShowError
from search.figures.registry import FIGURES
from search.out_of_fold import OutOfFold
from spaces.params import Choice, Float
from spaces.space import SearchSpace

NAMES = [figure.name for figure in FIGURES]


@pytest.fixture
def classification(make_study, make_trial, make_out_of_fold):
    """A study of everything: stopped and failed trials, copies, two engines."""
    study = make_study(16, predictions=make_out_of_fold(), classes=("a", "b", "c"))
    trials = list(study.trials)
    trials[3] = replace(trials[3], engine="random", sampler="random")
    trials[9] = replace(trials[9], engine="random", sampler="random")
    trials.append(replace(trials[5], number=16, copy_of=5))
    trials.append(make_trial(17, state="stopped", n_folds=1))
    trials.append(make_trial(18, state="failed", folds=()))
    trials.append(make_trial(19, state="running", n_folds=1))
    trials.append(make_trial(20, rung=True, epochs=2, height=0.99))
    return replace(
        study, trials=trials, settings=replace(study.settings, pruner="asha")
    )


@pytest.fixture
def regression(make_study):
    rng = np.random.default_rng(0)
    y = rng.normal(20, 5, 500)
    predictions = (y + rng.normal(0, 2, 500)).astype(np.float32)
    found = OutOfFold(
        rows=np.arange(500), fold=np.zeros(500, int), y=y, predictions=predictions
    )
    study = make_study(metrics=("mse",), unit="k$", predictions=found)
    trials = [replace(t, score=1 - (t.score or 0)) for t in study.trials]
    return replace(study, trials=trials)


@pytest.fixture
def strange(make_study, make_trial, make_out_of_fold):
    """Names that mean something to HTML and to Matplotlib, and a single fold."""
    name, options = "a<b>$x$", ("$\\frac$", "<script>", "c&d")
    space = SearchSpace(
        {name: Choice(options=options), "x_1$": Float(low=0.0, high=1.0)}
    )
    trials = [
        make_trial(
            number,
            n_folds=1,
            height=0.5 + 0.03 * number,
            params={name: options[number % 3], "x_1$": number / 12},
        )
        for number in range(12)
    ]
    return make_study(
        trials=trials,
        space=space.to_dict(),
        predictions=make_out_of_fold(),
        classes=("$y$", "<b>", "z" * 60),
    )


STUDIES = ["classification", "regression", "strange"]


@pytest.mark.slow
@pytest.mark.ci
@pytest.mark.parametrize("name", STUDIES)
def test_every_figure_that_makes_sense_is_drawn(name, request, tmp_path):
    study = request.getfixturevalue(name)
    figures = draw_all(study, tmp_path, formats=("svg", "png"))
    assert [figure.name for figure in figures] == NAMES
    missing = {f.name: f.reason for f in figures if isinstance(f, Missing)}
    expected = {
        "classification": {"residuals"},
        "regression": {"confusion-matrix", "engines", "saved"},
        "strange": {"residuals", "engines", "saved", "size"},
    }
    assert set(missing) == expected[name], missing
    for figure in figures:
        if isinstance(figure, Shown):
            read_picture(figure.files["png"])
            assert b"</svg>" in figure.files["svg"].read_bytes()
            assert figure.caption.endswith(".")
            assert "\n" not in figure.caption


@pytest.mark.parametrize("name", STUDIES)
def test_plotly_takes_every_plot(name, request):
    from plotly.graph_objects import Figure

    study = request.getfixturevalue(name)
    n_plots = 0
    for figure in FIGURES:
        try:
            data = figure.compute(study)
        except NothingToShowError:
            continue
        for plot in figure.plots(data):
            n_plots += 1
            text = json.dumps(plot, allow_nan=False)
            assert json.loads(text) == plot  # nothing but plain data
            Figure(plot)  # refuses a word that Plotly does not know
            assert "<script>" not in text
            assert "<b>" not in text
    assert n_plots >= 10


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda trial: [], "none"),
        (lambda trial: [trial(0, state="stopped", n_folds=1)], "1 stopped"),
        (lambda trial: [trial(0, state="failed", folds=())], "1 failed"),
        (lambda trial: [trial(0, state="running", n_folds=1)], "1 unfinished"),
        (lambda trial: [trial(0, rung=True, epochs=2)], "1 at fewer epochs"),
    ],
)
def test_without_a_complete_trial_nothing_is_drawn(
    make, expected, make_study, make_trial, tmp_path
):
    study = make_study(trials=make(make_trial), pruner="none")
    figures = draw_all(study, tmp_path, formats=("svg",))
    for figure in figures:
        assert isinstance(figure, Missing)
        assert not figure.broken, figure.reason
        assert "\n" not in figure.reason
    reasons = {figure.name: figure.reason for figure in figures}
    assert reasons["history"].startswith("needs 2 complete trials; ")
    assert reasons["history"].endswith(f"trials are: {expected}")
    assert not list(tmp_path.iterdir())


def test_one_trial_has_its_curves_and_little_else(
    make_study, make_out_of_fold, tmp_path
):
    study = make_study(1, predictions=make_out_of_fold())
    figures = draw_all(study, tmp_path, formats=("svg",))
    shown = [figure.name for figure in figures if isinstance(figure, Shown)]
    assert shown == ["learning-curves", "confusion-matrix"]
    assert not any(isinstance(f, Missing) and f.broken for f in figures)


def test_a_figure_that_breaks_keeps_no_other_from_being_drawn(make_study, tmp_path):
    def fail(data):
        raise ZeroDivisionError("by\nnothing")

    broken = replace(FIGURES[0], draw=fail)
    first, second = draw_all(
        make_study(), tmp_path, formats=("svg",), figures=[broken, FIGURES[1]]
    )
    assert isinstance(first, Missing)
    assert first.broken
    assert first.reason == "could not be drawn: ZeroDivisionError: by nothing"
    assert isinstance(second, Shown)


def test_a_drawing_is_the_same_each_time(make_study, tmp_path):
    contents = []
    for name in ("one", "two"):
        folder = tmp_path / name
        folder.mkdir()
        (shown,) = draw_all(
            make_study(), folder, formats=("svg",), figures=FIGURES[1:2]
        )
        contents.append(shown.files["svg"].read_bytes())
    assert contents[0] == contents[1]
