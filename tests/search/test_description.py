import pytest

from search.description import MAX_CHARACTERS, describe_study


def test_long_configurations_leave_whole_rows_and_the_end(make_settings, make_trial):
    long = {f"architecture_{n}/units": "w" * 30 for n in range(20)}
    trials = [
        make_trial(n, params=long | {"width_1": n}, height=0.5 + n / 100)
        for n in range(30)
    ]
    text = describe_study(make_settings(), trials, experiment_id="1", run_id="abc")
    assert len(text) <= MAX_CHARACTERS
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    assert 5 < len(rows) < 20
    assert rows[2].startswith("| 29 |")  # after names and their rule
    assert text.endswith("trials: 30 complete")
    short = [make_trial(n, height=0.5 + n / 100) for n in range(30)]
    text = describe_study(make_settings(), short, experiment_id="1", run_id="abc")
    assert sum(line.startswith("| ") for line in text.splitlines()) == 22


def test_a_study_without_trials_has_its_links(make_settings):
    text = describe_study(make_settings(), [], experiment_id="1", run_id="abc")
    assert text.count("](#/experiments/1/runs") == 4
    assert text.endswith("trials: none")


@pytest.mark.parametrize(("metric", "ascending"), [("accuracy", 0), ("log_loss", 1)])
def test_links_for_a_ui_that_does_not_know_views_filter(
    make_settings, metric, ascending
):
    settings = make_settings(metrics=(metric,))
    text = describe_study(settings, [], experiment_id="1", run_id="abc", views=False)
    assert "viewStateShareKey" not in text
    assert text.count("searchFilter=tags.mlflow.parentRunId") == 3
    assert text.count(f"orderByAsc={('false', 'true')[ascending]}") == 3
