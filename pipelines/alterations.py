"""What a configuration does to each batch of training rows."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from pipelines.augmentation import check_images
from pipelines.batches import Alter, Batch
from pipelines.mixing import cut_mix, cut_out, drop_words, mix_up
from pipelines.pipeline import Rows
from pipelines.warping import shift, turn
from spaces.params import Scalar

_IMAGES_ONLY = ("augment_shift", "augment_rotation", "augment_zoom")


def alteration(params: Mapping[str, Scalar], X: Rows) -> Alter | None:
    """Return what alters the batches, None where nothing does.

    Args:
        params: `augment_shift` (share of height and width), `augment_rotation`
            (degrees), `augment_zoom` (largest change of size), `mix` (`mixup`,
            `cutmix` or `cutout`) with `mix_strength`, `word_dropout` (probability). A
            missing name is off. Images are moved before they are mixed.
        X: Prepared training rows; their form decides what applies.

    Raises:
        ValueError: Something is on that these rows cannot have.
    """
    is_text = not isinstance(X, np.ndarray)
    on = [name for name in _IMAGES_ONLY if params.get(name)]
    check_images(on, X.shape[1:])
    steps: list[Alter] = []
    if "augment_shift" in on:
        share = cast(float, params["augment_shift"])
        steps.append(_of_rows(partial(shift, share=share)))
    if "augment_rotation" in on or "augment_zoom" in on:
        degrees, zoom = (
            cast(float, params.get(name, 0.0)) for name in _IMAGES_ONLY[1:]
        )
        steps.append(_of_rows(partial(turn, degrees=degrees, zoom=zoom)))
    if params.get("mix", "none") != "none":
        if is_text:
            raise ValueError(
                "mix: needs images or columns of numbers, got bags of words; use "
                "word_dropout"
            )
        steps.append(_mix(params))
    if params.get("word_dropout", 0.0):
        if not is_text:
            raise ValueError(
                f"word_dropout: needs bags of words, got rows of shape {X.shape[1:]}; "
                "leave it out of the space"
            )
        steps.append(
            partial(drop_words, probability=cast(float, params["word_dropout"]))
        )
    return partial(_one_by_one, steps) if steps else None


def _mix(params: Mapping[str, Scalar]) -> Alter:
    strength = cast(float, params["mix_strength"])
    kinds: dict[Scalar, Alter] = {
        "mixup": partial(mix_up, alpha=strength),
        "cutmix": partial(cut_mix, alpha=strength),
        "cutout": partial(cut_out, strength=strength),
    }
    return kinds[params["mix"]]


def _of_rows(change: Callable[..., NDArray[np.float32]]) -> Alter:
    """Return what changes rows alone as what alters a batch."""

    def alter(X: NDArray[Any], y: NDArray[Any], rng: np.random.Generator) -> Batch:
        return change(X, rng), y

    return alter


def _one_by_one(
    steps: list[Alter], X: NDArray[Any], y: NDArray[Any], rng: np.random.Generator
) -> Batch:
    for step in steps:
        X, y = step(X, y, rng)
    return X, y
