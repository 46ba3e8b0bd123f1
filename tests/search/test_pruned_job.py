"""A search by the real command that does not finish every trial."""

import json

import pytest
from real_command import SMALL, Recorded, kill_and_resume, search, tunefold

WORDS = [
    *("--cv", "kfold:5", "--epochs", 6, "--workers", 1, "--trials", 14),
    *("--engine", "random", *SMALL),
]
BOTH = [*WORDS, "--pruner", "forgiving+median"]

pytestmark = pytest.mark.slow


def ends(study):
    """How each trial ended, as the journal has it."""
    told = ("number", "state", "reason", "score", "epoch", "told")
    return [
        {name: event[name] for name in told}
        for event in study.events
        if event["event"] == "ended"
    ]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("pruned")


@pytest.fixture(scope="module")
def raced(folder):
    said = search("raced", *WORDS, cwd=folder).stderr
    return Recorded(folder, "raced"), said


def stopped(study):
    return [end for end in ends(study) if end["state"] == "stopped"]


def test_trials_that_cannot_win_are_stopped_by_default(raced):
    study, said = raced
    assert stopped(study)
    folds = len(study.folds)
    assert folds < 14 * 5
    assert f"pruning (forgiving) stopped {len(stopped(study))} of 14 trials" in said
    for end in stopped(study):
        assert end["score"] is None
        assert (
            "folds: its mean so far is no better than the worst fold" in end["reason"]
        )
        run = study.trial(end["number"])
        assert run.info.status == "KILLED"
        assert run.data.tags["reason"] == end["reason"]
        assert "score" not in run.data.metrics


def test_what_was_stopped_is_in_no_leaderboard(raced, folder):
    study, _ = raced
    said = json.loads(tunefold("best", "raced", "--json", cwd=folder).stdout)
    listed = {row["number"] for row in said["trials"]}
    assert listed.isdisjoint(end["number"] for end in stopped(study))


def test_without_pruning_the_same_trials_have_the_same_scores(raced, folder):
    study, _ = raced
    search("whole", *WORDS, "--pruner", "none", cwd=folder)
    whole = {end["number"]: end for end in ends(Recorded(folder, "whole"))}
    assert len(whole) == 14
    best = max(end["score"] for end in whole.values())
    complete = [end for end in ends(study) if end["state"] == "complete"]
    assert [end["score"] for end in complete] == [
        whole[end["number"]]["score"] for end in complete
    ]
    assert max(end["score"] for end in complete) == best  # nothing was lost here


def test_killed_and_resumed_it_takes_the_same_decisions(folder):
    search("both", *BOTH, cwd=folder)
    whole = Recorded(folder, "both")
    cut = kill_and_resume("cut", BOTH, n_folds=len(whole.folds) // 2, cwd=folder)
    assert ends(cut) == ends(whole)
    assert cut.folds == whole.folds


def test_what_two_workers_decide_depends_on_neither(folder):
    words = [2 if word == 1 else word for word in BOTH]
    outcomes = []
    for name in ("once", "again"):
        search(name, *words, cwd=folder)
        outcomes.append(sorted(ends(Recorded(folder, name)), key=str))
    assert outcomes[0] == outcomes[1]
