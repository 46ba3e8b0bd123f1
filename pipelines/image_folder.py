"""The user's own images: `images:FOLDER`, a folder of images for each class.

All images become one size; those of one colour channel stay so. A fifth of each class
is set aside for the test.

Predicted: the class, by accuracy.

    tunefold search images:photos
    tunefold search images:photos/train --test photos/test --image-size 32
"""

from collections import Counter
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from pipelines.card import Card, Load
from pipelines.fitting import fit, predict
from pipelines.images import scale_images
from pipelines.models import network
from pipelines.part import Part, PartName
from pipelines.pipeline import Pipeline
from pipelines.set_aside import set_aside
from pipelines.spec import Spec
from spaces.cocktail import COCKTAIL
from spaces.dense import DENSE
from spaces.errors import DataError
from spaces.nas import NAS_IMAGES

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp")
LARGEST = 64
"""Pixels of a side, where no size is asked for."""

_GREY = ("1", "L", "I;16")
_EPOCHS = 20


@dataclass(frozen=True, kw_only=True)
class ImageFolder:
    """Which files there are and what they become.

    Attributes:
        classes: Names of the folders, sorted.
        files: Of each part.
        y: Class numbers of these files.
        size: Width and height in pixels.
        mode: Pillow's: `L` for grey, `RGB` for colour.
        notes: What was decided, one line each.
    """

    classes: tuple[str, ...]
    files: dict[PartName, list[Path]]
    y: dict[PartName, NDArray[np.int64]]
    size: tuple[int, int]
    mode: str
    notes: tuple[str, ...]


def read(spec: Spec) -> tuple[Card, Load]:
    """List the images; they are read when they are loaded.

    Raises:
        DataError: The folder is no folder of classes, or an image cannot be read.
    """
    folder = look_at(spec)
    card = Card(
        task="classification",
        classes=folder.classes,
        n_train=len(folder.files["train"]),
        words=f"images of {len(folder.classes)} classes",
        notes=folder.notes,
    )
    return card, partial(load_images, folder, spec)


def make_pipeline(spec: Spec, card: Card, load: Load) -> Pipeline:
    """Return the pipeline of a folder that was looked at."""
    return Pipeline(
        name=spec.name,
        task=card.task,
        summary=f"{spec.path.name}: {card.words}",
        classes=card.classes,
        epochs=_EPOCHS,
        load=load,
        prepare=scale_images,
        build=network,
        train=fit,
        evaluate=predict,
        spaces={"dense": DENSE, "cocktail": COCKTAIL, "nas": NAS_IMAGES},
        note="\n".join(card.notes),
    )


def look_at(spec: Spec) -> ImageFolder:
    """List files and classes, cut the test part off, choose one size for all.

    Raises:
        DataError: See `read`.
    """
    listed = _list_classes(spec.path)
    classes = tuple(sorted(listed))
    files = [file for name in classes for file in listed[name]]
    y = _numbers(listed, classes)
    if "test" in spec.options:
        given = _list_classes(Path(spec.options["test"]))
        if strange := sorted({*given} - {*classes}):
            raise DataError(
                f"--test {spec.options['test']}: must hold the classes of "
                f"{spec.path.name}, got also {', '.join(strange[:5])}"
            )
        parts = {"train": files, "test": [f for c in sorted(given) for f in given[c]]}
        numbers = {"train": y, "test": _numbers(given, classes)}
        words = f"those of {Path(spec.options['test']).name}"
    else:
        cut = set_aside(y, stratified=True)
        rows = {"train": cut.train, "test": cut.test}
        parts = {part: [files[row] for row in rows[part]] for part in rows}
        numbers = {part: y[rows[part]] for part in rows}
        words = cut.words
    sizes, grey = _survey(parts["train"])
    size = _size(sizes, spec.options.get("image-size"))
    counts = np.bincount(numbers["train"], minlength=len(classes))
    named = ", ".join(
        f"{number} = {name} ({count:,} images)"
        for number, (name, count) in enumerate(zip(classes, counts, strict=True))
    )
    n_resized = len(parts["train"]) - sizes[size]
    n_colour = len(parts["train"]) - grey
    colours = "grey" if n_colour == 0 else "colour"
    mixed = f", {grey:,} grey ones among them" if n_colour and grey else ""
    resized = f"; {n_resized:,} are resized to it" if n_resized else ""
    n_test = len(parts["test"])
    return ImageFolder(
        classes=classes,
        files=parts,  # type: ignore[arg-type]
        y=numbers,  # type: ignore[arg-type]
        size=size,
        mode="RGB" if n_colour else "L",
        notes=(
            f"{spec.path.name}: {len(classes)} classes: {named}",
            f"images: {size[0]} x {size[1]} pixels, {colours}{mixed}{resized}",
            f"set aside for the test: {n_test:,} of "
            f"{n_test + len(parts['train']):,} images, {words}",
        ),
    )


