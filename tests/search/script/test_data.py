"""The written code gives the arrays that the pipeline loads and prepares."""

import numpy as np
import pytest
from PIL import Image

from pipelines.imdb_files import ALL
from pipelines.part import Part
from pipelines.prepared import fetch
from pipelines.registry import get_pipeline
from scripts import code_of, run
from spaces.errors import DataError

NETWORK = {
    "n_layers": 1,
    "width_1": 4,
    "activation": "relu",
    "optimizer": "adam",
    "learning_rate": 1e-3,
    "batch_size": 32,
}


def compare(recorded):
    """Compare what the script prepares with what the pipeline does."""
    found = run(code_of(recorded, "Parameters", "Load", "Preprocess"))
    pipeline = get_pipeline(recorded.study.settings.pipeline)
    train, test = pipeline.load("train"), pipeline.load("test")
    transform = pipeline.prepare(train.X, train.y, recorded.trial.params)
    for name, part in (("train", train), ("test", test)):
        ours, plain = transform(part.X), found[f"X_{name}"]
        if not isinstance(ours, np.ndarray):
            ours, plain = ours.toarray(), plain.toarray()
        assert plain.dtype == np.float32
        np.testing.assert_array_equal(plain, ours)
        np.testing.assert_array_equal(found[f"y_{name}"], part.y)
        assert found[f"y_{name}"].dtype == part.y.dtype


@pytest.mark.parametrize("norm", ["standard", "minmax", "raw"])
@pytest.mark.parametrize("word", ["digits", "moons", "boston_housing", "sunspots"])
def test_data_sets_of_packages(word, norm, record, monkeypatch):
    monkeypatch.delenv("DATA_DIR", raising=False)
    compare(record(word, NETWORK | {"input_norm": norm}))


@pytest.mark.parametrize("word", ["boston_housing", "fashion_mnist"])
def test_a_copy_of_a_data_set_is_read_first(word, record, tmp_path, monkeypatch):
    rng = np.random.default_rng(0)
    size, kind = ((9, 28, 28), "u1") if word == "fashion_mnist" else ((9, 13), "f4")
    copy = {
        part: Part(
            rng.integers(0, 9, size).astype(kind), rng.integers(0, 9, 9), source="here"
        )
        for part in ("train", "test")
    }
    fetch([word], tmp_path / "copies", {word: copy.__getitem__})
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "copies"))
    monkeypatch.setenv("TUNEFOLD_DATA", str(tmp_path / "copies"))
    compare(record(word, NETWORK | {"input_norm": "standard"}))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["fashion_mnist_noise", "fashion_mnist_zeros"])
def test_photos_of_clothes(name, record):
    try:
        recorded = record(name, NETWORK)
    except DataError as error:
        pytest.skip(f"the photos are not here: {error}")
    compare(recorded)


@pytest.mark.slow
@pytest.mark.parametrize("weighting", ["multi-hot", "tf-idf"])
def test_film_reviews(weighting, record):
    words = {"n_words": 2000, "ngrams": 2, "weighting": weighting}
    recorded = record("imdb", NETWORK | words)
    if ALL in recorded.study.settings.data_source:
        pytest.skip("the reviews are in TUNEFOLD_DATA, where the script does not look")
    compare(recorded)


@pytest.fixture
def table(tmp_path):
    """A file with all kinds of columns, gaps, a constant and rare categories."""
    rng = np.random.default_rng(0)
    n = 150
    lines = ["size,colour,price,day,when,same,who,kind,worth"]
    for row in range(n):
        colour = (
            "" if row % 7 == 0 else ("red", "blue", "green", f"rare{row % 40}")[row % 4]
        )
        size = "" if row % 11 == 0 else f"{rng.normal(row % 3):.3f}"
        price = f'"{rng.integers(1000, 9000):,}"' if row % 2 else "12"
        day = "" if row % 13 == 0 else f"{1 + row % 28:02}.{1 + row % 12:02}.2023"
        when = 20230101 + row % 28
        worth = f"{rng.normal(row % 3):.4f}"
        kind = "" if row == 5 else "abc"[row % 3]
        lines.append(
            f"{size},{colour},{price},{day},{when},1,{row // 9},{kind},{worth}"
        )
    file = tmp_path / "own.csv"
    file.write_text("\n".join(lines) + "\n", "utf-8")
    return file


@pytest.mark.parametrize(
    "options",
    [
        "target=kind",
        "target=kind&groups=who",
        "target=worth",
        "target=worth&time=when",
        "target=kind&time=day",
        "target=kind&test={file}",
    ],
)
def test_a_table_of_the_users_own(options, table, record):
    compare(record(f"table:{table}?{options.format(file=table)}", NETWORK))


@pytest.mark.parametrize("norm", ["minmax", "raw"])
def test_a_table_otherwise_scaled(norm, table, record):
    compare(record(f"table:{table}?target=kind", NETWORK | {"input_norm": norm}))


def test_a_table_with_semicolons_and_decimal_commas(tmp_path, record):
    lines = [f"{row % 7},{row % 5};{'ab'[row % 2]};{row % 3}" for row in range(60)]
    file = tmp_path / "own.csv"
    file.write_bytes("\n".join(["größe;kind;n", *lines]).encode("latin-1"))
    compare(record(f"table:{file}?target=kind&encoding=latin-1", NETWORK))


@pytest.mark.parametrize("repeats", [True, False])
@pytest.mark.parametrize("ngrams", [1, 2])
def test_texts_of_the_users_own(repeats, ngrams, tmp_path, record):
    rng = np.random.default_rng(0)
    words = ["it's", "Über", "great!", "bad", "<br />", "so-so", "really", "no"]
    lines = ["stars,body"]
    for row in range(80):
        text = " ".join(rng.choice(words, size=6)) + ("" if repeats else f" w{row}")
        lines.append(f'{row % 2},"{text}"')
    if repeats:
        lines += lines[1:5]
    file = tmp_path / "own.csv"
    file.write_text("\n".join(lines), "utf-8")
    params = {"n_words": 12, "ngrams": ngrams, "weighting": "tf-idf"}
    compare(record(f"text:{file}?target=stars", NETWORK | params))


@pytest.mark.parametrize("separate", [True, False])
def test_images_of_the_users_own(separate, tmp_path, record):
    rng = np.random.default_rng(0)
    parts = ("train", "test") if separate else ("photos",)
    for part in parts:
        for name, depth in (("cat", "uint8"), ("dog", "uint16")):
            folder = tmp_path / part / name
            folder.mkdir(parents=True)
            for number in range(6):
                size = (9, 7) if number else (12, 7)  # one is resized
                pixels = rng.integers(0, np.iinfo(depth).max, size[::-1], dtype=depth)
                Image.fromarray(pixels).save(folder / f"{number}.png")
    word = f"images:{tmp_path / parts[0]}"
    compare(record(word + (f"?test={tmp_path / 'test'}" if separate else ""), NETWORK))
