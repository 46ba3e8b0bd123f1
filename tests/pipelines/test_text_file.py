import numpy as np
import pandas as pd
import pytest

from pipelines.spec import Spec
from pipelines.text_file import MOST_WORDS, make_pipeline
from pipelines.text_file import read as read_own
from pipelines.tokens import PADDING, hash_texts
from spaces.errors import DataError

WORDS = "good fine great nice bad poor awful dull film plot actor scene"


@pytest.fixture
def write(tmp_path):
    def write(**columns):
        path = tmp_path / "reviews.csv"
        pd.DataFrame(columns).to_csv(path, index=False)
        return path

    return write


def read(path, **options):
    spec = Spec(kind="text", place=str(path), options=options)
    return make_pipeline(spec, *read_own(spec))


def reviews(n=100):
    rng = np.random.default_rng(0)
    return {
        "label": np.array(["bad", "good"])[np.arange(n) % 2],
        "user": [f"u{i % 9}" for i in range(n)],
        "body": [
            f"{' '.join(rng.choice(WORDS.split(), 9))} number{i}" for i in range(n)
        ],
        "stars": (rng.random(n) * 5).round(3),
    }


def test_the_longest_texts_are_learned_from(write):
    columns = reviews()
    pipeline = read(write(**columns), target="label")
    assert (pipeline.name, pipeline.classes) == ("reviews", ("bad", "good"))
    train, test = pipeline.load("train"), pipeline.load("test")
    assert train.X.dtype == np.uint32
    assert (len(train.y), len(test.y)) == (80, 20)
    every = {row.tobytes() for part in (train, test) for row in part.X}
    assert every == {row.tobytes() for row in hash_texts(columns["body"])}
    assert "text: body (the longest; --column says otherwise)" in pipeline.note
    assert train.groups is None


def test_texts_are_prepared_as_bags_of_words(write):
    pipeline = read(write(**reviews()), target="label")
    train = pipeline.load("train")
    params = {"n_words": 12, "ngrams": 1, "weighting": "multi-hot"}
    bags = pipeline.prepare(train.X, train.y, params)(train.X)
    assert bags.shape == (80, 12)
    assert bags.dtype == np.float32


def test_equal_texts_stay_together(write):
    columns = reviews()
    columns["body"] = [text.split(" number")[0] for text in columns["body"]]
    columns["body"][50:] = [f"{text.upper()}! " for text in columns["body"][:50]]
    pipeline = read(write(**columns), target="label")
    train, test = pipeline.load("train"), pipeline.load("test")
    assert not {*train.groups} & {*test.groups}
    assert not {row.tobytes() for row in train.X} & {row.tobytes() for row in test.X}
    assert "kept together: 50 texts that repeat another" in pipeline.note


def test_a_column_of_groups_and_a_regression(write):
    pipeline = read(write(**reviews()), target="stars", groups="user", column="body")
    assert pipeline.task == "regression"
    assert "label_smoothing" not in pipeline.spaces["dense"].params
    assert len(np.unique(pipeline.load("train").groups)) == 7


def test_long_texts_are_cut_and_missing_ones_left_out(write):
    columns = reviews()
    columns["body"][0] = "word " * 3 * MOST_WORDS
    columns["body"][1] = None
    pipeline = read(write(**columns), target="label")
    parts = [pipeline.load("train"), pipeline.load("test")]
    assert sum(len(part.y) for part in parts) == 99
    assert max((part.X != PADDING).sum(axis=1).max() for part in parts) == MOST_WORDS
    assert "cut after 2,000 words: 1 texts" in pipeline.note
    assert "without body, so left out: 1 of 100 rows" in pipeline.note


def test_a_file_without_text_is_refused(write):
    with pytest.raises(DataError, match="must hold a column of text beside label"):
        read(write(label=["a", "b"] * 9, x=range(18)), target="label")
    with pytest.raises(DataError, match=r"--column: unknown column 'bdy'"):
        read(write(**reviews()), target="label", column="bdy")