def load_images(folder: ImageFolder, spec: Spec, part: PartName) -> Part:
    """Read the images of one part.

    Returns:
        X uint8 (n, height, width) of grey images, (n, height, width, 3) of colour;
        y int64 (n,).

    Raises:
        DataError: A file is damaged; it is named.
    """
    width, height = folder.size
    channels = (3,) if folder.mode == "RGB" else ()
    files = folder.files[part]
    X = np.empty((len(files), height, width, *channels), np.uint8)
    for row, file in zip(X, files, strict=True):
        try:
            with Image.open(file) as image:
                row[...] = np.asarray(_eight_bits(image, folder))
        except (OSError, SyntaxError, ValueError) as error:  # as Pillow documents
            raise _damaged(file, error) from None
    return Part(X, folder.y[part], source=spec.options.get(part, spec.place))


def _eight_bits(image: Image.Image, folder: ImageFolder) -> Image.Image:
    if image.mode == "I;16":  # Pillow would cut 16 bits off at 255
        image = Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
    converted = image.convert(folder.mode)
    if converted.size == folder.size:
        return converted
    return converted.resize(folder.size, Image.Resampling.BILINEAR)


def _list_classes(folder: Path) -> dict[str, list[Path]]:
    """Return the image files by class, in the order of their names."""
    if not folder.is_dir():
        raise DataError(
            f"{folder}: must be a folder of class folders, got "
            f"{'a file' if folder.exists() else 'nothing of that name'}"
        )
    inside = sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    folders = [path for path in inside if path.is_dir()]
    beside = [path for path in inside if path.suffix.lower() in SUFFIXES]
    if beside:
        raise DataError(
            f"{folder}: must hold a folder for each class, got {len(beside):,} images "
            f"{'beside them' if folders else 'and no folder'}, such as "
            f"{beside[0].name}; put each into the folder of its class"
        )
    if {path.name for path in folders} >= {"train", "test"}:
        raise DataError(
            f"{folder}: holds 'train' and 'test', which are parts, no classes; use "
            f"images:{folder / 'train'} --test {folder / 'test'}"
        )
    listed = {
        path.name: sorted(
            file for file in path.rglob("*") if file.suffix.lower() in SUFFIXES
        )
        for path in folders
    }
    filled = {name: files for name, files in listed.items() if files}
    if len(filled) < 2:
        raise DataError(
            f"{folder}: must hold a folder of images ({', '.join(SUFFIXES)}) for each "
            f"of at least 2 classes, got {len(filled)}"
        )
    for name, files in filled.items():
        if len(files) < 2:
            raise DataError(
                f"{folder / name}: must hold at least 2 images, one for training and "
                f"one for the test, got {len(files)}"
            )
    return filled


def _numbers(
    listed: dict[str, list[Path]], classes: tuple[str, ...]
) -> NDArray[np.int64]:
    return np.array(
        [classes.index(name) for name in sorted(listed) for _ in listed[name]],
        dtype=np.int64,
    )


def _survey(files: list[Path]) -> tuple[Counter[tuple[int, int]], int]:
    """Count sizes and grey images; of each file only the beginning is read."""
    sizes: Counter[tuple[int, int]] = Counter()
    grey = 0
    for file in files:
        try:
            with Image.open(file) as image:
                sizes[image.size] += 1
                grey += image.mode in _GREY
        except (OSError, UnidentifiedImageError) as error:
            raise _damaged(file, error) from None
    return sizes, grey


def _size(sizes: Counter[tuple[int, int]], asked: str | None) -> tuple[int, int]:
    """Return width and height: as asked, or the commonest, made small."""
    if asked is not None:
        if not asked.isdecimal() or not 1 <= int(asked) <= 1024:
            raise DataError(
                f"--image-size: must be a whole number from 1 to 1024, got {asked!r}"
            )
        return int(asked), int(asked)
    (width, height), _ = min(sizes.items(), key=lambda item: (-item[1], item[0]))
    shrink = min(1.0, LARGEST / max(width, height))
    return max(1, round(width * shrink)), max(1, round(height * shrink))


def _damaged(file: Path, error: Exception) -> DataError:
    return DataError(
        f"{file}: must be an image, got one that cannot be read ({error}); mend it or "
        "take it out of the folder"
    )
