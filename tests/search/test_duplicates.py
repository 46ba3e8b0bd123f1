from dataclasses import replace

import numpy as np

from pipelines.digits import PIPELINE as DIGITS
from pipelines.duplicates import duplicate_groups
from pipelines.part import Part
from search.duplicates import leak_warning
from search.splitters import make_splitter

PLAIN = DIGITS.load("train")
ROWS = np.concatenate([np.arange(300), np.arange(60)])
PART = Part(PLAIN.X[ROWS], PLAIN.y[ROWS], source="made up")
GROUPS = ROWS  # no two of the first 300 are near


def folds_of(text, part=PART, groups=None):
    return list(make_splitter(text, seed=0, stratified=True).split(part.y, groups))


def test_a_leak_is_one_line_with_figures_examples_and_the_cure(tmp_path):
    folds = folds_of("kfold:5")
    seen = [np.isin(GROUPS[f.valid], GROUPS[f.train]).sum() for f in folds]
    line = leak_warning(PART, folds, digest="x", cache=tmp_path)
    assert sum(seen) > 60
    assert line.startswith(
        f"near-duplicates: {sum(seen)} of 360 validation rows ({sum(seen) / 360:.2%}) "
        "have one in their fold's training part, in 5 of 5 folds"
    )
    assert line.endswith("keep them together with --groups duplicates")
    assert "\n" not in line
    examples = line.split("such as rows ")[1].split(";")[0].split("), ")
    assert len(examples) == 3
    for example in examples:
        one, other = (int(word) for word in example.split(" (")[0].split(" and "))
        assert one != other
        assert GROUPS[one] == GROUPS[other]
        assert f"(y {PART.y[one]} and {PART.y[other]}" in example


def test_folds_without_a_leak_are_not_counted(tmp_path):
    folds = folds_of("repeated:2:5", groups=GROUPS)
    assert leak_warning(PART, folds, digest="x", cache=tmp_path) is None
    [fold, *others] = folds  # one row of the first fold changes sides
    valid = np.union1d(fold.valid, fold.train[:1])
    apart = replace(fold, valid=valid, train=fold.train[1:])
    line = leak_warning(PART, [apart, *others], digest="x", cache=tmp_path)
    assert f"near-duplicates: 1 of {sum(len(f.valid) for f in folds) + 1} " in line
    assert "in 1 of 10 folds" in line


def test_the_cure_cures(tmp_path):
    groups = duplicate_groups(PART, digest="x", cache=tmp_path)
    for text in ("group:5", "monte-carlo:5:0.3"):
        folds = folds_of(text, groups=groups)
        assert leak_warning(PART, folds, digest="x", cache=tmp_path) is None
    assert leak_warning(PART, folds_of("kfold:5"), digest="x", cache=tmp_path)


def test_rows_that_are_not_used_do_not_leak(tmp_path):
    folds = [
        replace(f, train=f.train[f.train < 300], valid=f.valid[f.valid < 300])
        for f in folds_of("kfold:5")
    ]
    assert leak_warning(PART, folds, digest="x", cache=tmp_path) is None


def test_time_and_text_have_no_leak(tmp_path):
    folds = folds_of("time-series:3")
    assert leak_warning(PART, folds, digest="x", cache=tmp_path) is None
    assert not list(tmp_path.iterdir())  # nothing was looked for
    text = Part(np.array(["one", "one"] * 50), np.arange(100) % 2, source="made up")
    folds = folds_of("kfold:5", text)
    assert leak_warning(text, folds, digest="t", cache=tmp_path) is None
    assert duplicate_groups(text, digest="t", cache=tmp_path) is None
