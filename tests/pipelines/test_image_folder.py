import numpy as np
import pytest
from PIL import Image

from pipelines.image_folder import make_pipeline
from pipelines.image_folder import read as read_own
from pipelines.spec import Spec
from spaces.errors import DataError


def save(path, *, size=(10, 6), mode="L", seed=0):
    path.parent.mkdir(parents=True, exist_ok=True)
    shape = (size[1], size[0]) if mode == "L" else (size[1], size[0], 3)
    pixels = np.random.default_rng(seed).integers(0, 256, shape, np.uint8)
    Image.fromarray(pixels).save(path)
    return pixels


@pytest.fixture
def folder(tmp_path):
    """Two classes with ten images each, 10 wide and 6 high."""
    for number in range(20):
        save(
            tmp_path / "pets" / ["cat", "dog"][number % 2] / f"{number:02}.png",
            seed=number,
        )
    return tmp_path / "pets"


def read(path, **options):
    options = {name.replace("_", "-"): value for name, value in options.items()}
    spec = Spec(kind="images", place=str(path), options=options)
    return make_pipeline(spec, *read_own(spec))


def test_a_folder_of_classes_becomes_a_pipeline(folder):
    (folder / ".DS_Store").touch()
    (folder / "README.txt").touch()
    pipeline = read(folder)
    assert (pipeline.name, pipeline.classes) == ("pets", ("cat", "dog"))
    train, test = pipeline.load("train"), pipeline.load("test")
    assert (train.X.dtype, train.X.shape, test.X.shape) == (
        np.uint8, (16, 6, 10), (4, 6, 10),
    )  # fmt: skip
    assert np.bincount(train.y).tolist() == [8, 8]
    every = {row.tobytes(): y for row, y in zip(train.X, train.y, strict=True)}
    every |= {row.tobytes(): y for row, y in zip(test.X, test.y, strict=True)}
    assert len(every) == 20
    for number in range(20):
        pixels = save(folder.parent / "again.png", seed=number)
        assert every[pixels.tobytes()] == number % 2
    assert "0 = cat (8 images), 1 = dog (8 images)" in pipeline.note
    assert "10 x 6 pixels, grey" in pipeline.note
    assert "4 of 20 images" in pipeline.note


def test_other_sizes_and_colours_become_those_of_most(folder):
    save(folder / "cat" / "a.jpg", size=(99, 50))
    assert read(folder).load("train").X.shape[1:] == (6, 10)
    for name in "bcdefg":
        save(folder / "dog" / f"{name}.bmp", mode="RGB")
    pipeline = read(folder)
    assert pipeline.load("train").X.shape[1:] == (6, 10, 3)
    assert "colour" in pipeline.note
    assert "grey ones among them" in pipeline.note


def test_large_images_shrink_and_a_size_may_be_asked_for(tmp_path):
    for number in range(8):
        save(tmp_path / "ab"[number % 2] / f"{number}.png", size=(256, 128))
    assert read(tmp_path).load("test").X.shape[1:] == (32, 64)
    assert read(tmp_path, image_size="20").load("test").X.shape[1:] == (20, 20)
    for wrong in ("0", "-3", "x", "5000"):
        with pytest.raises(DataError, match="--image-size: must be a whole number"):
            read(tmp_path, image_size=wrong)


def test_a_test_folder_takes_the_place_of_the_cut(folder, tmp_path):
    other = tmp_path / "other"
    save(other / "dog" / "1.png", seed=50)
    save(other / "dog" / "2.png", seed=51)
    save(other / "cat" / "1.png", seed=52)
    save(other / "cat" / "2.png", seed=53)
    pipeline = read(folder, test=str(other))
    assert len(pipeline.load("train").y) == 20
    assert pipeline.load("test").y.tolist() == [0, 0, 1, 1]
    save(other / "cow" / "1.png")
    save(other / "cow" / "2.png")
    with pytest.raises(DataError, match="got also cow"):
        read(folder, test=str(other))


def test_a_folder_that_is_none_of_classes_is_refused(folder, tmp_path):
    with pytest.raises(DataError, match="nothing of that name"):
        read(tmp_path / "no")
    with pytest.raises(
        DataError, match=r"got 10 images and no folder, such as 00\.png"
    ):
        read(folder / "cat")
    with pytest.raises(
        DataError, match=r"must be a folder of class folders, got a file"
    ):
        read(folder / "cat" / "00.png")
    (tmp_path / "empty" / "a").mkdir(parents=True)
    with pytest.raises(DataError, match="at least 2 classes, got 0"):
        read(tmp_path / "empty")
    save(tmp_path / "empty" / "a" / "1.png")
    save(tmp_path / "empty" / "a" / "2.png")
    with pytest.raises(DataError, match="at least 2 classes, got 1"):
        read(tmp_path / "empty")
    save(tmp_path / "empty" / "b" / "2.png")
    with pytest.raises(DataError, match="at least 2 images"):
        read(tmp_path / "empty")
    save(folder / "stray.png")
    with pytest.raises(
        DataError, match=r"got 1 images beside them, such as stray\.png"
    ):
        read(folder)


def test_parts_are_no_classes(folder, tmp_path):
    folder.rename(tmp_path / "train")
    (tmp_path / "test").mkdir()
    with pytest.raises(DataError, match=r"use images:.*train --test .*test"):
        read(tmp_path)


@pytest.mark.parametrize("content", [b"no image", None], ids=["strange", "cut short"])
def test_a_broken_file_is_named(folder, content):
    for name in ("00.png", "02.png", "04.png", "06.png", "08.png"):
        file = folder / "cat" / name
        file.write_bytes(file.read_bytes()[:60] if content is None else content)

    def load():
        pipeline = read(folder)
        return pipeline.load("train"), pipeline.load("test")

    with pytest.raises(DataError, match=r"cat/0\d\.png: must be an image"):
        load()
